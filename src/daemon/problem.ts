/** Refusals of the daemon as RFC 9457 problem documents. `code` is for programs, `detail` for whoever holds the curl. */
import type { Problem } from "../wire/routes.ts";

type Code = Problem["code"];

const STATUS: Record<Code, { status: number; title: string }> = {
  unauthorized: { status: 401, title: "A valid token is needed" },
  forbidden: { status: 403, title: "The token does not allow this" },
  "not-found": { status: 404, title: "No such route" },
  invalid: { status: 400, title: "The request cannot be understood" },
  "too-large": { status: 413, title: "The body is too large" },
  "epoch-mismatch": { status: 409, title: "The journal is another one" },
  "prompt-conflict": { status: 409, title: "The prompt's id is taken" },
  busy: { status: 409, title: "A turn is running" },
  "queue-full": { status: 429, title: "The queue is full" },
  "not-ready": { status: 503, title: "The daemon is shutting down" },
  internal: { status: 500, title: "A defect of the daemon" },
};

const BEFORE_BODY: Code[] = ["unauthorized", "forbidden", "too-large"];

/** Thrown anywhere below a route, answered in one place. */
export class DaemonProblem extends Error {
  readonly code: Code;
  constructor(code: Code, detail: string) {
    super(detail);
    this.name = "DaemonProblem";
    this.code = code;
  }
}

export function problemResponse({ code, message }: DaemonProblem): Response {
  const { status, title } = STATUS[code];
  const body: Problem = { type: `urn:threadbox:daemon:${code}`, title, status, code, detail: message };
  const headers = new Headers({ "content-type": "application/problem+json" });
  // Refused before its body was read: the rest of it is not worth taking, and on a kept connection it would get in the way of the next request.
  if (BEFORE_BODY.includes(code)) headers.set("connection", "close");
  if (status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(body), { status, headers });
}
