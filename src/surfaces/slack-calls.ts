/**
 * Calls to Slack's Web API: three clients that fail fast and keep to Slack's rates, and foreign errors turned into ours.
 * The SDK's defaults would repeat a `chat.postMessage` that got through (ten times in half an hour, on 5xx as well), wait for ever, and
 * stand still for all calls after one 429. Repeating is the engine's business: it knows what was posted.
 */
import {
  type Logger,
  LogLevel,
  type WebAPICallResult,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
  type WebClientOptions,
} from "@slack/web-api";
import { type ErrorCode, ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Gate, type Pace, unhurried } from "./pace.ts";
import { slackGate } from "./slack-pace.ts";

export interface SlackClients {
  /** Edits that the next edit makes obsolete, and eyes: dropped at the first refusal, and before anything else is. */
  progress: WebClient;
  /** Everything that must arrive once. A queue of its own, so that a thousand edits in an outage do not stand before one answer. */
  answers: WebClient;
  /** Reading doubles nothing, so a lost connection is tried again at once. */
  reads: WebClient;
}

export interface SlackAccess {
  /** Asked for each call where it can change or go. */
  token: string | (() => Promise<string>);
  /** Slack's own when left out. */
  apiUrl?: string | undefined;
}

export function slackClients(access: SlackAccess, log: Log, pace: Pace = unhurried): SlackClients {
  const client = (enter: Enter, options: Pick<WebClientOptions, "timeout" | "retryConfig">) => {
    const all = { ...options, rejectRateLimitedCalls: true, logger: quietLogger(log) };
    const at = access.apiUrl ? { slackApiUrl: access.apiUrl } : {};
    return new PacedClient(access, { ...all, ...at }, { enter, close: pace.close });
  };
  return {
    // A late edit is worth nothing; an answer is worth waiting for.
    progress: client(pace.drop, { timeout: 5_000, retryConfig: { retries: 0 } }),
    // The last edit stands before the answer, so it does not wait: whoever shows it tries again beside the answer.
    answers: client((gate) => pace.wait(gate, gate.name === LAST_EDIT ? 0 : undefined), {
      timeout: 15_000,
      retryConfig: { retries: 0 },
    }),
    reads: client(pace.wait, { timeout: 10_000, retryConfig: { retries: 2, minTimeout: 100, maxTimeout: 500 } }),
  };
}

const LAST_EDIT = "chat.update";

type Enter = (gate: Gate) => Promise<void>;

/** Every method of the SDK goes through `apiCall`, so this is the one place where a call can wait for its turn. */
class PacedClient extends WebClient {
  readonly #pace: { enter: Enter; close: Pace["close"] };
  readonly #access: SlackAccess;

  constructor(access: SlackAccess, options: WebClientOptions, pace: { enter: Enter; close: Pace["close"] }) {
    super(typeof access.token === "string" ? access.token : undefined, options);
    this.#pace = pace;
    this.#access = access;
  }

  override async apiCall(method: string, options: Record<string, unknown> = {}): Promise<WebAPICallResult> {
    const gate = slackGate(method, String(options.channel ?? ""));
    // Before the place: where there is no token any more, nobody waits for one.
    const token = typeof this.#access.token === "string" ? {} : { token: await this.#access.token() };
    await this.#pace.enter(gate);
    try {
      return await super.apiCall(method, { ...options, ...token });
    } catch (thrown) {
      const { code, retryAfterMs = 0 } = toSlackFailure(thrown);
      if (code === "surface.rate-limited") this.#pace.close(gate, retryAfterMs);
      throw thrown;
    }
  }
}

/** The token, for what is no call of the Web API. */
export const tokenOf = ({ token }: SlackAccess): Promise<string> | string =>
  typeof token === "string" ? token : token();

/** Runs one call; whatever it throws leaves as a ThreadboxError. */
export async function call<T>(what: () => Promise<T>): Promise<T> {
  try {
    return await what();
  } catch (thrown) {
    throw toSlackFailure(thrown);
  }
}

/** True when the call went through, false when Slack answered with one of these words. */
export async function unless(words: string[], what: () => Promise<unknown>): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (thrown) {
    if (words.includes(slackWord(thrown) ?? "")) return false;
    throw toSlackFailure(thrown);
  }
}

