/** A refusal that a program can read (RFC 9457). */
export const PROBLEMS = {
  400: "Bad request",
  401: "Not authenticated",
  403: "Not allowed",
  404: "Not found",
  413: "Too large",
  415: "Wrong content type",
  422: "Cannot be done",
  429: "Too many",
  500: "A defect of the bot",
} as const;

export type ProblemStatus = keyof typeof PROBLEMS;

export class Problem extends Error {
  readonly status: ProblemStatus;
  readonly detail: string;
  readonly headers: Record<string, string>;

  constructor(status: ProblemStatus, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }

  response(): Response {
    const { status, detail, headers } = this;
    const body = JSON.stringify({ type: "about:blank", title: PROBLEMS[status], status, detail });
    return new Response(body, {
      status,
      headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
    });
  }
}
