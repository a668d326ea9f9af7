/**
 * `POST /api/mentions`: programs ask, with a token of their own. What is acknowledged is in the inbox, once for each key that the client
 * gives, however often it sends it; `GET /api/mentions/{id}` tells how far it is.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Clock } from "../../src/clock.ts";
import { apiKey, webThreadKey } from "../../src/core/correlation.ts";
import type { Inbox } from "../../src/core/incoming.ts";
import type { WebThreads } from "../../src/core/pages.ts";
import type { NewMention } from "../../src/core/types.ts";
import { toThreadboxError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import {
  type ApiAsk,
  type ApiClient,
  type ApiRights,
  askOf,
  clientOf,
  fingerprintOf,
  idempotencyKeyOf,
  isMentionOf,
  mentionId,
} from "./api-request.ts";
import { type ApiStatus, statusOf } from "./api-status.ts";
import { Problem } from "./problem.ts";

export interface ApiOptions {
  inbox: Inbox;
  threads: Pick<WebThreads, "posts" | "put">;
  clients: readonly ApiClient[];
  rights: ApiRights;
  /** What stands in the inbox under that name: the words' fingerprint, and the session that got them. Null where there is nothing. */
  received(dedupe: string): Promise<Received | null>;
  /** The session's page; null where nobody could open it. */
  page(session: string): string | null;
  publicUrl: string | null;
  log: Log;
  clock: Pick<Clock, "now">;
}

export interface Received {
  fingerprint: string;
  session: string | null;
}

export const API_PATH = "/api/mentions";
const MAX_BODY_BYTES = 256_000;
/** A client that goes in a circle must not fill the queue of everybody. */
const PER_MINUTE = 60;
const MINUTE_MS = 60_000;

/** Mounted at API_PATH. */
export function apiRoutes(options: ApiOptions): Hono {
  const app = new Hono();
  const allow = rateOf(options.clock);
  const tooLarge = (): Response => new Problem(413, `At most ${MAX_BODY_BYTES} bytes.`).response();
  // Who asks is asked first: strangers are told nothing, and nothing of theirs is read.
  const enter = (c: Context): string => {
    const client = clientOf(c.req.header("authorization"), options.clients);
    allow(client);
    return client;
  };
  app.post(
    "/",
    async (c, next) => {
      enter(c);
      return next();
    },
    bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }),
    (c) => receive(options, c),
  );
  app.get("/:id", (c) => tell(options, c, enter(c)));
  app.onError((thrown) => {
    if (thrown instanceof Problem) return thrown.response();
    const { code, remedy } = toThreadboxError(thrown);
    options.log.error({ err: thrown, code }, "api.failed");
    return new Problem(500, `${code}: ${remedy} Send it again with the same key.`).response();
  });
  return app;
}

async function receive(options: ApiOptions, c: Context): Promise<Response> {
  const client = clientOf(c.req.header("authorization"), options.clients);
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? ""))
    throw new Problem(415, "Send application/json.");
  const key = idempotencyKeyOf(c.req.header("idempotency-key"));
  const ask = askOf(await jsonOf(c), client, options.rights);
  const dedupe = apiKey(client, key);
  const id = mentionId(client, key);
  const known = await options.received(dedupe);
  const mention = mentionOf(ask, { client, id, dedupe, at: options.clock.now() });
  if (known) return again(options, { mention, id, ask, known });
  const receipt = await options.inbox.receive(mention);
  if (receipt.is === "duplicate") {
    // The same one came twice at once.
    const other = await options.received(dedupe);
    return again(options, { mention, id, ask, known: other ?? { fingerprint: "", session: null } });
  }
  await show(options, mention, ask);
  const session = receipt.is === "accepted" ? receipt.session : null;
  options.log.info({ client, mention: id, session, repository: ask.repository }, "api.received");
  return accepted(options, id, session);
}

/** The same key with the same words is the same answer; with other words it is a mistake of the client, and nothing happens. */
async function again(
  options: ApiOptions,
  { mention, id, ask, known }: { mention: NewMention; id: string; ask: ApiAsk; known: Received },
): Promise<Response> {
  if (known.fingerprint !== fingerprintOf(ask))
    throw new Problem(422, "That Idempotency-Key was used for another mention. Send a new one for what is new.");
  // A bot may have died between the inbox and this.
  if ((await options.threads.posts(id, 0)).every(({ kind }) => kind !== "person")) await show(options, mention, ask);
  return accepted(options, id, known.session);
}

function mentionOf(
  ask: ApiAsk,
  { client, id, dedupe, at }: { client: string; id: string; dedupe: string; at: number },
): NewMention {
  return {
    dedupe,
    keys: [webThreadKey(id), dedupe],
    thread: { surface: "web", id },
    author: { surface: "web", id: `api:${client}`, name: `${client} (API)` },
    text: ask.words,
    addressed: true,
    at,
    message: fingerprintOf(ask),
  };
}

/** So that whoever looks at the thread sees what was asked. */
const show = ({ threads }: ApiOptions, { thread, message, author, at }: NewMention, { text }: ApiAsk): Promise<void> =>
  threads.put({
    thread: thread.surface === "web" ? thread.id : "",
    ref: message,
    kind: "person",
    author: author.name,
    body: text,
    at,
  });

function accepted({ publicUrl, page }: ApiOptions, id: string, session: string | null): Response {
  const statusUrl = `${publicUrl ?? ""}${API_PATH}/${id}`;
  const url = session === null ? null : page(session);
  return Response.json(
    { id, session, url, status_url: statusUrl },
    { status: 202, headers: { location: statusUrl, "cache-control": "no-store" } },
  );
}

/** Another client's are not there. */
async function tell(options: ApiOptions, c: Context, client: string): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const posts = isMentionOf(client, id) ? await options.threads.posts(id, 0) : [];
  if (posts.length === 0) throw new Problem(404, "There is no such mention of yours.");
  const status: ApiStatus = statusOf(posts);
  return Response.json({ id, ...status }, { headers: { "cache-control": "no-store" } });
}

async function jsonOf(c: Context): Promise<unknown> {
  const text = await c.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "The body is not JSON.");
  }
}

/** Of this bot alone: several bots let through so many each. */
function rateOf(clock: Pick<Clock, "now">): (client: string) => void {
  const taken = new Map<string, { from: number; count: number }>();
  return (client) => {
    const now = clock.now();
    const known = taken.get(client);
    const window = known && now - known.from < MINUTE_MS ? known : { from: now, count: 0 };
    window.count += 1;
    taken.set(client, window);
    if (window.count <= PER_MINUTE) return;
    const seconds = Math.ceil((window.from + MINUTE_MS - now) / 1000);
    throw new Problem(429, `At most ${PER_MINUTE} a minute.`, { "retry-after": String(seconds) });
  };
}
