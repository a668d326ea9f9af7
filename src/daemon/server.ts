/** The daemon's routes: who may, how much, what it means. Everything that a route decides is decided behind it. */
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type * as z from "zod";
import {
  AbortRequest,
  type AbortResponse,
  AnswerRequest,
  type AnswerResponse,
  CredentialsRequest,
  type HealthResponse,
  InitRequest,
  PromptRequest,
  type PromptResponse,
  PublishRequest,
  type PublishResponse,
  ROUTES,
  type StatusResponse,
  StreamQuery,
} from "../wire/routes.ts";
import { WIRE_VERSION } from "../wire/version.ts";
import type { Authenticator } from "./auth.ts";
import type { Journal } from "./journal.ts";
import { DaemonProblem, problemResponse } from "./problem.ts";
import { type StreamParts, streamResponse } from "./stream.ts";
import type { Turns } from "./turns.ts";

export interface ServerParts extends StreamParts {
  name: string;
  authenticator: Authenticator;
  journal: Journal;
  turns: Turns;
  status(): Pick<StatusResponse, "agent" | "repositories">;
  credentials(request: CredentialsRequest): void;
  init(request: InitRequest): void;
}

type Env = { Bindings: Partial<HttpBindings>; Variables: { expiresAt: number | null } };
type Route = keyof typeof ROUTES;

const MEBIBYTE = 1024 * 1024;
/** A prompt may carry a pasted log; the rest is small. */
const MAX_BYTES: Partial<Record<Route, number>> = { prompt: 10 * MEBIBYTE };
const MAX_BYTES_ELSEWHERE = 1 * MEBIBYTE;

export function createApp(parts: ServerParts): Hono<Env> {
  const handlers: Record<Route, (c: Context<Env>) => Response | Promise<Response>> = {
    health: (c) => c.json({ ok: true, wire: WIRE_VERSION, sandbox: parts.name } satisfies HealthResponse),
    status: (c) => c.json(statusOf(parts)),
    stream: (c) => stream(c, parts),
    async credentials(c) {
      parts.credentials(await readBody(c, CredentialsRequest));
      return c.json({ ok: true });
    },
    async init(c) {
      parts.init(await readBody(c, InitRequest));
      return c.json({ ok: true }, 202);
    },
    async prompt(c) {
      const accepted = await parts.turns.accept(await readBody(c, PromptRequest));
      return c.json({ success: true, command: "prompt", ...accepted } satisfies PromptResponse, 202);
    },
    async abort(c) {
      const outcome = await parts.turns.abort(await readBody(c, AbortRequest));
      return c.json({ success: true, command: "abort", outcome } satisfies AbortResponse);
    },
    async answer(c) {
      const outcome = parts.turns.answer(await readBody(c, AnswerRequest));
      return c.json({ success: true, command: "answer", outcome } satisfies AnswerResponse);
    },
    async publish(c) {
      const outcome = parts.turns.allow(await readBody(c, PublishRequest));
      return c.json({ success: true, command: "publish", outcome } satisfies PublishResponse);
    },
  };
  return withRoutes(handlers, parts);
}

/** The token comes first, then the size, then the body: a stranger costs us one signature check. */
function withRoutes(
  handlers: Record<Route, (c: Context<Env>) => Response | Promise<Response>>,
  { authenticator, log }: ServerParts,
): Hono<Env> {
  const app = new Hono<Env>();
  for (const route of Object.keys(ROUTES) as Route[]) {
    const { method, path, scope } = ROUTES[route];
    const limit = bodyLimit({
      maxSize: MAX_BYTES[route] ?? MAX_BYTES_ELSEWHERE,
      onError: () => {
        throw new DaemonProblem("too-large", `At most ${MAX_BYTES[route] ?? MAX_BYTES_ELSEWHERE} bytes.`);
      },
    });
    const authenticate = async (c: Context<Env>, next: () => Promise<void>) => {
      c.set("expiresAt", (await authenticator.check(c.req.raw.headers, scope)).expiresAt);
      await next();
    };
    app.on(method, path, authenticate, limit, handlers[route]);
  }
  app.notFound((c) => problemResponse(new DaemonProblem("not-found", `There is no ${c.req.method} ${c.req.path}.`)));
  app.onError((error, c) => {
    if (error instanceof DaemonProblem) return problemResponse(error);
    log.error("request.broke", { method: c.req.method, path: c.req.path, error });
    return problemResponse(new DaemonProblem("internal", "The daemon's log has the details."));
  });
  return app;
}

async function readBody<T>(c: Context<Env>, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new DaemonProblem("invalid", "The body is not JSON.");
  }
  return checked(schema, value);
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  throw new DaemonProblem("invalid", issues.join("; "));
}

/** A browser that reconnects sends Last-Event-ID; it knows better than the address it was once given. */
function stream(c: Context<Env>, parts: ServerParts): Response {
  const query = checked(StreamQuery, { cursor: c.req.header("last-event-id"), ...withoutStale(c) });
  const { epoch, cursor } = parts.journal;
  // A cursor beyond the end was read in another life of this sandbox: it was woken a second time from the same files.
  if (query.epoch !== undefined && (query.epoch !== epoch || query.cursor > cursor)) {
    throw new DaemonProblem("epoch-mismatch", `The journal is ${epoch} up to ${cursor}; start from cursor 0.`);
  }
  const { outgoing } = c.env ?? {};
  const hangUp = (): void => {
    if (outgoing?.writableFinished === false) outgoing.destroy();
  };
  return streamResponse(parts, { cursor: query.cursor, follow: query.follow, expiresAt: c.get("expiresAt"), hangUp });
}

function withoutStale(c: Context<Env>): Record<string, string> {
  const { cursor, ...rest } = c.req.query();
  return c.req.header("last-event-id") === undefined && cursor !== undefined ? { ...rest, cursor } : rest;
}

function statusOf({ name, journal, turns, status }: ServerParts): StatusResponse {
  return {
    wire: WIRE_VERSION,
    sandbox: name,
    epoch: journal.epoch,
    cursor: journal.cursor,
    ...status(),
    turn: turns.running,
    queued: turns.queued,
    usage: turns.usage,
  };
}
