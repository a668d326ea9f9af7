/**
 * The connection to Modal. Its SDK has no deadlines for most of its calls and waits out rate limits without end, so every call
 * of ours goes through `call`, which has one, and turns whatever is thrown into our codes.
 */
import { type App, type Logger, ModalClient, NotFoundError } from "modal";
import type { Clock } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { toFailure } from "./modal-failure.ts";
import { type ListedAtModal, observe } from "./modal-overheard.ts";
import type { ModalSettings } from "./settings.ts";

export interface ModalTokens {
  id: string;
  secret: string;
}

/** Milliseconds that a call of that kind gets. */
export interface Deadlines {
  /** A question to Modal, or a small change there. */
  question: number;
  /** Finding room for a sandbox, and loading an image that no machine there has yet. */
  create: number;
  /** Packages are downloaded and installed; a team may add compilers and whole databases. */
  build: number;
  /** A command of ours in a sandbox; the first one in a woken sandbox has to load its files. */
  command: number;
  /** The daemon ends its turn in 5 s and is killed after 10. */
  stop: number;
  /** A million small files take minutes. */
  snapshot: number;
  /** Until a terminated sandbox is gone. */
  end: number;
}

export const DEADLINES: Deadlines = {
  question: 30_000,
  create: 120_000,
  build: 30 * 60_000,
  command: 60_000,
  stop: 20_000,
  snapshot: 300_000,
  end: 60_000,
};

export interface Call<T> {
  /** Finishes the sentence "Modal could not ...". */
  doing: string;
  deadlineMs: number;
  /** What to do with an answer that nobody waits for any more. */
  late?: (value: T) => void;
}

export interface Connection {
  client: ModalClient;
  deadlines: Deadlines;
  call<T>(call: Call<T>, work: () => Promise<T>): Promise<T>;
  /** The App that everything belongs to. */
  app(): Promise<App>;
  /** Called with what a build of an image says, while it goes on. */
  onBuildLog(listener: (text: string) => void): () => void;
  /** Called with each sandbox that a list brings, as the server tells of it. */
  onListed(listener: (sandbox: ListedAtModal) => void): () => void;
}

/** Modal counts in seconds, and its SDK throws at anything between them. */
export const wholeSeconds = (ms: number): number => Math.ceil(ms / 1000) * 1000;

/** Longer than a short limit, shorter than a person waits; what is beyond becomes `sandbox.quota` and is tried later. */
const MAX_THROTTLE_WAIT_SECONDS = 20;

export function connectModal(options: {
  tokens: ModalTokens;
  settings: ModalSettings;
  clock: Clock;
  log: Log;
  deadlines: Deadlines;
}): Connection {
  const { tokens, settings, clock, log, deadlines } = options;
  const buildLog = createListeners<string>();
  const listed = createListeners<ListedAtModal>();
  const client = new ModalClient({
    tokenId: tokens.id,
    tokenSecret: tokens.secret,
    ...(settings.environment === null ? {} : { environment: settings.environment }),
    maxThrottleWaitSecs: MAX_THROTTLE_WAIT_SECONDS,
    logger: loggerFor(log),
    grpcMiddleware: [observe({ buildLog: buildLog.tell, listed: listed.tell })],
  });
  const call: Connection["call"] = (what, work) => within(clock, what, work);
  let app: Promise<App> | null = null;
  return {
    client,
    deadlines,
    call,
    app() {
      app ??= call({ doing: `open the App ${settings.app}`, deadlineMs: deadlines.question }, () =>
        openApp(client, settings),
      ).catch((error: unknown) => {
        app = null;
        throw error;
      });
      return app;
    },
    onBuildLog: buildLog.add,
    onListed: listed.add,
  };
}

function createListeners<T>() {
  const listeners = new Set<(news: T) => void>();
  return {
    tell(news: T): void {
      for (const listener of listeners) listener(news);
    },
    add(listener: (news: T) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

async function within<T>(clock: Clock, { doing, deadlineMs, late }: Call<T>, work: () => Promise<T>): Promise<T> {
  const tooLate = Promise.withResolvers<never>();
  let isLate = false;
  const callOff = clock.after(deadlineMs, () => {
    isLate = true;
    const seconds = Math.ceil(deadlineMs / 1000);
    tooLate.reject(new ThreadboxError("sandbox.unavailable", `Modal did not ${doing} within ${seconds} s`));
  });
  try {
    const working = work();
    // Nobody can call it off, so it goes on beyond its deadline; what comes of it then is nobody's failure.
    working.then(
      (value) => isLate && late?.(value),
      () => {},
    );
    return await Promise.race([working, tooLate.promise]);
  } catch (error) {
    throw toFailure(error, doing);
  } finally {
    callOff();
  }
}

async function openApp(client: ModalClient, { app, environment }: ModalSettings): Promise<App> {
  try {
    return await client.apps.fromName(app, { createIfMissing: true });
  } catch (cause) {
    if (!(cause instanceof NotFoundError)) throw cause;
    const where = environment === null ? "" : ` in the environment ${environment}`;
    throw new ThreadboxError("config.invalid", `Modal has no place for the App ${app}${where}`, { cause });
  }
}

/** Debug lines hold whole commands, with whatever stands in them. */
function loggerFor(log: Log): Logger {
  return {
    debug() {},
    info() {},
    warn: (message) => log.debug({ said: message }, "modal.warned"),
    error: (message) => log.warn({ said: message }, "modal.complained"),
  };
}
