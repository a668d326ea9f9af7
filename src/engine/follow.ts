/**
 * One turn's stream to its end, resumed from its cursor. What was read is stored with the cursor and the progress in one
 * transaction, so a restart goes on where it was; what a restart reads twice changes nothing.
 */
import { every } from "../clock.ts";
import type { Tally } from "../core/attempt-usage.ts";
import { condense } from "../core/condense.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Progress, Session, TurnResult } from "../core/types.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { JournalEntry, StreamPosition } from "../wire/events.ts";
import { blanked } from "./blanked.ts";
import type { EngineDeps, EngineSettings } from "./ports.ts";
import { questionEvent } from "./questions.ts";
import { daemonOf, sandboxOf } from "./reach.ts";
import { credentialsFor, type HandOver } from "./send.ts";
import { accounted, type Spending, type Spent, spending } from "./spending.ts";

/** Storing every token by itself was the main cost in measurements with 300 busy sessions; four times a second is enough for eyes. */
const STORE_EVERY_MS = 250;
/** Of one following. An agent's own events beyond that are not kept: what they mean is told by ours, and the database is everybody's. */
const MAX_RAW_CHARS = 10_000_000;
/** Ten times what an agent tells in that time. */
const MAX_WAITING = 50;
/** Installation tokens live an hour; a turn may live longer. */
const RENEW_CREDENTIALS_EVERY_MS = 40 * 60_000;

type FollowDeps = Pick<EngineDeps, "connect" | "provider" | "clock" | "log" | "reached"> &
  HandOver & { settings: Pick<EngineSettings, "limits" | "prices" | "blank"> };

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
  /** What others have spent meanwhile; asked where there are budgets. Null, or left out: nothing is known of it. */
  spent?(): Promise<Spent | null>;
}

export interface Batch {
  entries: JournalEntry[];
  position: StreamPosition;
  progress: Progress;
  event: SessionEvent | null;
}

/** Resolves when the turn has ended, or its sandbox is lost, and that is stored. */
export async function follow(deps: FollowDeps, following: Following): Promise<void> {
  const stopRenewing = renewCredentials(deps, following);
  const keeper = keep(deps, following);
  try {
    await read(deps, following, keeper);
  } catch (thrown) {
    if (following.signal.aborted) return;
    await keeper.close(await lossOf(deps, following.session, thrown));
  } finally {
    stopRenewing();
    // Whoever reads on begins behind what is stored.
    await keeper.cancel();
  }
}

async function read(deps: FollowDeps, following: Following, keeper: Keeper): Promise<void> {
  const watching = watch(deps, following);
  try {
    if (await readOn(deps, following, keeper, watching)) return;
  } catch (thrown) {
    if (!(thrown instanceof ThreadboxError) || thrown.code !== "daemon.journal-lost") throw thrown;
    if (await readAnew(deps, following, keeper, watching)) return;
    if (!watching.over.aborted) throw thrown;
  } finally {
    watching.cancel();
  }
  if (!following.signal.aborted) throw new ThreadboxError("sandbox.lost", "The sandbox does not run any more.");
}

/** False when it was ended from here. */
async function readOn(
  deps: FollowDeps,
  following: Following,
  keeper: Keeper,
  { over, ask }: Watching,
): Promise<boolean> {
  const { session, turn, from } = following;
  const { cursor, epoch } = from;
  const reading = readingOf(deps, following);
  const stream = daemonOf(deps, session).stream({ cursor, epoch, signal: over, onBreak: ask });
  const { prices, blank } = deps.settings;
  for await (const entry of accounted({ prices, turn, tally: keeper.tally }, blanked(stream, blank))) {
    const event = (await reading.spending.look(entry)) ?? meaning(entry, reading);
    deps.reached?.(event?.type === "turn.ended" ? "stream.ended" : "stream.read");
    await keeper.add(entry, event, reading.spending.near());
    if (event?.type === "turn.ended") return true;
  }
  return false;
}

/**
 * The journal is another one, or is shorter than what was read: after a sandbox was lost, the next one is woken from older files. The
 * turn stands in it all the same, where it was sent since. False when it does not.
 */
async function readAnew(
  deps: FollowDeps,
  following: Following,
  keeper: Keeper,
  { over, ask }: Watching,
): Promise<boolean> {
  const { session, turn } = following;
  const daemon = daemonOf(deps, session);
  const { turn: running, queued, cursor: end } = await daemon.status();
  const stillToCome = running?.id === turn || queued > 0;
  const reading = readingOf(deps, following);
  let begun = false;
  const all = daemon.stream({ cursor: 0, epoch: null, signal: over, onBreak: ask });
  const { prices, blank } = deps.settings;
  for await (const entry of accounted({ prices, turn, tally: keeper.tally }, blanked(all, blank))) {
    begun ||= entry.event.type === "turn.started" && entry.event.turn === turn;
    const event = begun ? ((await reading.spending.look(entry)) ?? meaning(entry, reading)) : null;
    if (begun) await keeper.add(entry, event, reading.spending.near());
    else await keeper.keep(entry);
    if (event?.type === "turn.ended") return true;
    if (!stillToCome && entry.cursor >= end) return false;
  }
  return false;
}

