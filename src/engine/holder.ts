/**
 * Holds one session for as long as there is something to do: its effects, lane by lane, and the stream of its running turn,
 * both fed through `decide` one event at a time. Every write carries the epoch of the claim; when another bot has claimed
 * since, the write is refused and the holder stops without a further word.
 */
import { createBell } from "../bell.ts";
import { pause } from "../clock.ts";
import { decide } from "../core/decide.ts";
import { LANE, type Lane, type SessionEvent } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Tx } from "../store/database.ts";
import type { PendingEffect } from "../store/effects.ts";
import type { StreamPosition } from "../wire/events.ts";
import { attempt } from "./attempt.ts";
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

/** Another bot has the session now. */
class Fenced extends Error {}

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
  const held: Held = {
    deps,
    job,
    signal: aborted.signal,
    ring: bell.ring,
    guard(work) {
      const task = work.then(bell.ring, giveUp);
      held.tasks.add(task);
      void task.finally(() => held.tasks.delete(task));
    },
    tasks: new Set(),
    stage: createStage(deps),
    epoch: 0,
    stream: { epoch: null, cursor: 0 },
    lanes: new Set(),
    begun: new Set(),
    following: null,
    followed: new Set(),
  };
  const done = work(held, bell.heard)
    .catch((thrown: unknown) => {
      giveUp(thrown);
      return "abandoned" as const;
    })
    .finally(async () => {
      held.stage.drop();
      await settle(held);
    })
    .then((how) => (failed ? "failed" : how));
  return { job, wake: bell.ring, abandon, done };
}

/** What a holder knows and shares between its parts. */
interface Held {
  deps: EngineDeps;
  job: SessionJob;
  signal: AbortSignal;
  ring(): void;
  /** Lets work go on by itself; when it fails, the whole holder stops. */
  guard(work: Promise<unknown>): void;
  stage: Stage;
  epoch: number;
  stream: StreamPosition;
  tasks: Set<Promise<void>>;
  /** Lanes with an effect under way. */
  lanes: Set<Lane>;
  /** Effects that were begun here. A look can be older than the end of one, and must not begin it again. */
  begun: Set<string>;
  /** Ends the reading that is under way. */
  following: AbortController | null;
  /** Turns (with their attempt) whose stream was read to its end here; the same caution. */
  followed: Set<string>;
}

async function work(held: Held, next: () => Promise<void>): Promise<"released" | "abandoned"> {
  const { deps, job, signal } = held;
  const claim = await deps.store.claim(job.session, deps.settings.owner);
  if (claim) Object.assign(held, claim);
  while (!signal.aborted) {
    const seen = claim && (await deps.store.look(job.session, held.epoch));
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
  for (const row of pending) {
    const lane = LANE[row.effect.do];
    if (held.lanes.has(lane) || held.begun.has(row.id)) continue;
    held.lanes.add(lane);
    held.begun.add(row.id);
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

/** Names the reading of one attempt of one turn; null while there is nothing to read. */
function streamOf({ turn }: Session): string | null {
  if (turn?.phase.is !== "running" && turn?.phase.is !== "stopping") return null;
  return `${turn.id}#${turn.attempt}`;
}

async function carryOut(held: Held, row: PendingEffect, session: Session): Promise<void> {
  const { deps, signal, stage } = held;
  if (row.effect.do === "answer")
    await stage.end(session, row.effect.turn, row.effect.thread, row.effect.result.outcome);
  const outcome = await attempt(deps, row, session);
  // The lane stays taken during the pause, so that what comes after waits its turn.
  if (outcome.is === "again") {
    await pause(deps.clock, outcome.inMs, signal);
    held.begun.delete(row.id);
  } else await commit(held, (tx) => deps.store.finishEffect(tx, row.id, outcome.error), outcome.event);
}

async function followTurn(held: Held, session: Session, stop: AbortSignal): Promise<void> {
  const { deps, signal, stage } = held;
  const turn = session.turn?.id ?? "";
  const display = stage.of(turn);
  if (!display) return;
  const store = async ({ entries, position, progress, event }: Batch): Promise<void> => {
    const write = async (tx: Tx): Promise<void> => {
      await deps.store.addTranscript(tx, session.id, entries, position);
      await deps.store.saveProgress(tx, progress);
      await deps.store.notify(tx, "threadbox_news", `session:${session.id}`);
    };
    await commit(held, write, event);
    held.stream = position;
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
  });
}

/** Writes, and what the event means for the session, in one transaction; refused when the session is another bot's now. */
async function commit(
  { deps, job, epoch }: Held,
  write: (tx: Tx) => Promise<void>,
  event: SessionEvent | null,
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const session = await deps.store.lock(tx, job.session, epoch);
    if (!session) throw new Fenced();
    await write(tx);
    if (!event) return;
    const decision = decide(session, event, deps.clock.now());
    await deps.store.save(tx, decision.session, decision.effects);
    const effects = decision.effects.map(({ effect }) => effect.do);
    deps.log.info({ session: job.session, event: event.type, effects }, "session.decided");
  });
}

/** In one transaction with the look that finds nothing to do, so that no wake-up falls between the two. */
async function letGo({ deps, job, epoch, ring }: Held): Promise<boolean> {
  return deps.store.transaction(async (tx) => {
    const session = await deps.store.lock(tx, job.session, epoch);
    if (!session) throw new Fenced();
    if ((await deps.store.pendingEffects(tx, job.session)).length > 0) {
      ring();
      return false;
    }
    if (streamOf(session)) return false;
    await deps.store.release(tx, job.session);
    await deps.jobs.complete(tx, job);
    await deps.store.notify(tx, "threadbox_news", `session:${job.session}`);
    return true;
  });
}

/** What was begun may still come to its end and be recorded; what takes longer is found half-done by whoever holds the session next. */
async function settle({ deps, tasks }: Held): Promise<void> {
  await Promise.race([Promise.all(tasks), pause(deps.clock, SETTLE_WITHIN_MS)]);
}

/** Whoever stops a bot (a service, a container) waits ten seconds before it kills. */
const SETTLE_WITHIN_MS = 8_000;

function report(deps: EngineDeps, job: SessionJob, thrown: unknown): void {
  if (thrown instanceof Fenced) deps.log.info({ session: job.session }, "session.taken-over");
  else deps.log.error({ session: job.session, detail: toThreadboxError(thrown).detail, err: thrown }, "holder.failed");
}
