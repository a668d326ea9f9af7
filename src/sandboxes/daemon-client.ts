/** The bot's side of the daemon's routes: one method each. Answers are parsed, refusals are our errors. */
import type { z } from "zod";
import { type Clock, systemClock } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import type { JournalEntry, StreamPosition } from "../wire/events.ts";
import * as wire from "../wire/routes.ts";
import { type Connection, request } from "./daemon-client-request.ts";
import { followStream } from "./daemon-client-stream.ts";

export interface DaemonClient {
  credentials(request: wire.CredentialsRequest): Promise<void>;
  init(request: wire.InitRequest): Promise<void>;
  prompt(request: z.input<typeof wire.PromptRequest>): Promise<wire.PromptResponse>;
  abort(request?: wire.AbortRequest): Promise<wire.AbortResponse>;
  answer(request: wire.AnswerRequest): Promise<wire.AnswerResponse>;
  publish(request: wire.PublishRequest): Promise<wire.PublishResponse>;
  status(): Promise<wire.StatusResponse>;
  /** Of all answers the one that daemons of other versions give as well. */
  health(): Promise<wire.HealthResponse>;
  /**
   * Everything after the cursor, then what happens, until `signal` ends it (without an error). Connections that break are
   * resumed where they were. Throws `daemon.journal-lost` when the journal is another one (begin at cursor 0 without an
   * epoch), `daemon.unauthorized` for a token that is refused, `daemon.unreachable` when the daemon stays away.
   * `onBreak` is called for each connection that ended, or could not be had.
   */
  stream(from: StreamPosition & { signal: AbortSignal; onBreak?: () => void }): AsyncIterable<JournalEntry>;
}

export interface DaemonClientOptions {
  url: string;
  /** Asked before every request, because tokens live shortly. */
  token: () => Promise<string>;
  /** Sent with every request, for whoever stands in front of the daemon. */
  headers?: () => Promise<Record<string, string>>;
  clock?: Clock;
  deadlineMs?: number;
  /** How long the stream tries to connect again before it gives the daemon up. */
  giveUpAfterMs?: number;
}

/** Longer than the daemon takes to stop an agent that does not listen (15 s) and to answer then. */
const DEADLINE_MS = 30_000;
/** A daemon that restarts is back within seconds; after a minute somebody has to look. */
const GIVE_UP_AFTER_MS = 60_000;

export function daemonClient(options: DaemonClientOptions): DaemonClient {
  const { url, token, headers = async () => ({}), clock = systemClock } = options;
  const { deadlineMs = DEADLINE_MS, giveUpAfterMs = GIVE_UP_AFTER_MS } = options;
  const connection: Connection = { url, token, headers, clock, deadlineMs };
  return {
    credentials: async (body) => void (await request(connection, "credentials", body)),
    init: async (body) => void (await request(connection, "init", body)),
    prompt: async (body) => parsed(wire.PromptResponse, await request(connection, "prompt", body)),
    abort: async (body = {}) => parsed(wire.AbortResponse, await request(connection, "abort", body)),
    answer: async (body) => parsed(wire.AnswerResponse, await request(connection, "answer", body)),
    publish: async (body) => parsed(wire.PublishResponse, await request(connection, "publish", body)),
    status: async () => parsed(wire.StatusResponse, await request(connection, "status")),
    health: async () => parsed(wire.HealthResponse, await request(connection, "health")),
    stream: ({ signal, onBreak = () => {}, ...from }) =>
      followStream({ connection, from, signal, onBreak, giveUpAfterMs }),
  };
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ThreadboxError("daemon.refused", "The daemon's answer cannot be understood", { cause: result.error });
}
