/**
 * One turn's stream to its end, resumed from its cursor. What was read is stored with the cursor and the progress in one
 * transaction, so a restart goes on where it was; what a restart reads twice changes nothing.
 */
import { every } from "../clock.ts";
import { condense } from "../core/condense.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Progress, Session, TurnResult } from "../core/types.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { AgentEvent, JournalEntry, StreamPosition } from "../wire/events.ts";
import type { EngineDeps } from "./ports.ts";
import { daemonOf, sandboxOf } from "./reach.ts";
import { credentialsFor } from "./send.ts";

/** Storing every token by itself was the main cost in measurements with 300 busy sessions; four times a second is enough for eyes. */
const STORE_EVERY_MS = 250;
/** Ten times what an agent tells in that time. */
const MAX_WAITING = 50;
/** Installation tokens live an hour; a turn may live longer. */
const RENEW_CREDENTIALS_EVERY_MS = 40 * 60_000;

export interface Following {
  session: Session;
  turn: string;
  from: StreamPosition;
  progress: Progress;
  signal: AbortSignal;
  /** Stores entries with their position and progress, and what they mean for the session. Throws when the session is another bot's now. */
  store(batch: Batch): Promise<void>;
  /** Called for each event, before it is stored. */
  show(progress: Progress): void;
}

export interface Batch {
  entries: JournalEntry[];
  position: StreamPosition;
  progress: Progress;
  event: SessionEvent | null;
}

/** Resolves when the turn has ended, or its sandbox is lost, and that is stored. */
export async function follow(deps: EngineDeps, following: Following): Promise<void> {
  const stopRenewing = renewCredentials(deps, following);
  const keeper = keep(deps, following);
  try {
    await read(deps, following, keeper);
  } catch (thrown) {
    if (following.signal.aborted) return;
    await keeper.close(await lossOf(deps, following.session, thrown));
  } finally {
    stopRenewing();
    keeper.cancel();
  }
}

async function read(deps: EngineDeps, { session, turn, from, signal }: Following, keeper: Keeper): Promise<void> {
  const sandbox = watch(deps, session);
  const either = AbortSignal.any([signal, sandbox.gone]);
  try {
    const stream = daemonOf(deps, session).stream({ cursor: from.cursor, epoch: from.epoch, signal: either });
    for await (const entry of stream) {
      const event = meaning(entry.event, turn, session.turn?.attempt ?? 1);
      await keeper.add(entry, event);
      if (event?.type === "turn.ended") return;
    }
  } finally {
    sandbox.cancel();
  }
  if (!signal.aborted) throw new ThreadboxError("sandbox.lost", "The sandbox does not run any more.");
}

/** The stream itself tries again for a minute when the daemon is silent; a machine that is gone is known sooner. */
function watch(deps: EngineDeps, session: Session): { gone: AbortSignal; cancel(): void } {
  const gone = new AbortController();
  const cancel = every(deps.clock, deps.provider.askEveryMs, async () => {
    const running = await deps.provider.find(sandboxOf(session)).catch(() => "unknown");
    if (running === null) gone.abort();
  });
  return { gone: gone.signal, cancel };
}

interface Keeper {
  /** Folds and shows the entry at once; stores it soon, or before it resolves when it means something. */
  add(entry: JournalEntry, event: SessionEvent | null): Promise<void>;
  /** Stores what is left, with the event that ends the following. */
  close(end: { event: SessionEvent; restart: boolean }): Promise<void>;
  cancel(): void;
}

function keep(deps: EngineDeps, { from, store, show, ...following }: Following): Keeper {
  let { progress } = following;
  let position = from;
  let waiting: JournalEntry[] = [];
  let failed: unknown = null;
  let stored = Promise.resolve();
  let cancel: (() => void) | null = null;

  const flush = (event: SessionEvent | null): Promise<void> => {
    cancel?.();
    cancel = null;
    const entries = waiting;
    waiting = [];
    const batch: Batch = { entries, position, progress, event };
    stored = stored.then(() => (entries.length > 0 || event ? store(batch) : undefined));
    stored.catch((thrown: unknown) => {
      failed = thrown;
    });
    return stored;
  };
  return {
    async add(entry, event) {
      if (failed) throw failed;
      progress = condense(progress, entry.event, entry.at);
      show(progress);
      waiting.push(entry);
      position = { epoch: entry.epoch, cursor: entry.cursor };
      // Read on only when that is stored, or a sandbox that tells without end would fill this bot's memory.
      if (event || waiting.length >= MAX_WAITING) await flush(event);
      else cancel ??= deps.clock.after(STORE_EVERY_MS, () => void flush(null).catch(() => undefined));
    },
    async close({ event, restart }) {
      if (restart) position = { epoch: null, cursor: 0 };
      await flush(event);
    },
    cancel: () => cancel?.(),
  };
}

/** Nine messages in Slack. More is not an answer but somebody's way to flood a thread; the transcript has all of it. */
const MAX_ANSWER_CHARS = 100_000;

/** The few events that change a session; all others only change what is shown. */
function meaning(event: AgentEvent, turn: string, attempt: number): SessionEvent | null {
  if (event.type === "branch.pushed")
    return { type: "branch.pushed", repository: event.repository, branch: event.branch };
  if (event.type !== "turn.ended" || event.turn !== turn || (event.attempt ?? 1) !== attempt) return null;
  const { type: _type, turn: _turn, attempt: _attempt, ...rest } = event;
  const result: TurnResult = { ...rest, answer: rest.answer.slice(0, MAX_ANSWER_CHARS) };
  return { type: "turn.ended", turn, attempt, result };
}

/** A stream that cannot be read any more: another journal in the same sandbox (read from its beginning then), or no sandbox. */
async function lossOf(
  deps: EngineDeps,
  session: Session,
  thrown: unknown,
): Promise<{ event: SessionEvent; restart: boolean }> {
  const error = toThreadboxError(thrown, "daemon.unreachable");
  const running = await deps.provider.find(sandboxOf(session)).catch(() => null);
  deps.log.warn(
    { session: session.id, code: error.code, detail: error.detail, running: Boolean(running) },
    "stream.lost",
  );
  const attempt = session.turn?.attempt ?? 1;
  return {
    event: { type: "sandbox.lost", detail: error.detail, attempt },
    restart: error.code === "daemon.journal-lost",
  };
}

function renewCredentials(deps: EngineDeps, { session }: Following): () => void {
  const { work } = session;
  if (!work) return () => {};
  return every(deps.clock, RENEW_CREDENTIALS_EVERY_MS, async () => {
    try {
      await daemonOf(deps, session).credentials(await credentialsFor(deps, work));
    } catch (thrown) {
      const error = toThreadboxError(thrown);
      deps.log.warn({ session: session.id, code: error.code, detail: error.detail }, "credentials.not-renewed");
    }
  });
}