/** Slack's own word for what went wrong (`is_archived`), or null when Slack did not get to speak. */
export function slackWord(thrown: unknown): string | null {
  const error = thrown instanceof ThreadboxError ? thrown.cause : thrown;
  if (!(error instanceof WebAPIPlatformError)) return null;
  // A proxy's error page comes with status 200 as well; the SDK hands its whole text over as the "error".
  return /^[a-z0-9_]{1,80}$/.test(error.data.error) ? error.data.error : null;
}

/** A foreign error as one of ours, with Slack's word in the detail. */
export function toSlackFailure(thrown: unknown): ThreadboxError {
  if (thrown instanceof ThreadboxError) return thrown;
  if (thrown instanceof WebAPIRateLimitedError) return rateLimited(thrown.retryAfter, thrown);
  if (thrown instanceof WebAPIPlatformError) return fromWord(thrown);
  if (thrown instanceof WebAPIHTTPError && thrown.statusCode < 500) {
    return new ThreadboxError("surface.refused", `Slack answered with status ${thrown.statusCode}`, { cause: thrown });
  }
  const answered = thrown instanceof WebAPIHTTPError ? `answered with status ${thrown.statusCode}` : "did not answer";
  const cause = thrown instanceof WebAPIRequestError ? thrown.original : thrown;
  return new ThreadboxError("surface.unavailable", `Slack ${answered}`, { cause });
}

/** Slack's words that have a code of ours; every other word is `surface.refused`. */
const CODES: Record<string, ErrorCode> = {
  invalid_auth: "surface.unauthorized",
  not_authed: "surface.unauthorized",
  account_inactive: "surface.unauthorized",
  token_revoked: "surface.unauthorized",
  token_expired: "surface.unauthorized",
  invalid_refresh_token: "surface.unauthorized",
  not_allowed_token_type: "surface.unauthorized",
  missing_scope: "surface.unauthorized",
  not_in_channel: "surface.not-in-channel",
  user_not_in_channel: "surface.not-in-channel",
  thread_not_found: "surface.thread-gone",
  channel_not_found: "surface.thread-gone",
  is_archived: "surface.thread-gone",
  cannot_reply_to_message: "surface.thread-gone",
  ratelimited: "surface.rate-limited",
  rate_limited: "surface.rate-limited",
  internal_error: "surface.unavailable",
  fatal_error: "surface.unavailable",
  service_unavailable: "surface.unavailable",
  request_timeout: "surface.unavailable",
};

function fromWord(error: WebAPIPlatformError): ThreadboxError {
  const word = slackWord(error);
  if (word === null) {
    return new ThreadboxError("surface.unavailable", "Something else than Slack answered", { cause: error });
  }
  const code = CODES[word] ?? "surface.refused";
  if (code === "surface.rate-limited") return rateLimited(error.data.response_metadata?.retryAfter, error);
  const needed = "needed" in error.data ? ` (the app needs the scope ${String(error.data.needed)})` : "";
  return new ThreadboxError(code, `Slack answered ${word}${needed}`, { cause: error });
}

/** Slack names the seconds in a header; 30 is half of the window that its limits count in, for when it does not. */
function rateLimited(retryAfterSeconds: number | undefined, cause: Error): ThreadboxError {
  const retryAfterMs = (retryAfterSeconds ?? 30) * 1_000;
  return new ThreadboxError("surface.rate-limited", "Slack's rate limit is reached", { cause, retryAfterMs });
}

/**
 * The SDK writes to the console unless it gets a logger, and its debug lines hold whole messages.
 * Every call that fails comes back as an error and is logged where that is handled, so only what nobody else sees is kept.
 */
export function quietLogger(log: Log): Logger {
  const text = (parts: unknown[]): string => parts.map(String).join(" ");
  return {
    debug() {},
    info() {},
    warn: (...parts) => log.warn({ says: text(parts) }, "slack.sdk"),
    error: (...parts) => log.warn({ says: text(parts) }, "slack.sdk"),
    setLevel() {},
    getLevel: () => LogLevel.WARN,
    setName() {},
  };
}
