/**
 * Holds one session for as long as there is something to do: its effects, lane by lane, and the stream of its running turn,
 * both fed through `decide` one event at a time. Every write carries the epoch of the claim; when another bot has claimed
 * since, the write is refused and the holder stops without a further word.
 */
import { createBell } from "../bell.ts";
import { pause } from "../clock.ts";
import { type Effect, type Lane, laneOf, type SessionEvent } from "../core/decision.ts";
import { startOfDay } from "../core/limits.ts";
import type { Session } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Tx } from "../store/database.ts";
import type { PendingEffect } from "../store/effects.ts";
import type { StreamPosition } from "../wire/events.ts";
import { STOP_WITHIN_MS } from "../workers.ts";
import { attempt } from "./attempt.ts";
import { type Claim, claimSession, Fenced, fenced } from "./claim.ts";
import { decideAndStore } from "./decided.ts";
import { type Batch, follow } from "./follow.ts";
import type { SessionJob } from "./jobs.ts";
import type { EngineDeps } from "./ports.ts";
import { createStage, type Stage } from "./stage.ts";

export interface Holder {
  readonly job: SessionJob;
  /** Something new is stored: look. */
  wake(): void;
  /** Stop at once, without giving the session back: it is not ours any more, or the bot is going down. */
  abandon(): void;
  /** Resolves when the holder has let go; `released` when it gave the session back by itself, `failed` for a defect of ours. */
  readonly done: Promise<"released" | "abandoned" | "failed">;
}

/** Begins at once. */
export function hold(deps: EngineDeps, job: SessionJob): Holder {
  const bell = createBell();
  const aborted = new AbortController();
  let failed = false;
  const abandon = (): void => {
    aborted.abort();
    bell.ring();
  };
  const giveUp = (thrown: unknown): void => {
    failed ||= !(thrown instanceof Fenced);
    report(deps, job, thrown);
    abandon();
  };
  const begun = async (): Promise<"released" | "abandoned"> => {
    const isOurs = (tx: Tx): Promise<boolean> => deps.jobs.isOurs(tx, job);
    const claim = await claimSession(deps.store, { id: job.session, owner: deps.settings.owner, isOurs });
    deps.reached?.("session.claimed");
    const held = heldBy(deps, { job, claim, signal: aborted.signal, ring: bell.ring, giveUp });
    try {
      return await work(held, bell.heard);
    } catch (thrown) {
      giveUp(thrown);
      return "abandoned";
    } finally {
      await settle(held, held.stage.drop());
    }
  };
  const done = begun()
    .catch((thrown: unknown) => {
      giveUp(thrown);
      return "abandoned" as const;
    })
    .then((how) => (failed ? "failed" : how));
  return { job, wake: bell.ring, abandon, done };
}

/** What a holder knows and shares between its parts. */
interface Held {
  deps: EngineDeps;
  job: SessionJob;
  claim: Claim;
  signal: AbortSignal;
  ring(): void;
  /** Lets work go on by itself; when it fails, the whole holder stops. */
  guard(work: Promise<unknown>): void;
  stage: Stage;
  stream: StreamPosition;
  tasks: Set<Promise<void>>;
  /** Lanes with an effect under way. */
  lanes: Set<Lane>;
  /** Attempts that a look has to show of an effect that was begun here. An older one must not begin it again, nor as if nobody had tried. */
  begun: Map<string, number>;
  /** Ends the reading that is under way. */
  following: AbortController | null;
  /** Turns (with their attempt) whose stream was read to its end here; the same caution. */
  followed: Set<string>;
}

function heldBy(
  deps: EngineDeps,
  { giveUp, ...given }: Pick<Held, "job" | "claim" | "signal" | "ring"> & { giveUp(thrown: unknown): void },
): Held {
  const tasks: Held["tasks"] = new Set();
  return {
    ...given,
    deps,
    tasks,
    guard(work) {
      const task = work.then(given.ring, giveUp);
      tasks.add(task);
      void task.finally(() => tasks.delete(task));
    },
    stage: createStage(deps, given.claim.write),
    stream: given.claim.stream,
    lanes: new Set(),
    begun: new Map(),
    following: null,
    followed: new Set(),
  };
}

async function work(held: Held, next: () => Promise<void>): Promise<"released" | "abandoned"> {
  const { deps, job, signal, claim } = held;
  while (!signal.aborted) {
    const seen = await deps.store.look(job.session, claim.epoch);
    if (!seen) throw new Fenced();
    await held.stage.show(seen.session);
    begin(held, seen.session, seen.pending);
    const resting = held.lanes.size === 0 && !held.following && seen.pending.length === 0;
    if (resting && (await letGo(held))) return "released";
    await next();
  }
  return "abandoned";
}

/** Begins what can begin: the first effect of each free lane, and the stream of a turn that runs. */
function begin(held: Held, session: Session, pending: PendingEffect[]): void {
  const later = new Set<Lane>();
  for (const row of pending) {
    const lane = laneOf(row.effect, session);
    if (held.lanes.has(lane) || later.has(lane)) continue;
    const least = held.begun.get(row.id) ?? 0;
    if (row.attempts < least) {
      // What is to be tried again is the first of its lane for the next look as well.
      if (least < OVER) later.add(lane);
      continue;
    }
    held.lanes.add(lane);
    held.begun.set(row.id, OVER);
    held.guard(carryOut(held, row, session).finally(() => held.lanes.delete(lane)));
  }
  const stream = streamOf(session);
  if (!stream || held.followed.has(stream)) return;
  // Whoever still reads an earlier attempt would read the end of this one as well, and not know it.
  if (held.following) {
    held.following.abort();
    return;
  }
  const stop = new AbortController();
  held.following = stop;
  held.followed.add(stream);
  held.guard(
    followTurn(held, session, stop.signal).finally(() => {
      held.following = null;
    }),
  );
}