interface Watching {
  /** Aborted when there is nothing to read any more: the machine is gone, or nobody wants to know. */
  over: AbortSignal;
  /** Looks now whether the machine is there. */
  ask(): void;
  cancel(): void;
}

/** The stream itself tries again for a minute when the daemon is silent; a machine that is gone is known sooner. */
function watch({ clock, provider }: FollowDeps, { session, signal }: Following): Watching {
  const gone = new AbortController();
  const look = async () => {
    const running = await provider.find(sandboxOf(session)).catch(() => "unknown");
    if (running === null) gone.abort();
  };
  const cancel = every(clock, provider.askEveryMs, look);
  return { over: AbortSignal.any([signal, gone.signal]), ask: () => void look(), cancel };
}

interface Keeper {
  /** Folds and shows the entry at once, with `near`; stores it soon, or before it resolves when it means something. */
  add(entry: JournalEntry, event: SessionEvent | null, near: string | null): Promise<void>;
  /** With everything that was added by now. */
  tally(): Tally;
  /** Only stores it: it stands before the turn. Whoever begins to read there again looks for the turn again. */
  keep(entry: JournalEntry): Promise<void>;
  /** Stores what is left, with the event that ends the following. */
  close(end: { event: SessionEvent; restart: boolean }): Promise<void>;
  /** Resolves when nothing is being stored any more. */
  cancel(): Promise<void>;
}

function keep(deps: FollowDeps, { from, store, show, ...following }: Following): Keeper {
  let { progress } = following;
  let position = from;
  let waiting: JournalEntry[] = [];
  /** Those that wait, and those that are on their way into the store. */
  let unstored = 0;
  let rawChars = 0;
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
    stored = stored.then(() => {
      unstored -= entries.length;
    });
    stored.catch((thrown: unknown) => {
      failed = thrown;
    });
    return stored;
  };
  const take = async (entry: JournalEntry, event: SessionEvent | null): Promise<void> => {
    if (entry.event.type === "agent.raw") {
      rawChars += entry.event.line.length;
      if (rawChars > MAX_RAW_CHARS) return;
    }
    waiting.push(entry);
    unstored += 1;
    // Read on only when that is stored, or a sandbox that tells without end would fill this bot's memory.
    if (event || unstored >= MAX_WAITING) await flush(event);
    else cancel ??= deps.clock.after(STORE_EVERY_MS, () => void flush(null).catch(() => undefined));
  };
  return {
    async add(entry, event, near) {
      if (failed) throw failed;
      progress = nearing(condense(progress, entry.event, entry.at), near);
      show(progress);
      position = { epoch: entry.epoch, cursor: entry.cursor };
      await take(entry, event);
    },
    tally: () => progress,
    async keep(entry) {
      if (failed) throw failed;
      await take(entry, null);
    },
    async close({ event, restart }) {
      if (restart) position = { epoch: null, cursor: 0 };
      await flush(event);
    },
    async cancel() {
      cancel?.();
      await stored.catch(() => undefined);
    },
  };
}

/** The same object where that has not changed. */
function nearing(progress: Progress, near: string | null): Progress {
  if ((progress.near ?? null) === near) return progress;
  const { near: _, ...rest } = progress;
  return near === null ? rest : { ...rest, near };
}

/** Nine messages in Slack. More is not an answer but somebody's way to flood a thread; the transcript has all of it. */
const MAX_ANSWER_CHARS = 100_000;

/** Which attempt at which turn is read, and what it spends. */
interface Reading {
  turn: string;
  attempt: number;
  spending: Spending;
  /** Which attempt tells: an older one may stand in the journal as well, with questions of its own. */
  heard: number;
}

const readingOf = (deps: FollowDeps, { session, turn, progress, spent }: Following): Reading => {
  const attempt = session.turn?.attempt ?? 1;
  return {
    turn,
    attempt,
    spending: spending(deps, { turn, attempt, progress, ...(spent && { spent }) }),
    heard: attempt,
  };
};

/** The few events that change a session; all others only change what is shown. */
function meaning(entry: JournalEntry, reading: Reading): SessionEvent | null {
  const { event } = entry;
  const { turn, attempt } = reading;
  if (event.type === "turn.started" && event.turn === turn) reading.heard = event.attempt ?? 1;
  if ("question" in event) return reading.heard === attempt ? questionEvent(entry, reading) : null;
  if (event.type === "branch.pushed") {
    const { turn: _turn, ...pushed } = event;
    return pushed;
  }
  if (event.type === "turn.silent") {
    const { type: _type, turn: of, ...silence } = event;
    return of === turn && reading.heard === attempt ? { type: "silent", turn, attempt, ...silence } : null;
  }
  if (event.type === "push.asked" && event.turn === turn) return { type: "push.asked", turn };
  if (event.type !== "turn.ended" || event.turn !== turn || (event.attempt ?? 1) !== attempt) return null;
  const { type: _type, turn: _turn, attempt: _attempt, ...rest } = event;
  const result: TurnResult = { ...rest, answer: rest.answer.slice(0, MAX_ANSWER_CHARS) };
  return { type: "turn.ended", turn, attempt, result };
}

/** A stream that cannot be read any more: another journal in the same sandbox (read from its beginning then), or no sandbox. */
async function lossOf(
  deps: FollowDeps,
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

function renewCredentials(deps: FollowDeps, { session }: Following): () => void {
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
