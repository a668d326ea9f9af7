/** One request to a daemon: its token, its deadline, and what went wrong as one of our codes. */
import type { Clock } from "../clock.ts";
import { type ErrorCode, ThreadboxError } from "../errors.ts";
import { Problem, ROUTES } from "../wire/routes.ts";

export interface Connection {
  url: string;
  token: () => Promise<string>;
  /** For whoever stands in front of the daemon. */
  headers: () => Promise<Record<string, string>>;
  clock: Clock;
  deadlineMs: number;
}

/** The JSON that came back; null for an empty answer. */
export function request(connection: Connection, route: keyof typeof ROUTES, body?: unknown): Promise<unknown> {
  return withinDeadline(connection, route, async (signal) => {
    const response = await send(connection, { route, body, signal });
    const text = await response.text();
    return text === "" ? null : JSON.parse(text);
  });
}

/** The bytes of GET /stream. The deadline is for the connection; `signal` ends the bytes as well. */
export function openStream(
  connection: Connection,
  query: Record<string, string>,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  return withinDeadline(connection, "stream", async (deadline) => {
    const both = AbortSignal.any([signal, deadline]);
    const response = await send(connection, { route: "stream", query, signal: both });
    return response.body ?? new ReadableStream({ start: (empty) => empty.close() });
  });
}

interface Sent {
  route: keyof typeof ROUTES;
  query?: Record<string, string>;
  body?: unknown;
  signal: AbortSignal;
}

async function send({ url, token, headers }: Connection, { route, query = {}, body, signal }: Sent): Promise<Response> {
  const { method, path } = ROUTES[route];
  const address = new URL(path, url);
  address.search = new URLSearchParams(query).toString();
  const response = await fetch(address, {
    method,
    headers: { ...(await headers()), authorization: `Bearer ${await token()}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
    redirect: "error", // a token goes to this daemon and to nobody else
  });
  if (!response.ok) throw await refusal(response);
  return response;
}

async function withinDeadline<T>(
  { clock, deadlineMs }: Connection,
  route: keyof typeof ROUTES,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const callOff = clock.after(deadlineMs, () => deadline.abort());
  try {
    return await work(deadline.signal);
  } catch (cause) {
    if (cause instanceof ThreadboxError) throw cause;
    const { method, path } = ROUTES[route];
    const why = deadline.signal.aborted ? ` within ${Math.round(deadlineMs / 1000)} s` : "";
    throw new ThreadboxError("daemon.unreachable", `The daemon did not answer ${method} ${path}${why}`, { cause });
  } finally {
    callOff();
  }
}

const MEANING: Record<Problem["code"], ErrorCode> = {
  unauthorized: "daemon.unauthorized",
  forbidden: "daemon.unauthorized",
  "epoch-mismatch": "daemon.journal-lost",
  "queue-full": "queue.full",
  "not-ready": "daemon.unreachable",
  internal: "daemon.unreachable",
  "not-found": "daemon.refused",
  invalid: "daemon.refused",
  "too-large": "daemon.refused",
  "prompt-conflict": "daemon.refused",
  busy: "daemon.refused",
};

async function refusal(response: Response): Promise<ThreadboxError> {
  const problem = Problem.safeParse(await response.json().catch(() => null));
  if (problem.success) return new ThreadboxError(MEANING[problem.data.code], problem.data.detail);
  // Not the daemon's words: a tunnel or proxy answered in its place.
  return new ThreadboxError("daemon.unreachable", `Something else answered for the daemon (HTTP ${response.status})`);
}