/** More attempts than a look will ever show. */
const OVER = Number.POSITIVE_INFINITY;

/** Names the reading of one attempt of one turn; null while there is nothing to read. */
function streamOf({ turn }: Session): string | null {
  if (turn?.phase.is !== "running" && turn?.phase.is !== "stopping") return null;
  return `${turn.id}#${turn.attempt}`;
}

async function carryOut(held: Held, row: PendingEffect, session: Session): Promise<void> {
  const { deps, signal, stage, claim } = held;
  if (row.effect.do === "answer") await stage.end(session, row.effect.turn, row.effect.thread, row.effect.result);
  const outcome = await attempt(deps, row, session, claim);
  // The lane stays taken during the pause, so that what comes after waits its turn.
  if (outcome.is === "again") {
    await pause(deps.clock, outcome.inMs, signal);
    held.begun.set(row.id, row.attempts + 1);
    return;
  }
  const over = { id: row.id, bot: deps.settings.owner, error: outcome.error };
  const finish = (tx: Tx | null): Promise<void> => fenced(deps.store.finishEffect(tx, claim, over));
  if (outcome.event) await commit(held, finish, outcome.event);
  else await finish(null);
  deps.reached?.(`${row.effect.do}.recorded`);
  if (row.effect.do === "answer") answered(deps, session, row.effect, outcome.error === null);
}

async function followTurn(held: Held, session: Session, stop: AbortSignal): Promise<void> {
  const { deps, signal, stage } = held;
  const turn = session.turn?.id ?? "";
  const display = stage.of(turn);
  if (!display) return;
  const startedAt = deps.clock.now();
  let read = 0;
  const store = async ({ entries, position, progress, event }: Batch): Promise<void> => {
    const write = async (tx: Tx): Promise<void> => {
      await deps.store.addTranscript(tx, session.id, entries, position);
      await deps.store.saveProgress(tx, progress);
      await deps.store.notify(tx, "threadbox_news", `session:${session.id}`);
    };
    await commit(held, write, event);
    deps.reached?.("stream.stored");
    held.stream = position;
    read += entries.length;
    if (event) held.ring();
  };
  await follow(deps, {
    session,
    turn,
    from: held.stream,
    progress: display.progress(),
    signal: AbortSignal.any([signal, stop]),
    store,
    show: display.update,
    spent: () => deps.store.spentBeside(turn, startOfDay(deps.clock.now())),
  });
  const at = deps.clock.now();
  const ids = { session: session.id, turn, mention: null, attempt: session.turn?.attempt ?? 1 };
  deps.tell?.({
    ...{ type: "stream.followed", at, bot: deps.settings.owner },
    ...{ ...ids, durationMs: at - startedAt, entries: read },
  });
}

/** A mention's way is at its end. */
function answered(
  { tell, clock, settings }: EngineDeps,
  session: Session,
  { turn, asks, result }: Extract<Effect, { do: "answer" }>,
  delivered: boolean,
): void {
  const at = clock.now();
  const ids = { session: session.id, turn, mention: turn };
  const { outcome } = result;
  const since = asks[0]?.at ?? at;
  tell?.({ type: "mention.answered", at, bot: settings.owner, ...ids, outcome, delivered, since });
}

/** Writes, and what the event means for the session, in one transaction; refused when the session is another bot's now. */
async function commit(
  { deps, claim }: Held,
  write: (tx: Tx) => Promise<void>,
  event: SessionEvent | null,
): Promise<void> {
  const bot = deps.settings.owner;
  const happened = await claim.write(async (tx, session) => {
    await write(tx);
    return event ? decideAndStore(deps.store, tx, { session, event }, { at: deps.clock.now(), bot }) : [];
  });
  for (const happening of happened) deps.tell?.(happening);
}

/** In one transaction with the look that finds nothing to do, so that no wake-up falls between the two. */
async function letGo({ deps, job, claim, ring }: Held): Promise<boolean> {
  const released = await claim.write(async (tx, session) => {
    if (streamOf(session)) return false;
    if (!(await deps.store.release(tx, job.session))) {
      ring(); // it got something to do since the look
      return false;
    }
    await deps.jobs.complete(tx, job);
    return true;
  });
  if (released) deps.reached?.("session.released");
  return released;
}

/** What was begun may still come to its end and be recorded; what takes longer is found half-done by whoever holds the session next. */
async function settle({ deps, tasks }: Held, dropped: Promise<void>): Promise<void> {
  await Promise.race([Promise.all([...tasks, dropped]), pause(deps.clock, STOP_WITHIN_MS)]);
}

function report(deps: EngineDeps, job: SessionJob, thrown: unknown): void {
  const told = { at: deps.clock.now(), bot: deps.settings.owner, session: job.session };
  if (thrown instanceof Fenced) deps.tell?.({ type: "session.taken-over", ...told });
  else deps.tell?.({ type: "holder.failed", ...told, detail: toThreadboxError(thrown).detail, cause: thrown });
}
