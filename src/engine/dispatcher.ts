/** Which sessions this bot works on: fetches wake-ups as they come, keeps its claims alive, lets go of those that it has lost. */
import { pause } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import { type Holder, hold } from "./holder.ts";
import type { EngineDeps } from "./ports.ts";
import { createThrottle } from "./throttle.ts";

/** NOTIFY brings wake-ups at once; this is for those that were missed while the connection was broken. */
const POLL_EVERY_MS = 2_000;
/** A third of pg-boss's shortest lease, so that two beats may fail. */
const BEAT_EVERY_MS = 3_000;

export interface Dispatcher {
  start(): void;
  /** Takes no more and gives back what it holds. */
  stop(): Promise<void>;
  /** Sessions that are held now. */
  size(): number;
  /** When it last came around to look for work, whether there was some or the database was away. */
  lookedAt(): Ms;
}

export function createDispatcher(deps: EngineDeps): Dispatcher {
  const holders = new Map<string, Holder>();
  /** Sessions that are being given back. */
  const leaving = new Set<Promise<void>>();
  const stopping = new AbortController();
  const throttle = createThrottle();
  /** Whether there may be more than was fetched. */
  let isWanted = false;
  let fetching: Promise<void> | null = null;
  let lookedAt = deps.clock.now();
  let timers: NodeJS.Timeout[] = [];
  let unsubscribe = (): void => {};

  const fetchAll = async (): Promise<void> => {
    while (isWanted && !stopping.signal.aborted) {
      isWanted = false;
      try {
        await throttle();
        isWanted = (await takeOne(deps, holders, { leaving, stopping: stopping.signal })) || isWanted;
      } catch (thrown) {
        deps.log.warn({ detail: toThreadboxError(thrown).detail }, "dispatcher.fetch-failed");
      }
      lookedAt = deps.clock.now();
    }
  };
  const fetch = (): void => {
    isWanted = true;
    fetching ??= fetchAll().finally(() => {
      fetching = null;
      // Wanted since the last look, and nobody else would come for it before the next poll.
      if (isWanted && !stopping.signal.aborted) fetch();
    });
  };
  const beat = async (): Promise<void> => {
    const held = [...holders.values()];
    if (held.length === 0) return;
    const lost = await deps.jobs.touch(held.map((holder) => holder.job));
    for (const holder of held) if (lost.has(holder.job.id)) holder.abandon();
  };
  return {
    start() {
      unsubscribe = deps.onWake((session) => {
        const holder = session === null ? undefined : holders.get(session);
        if (holder) return holder.wake();
        // After a break anything may have been missed: the "stop" for a turn that goes on for an hour, too.
        if (session === null) for (const one of holders.values()) one.wake();
        fetch();
      });
      const beating = (): void =>
        void beat().catch((thrown: unknown) =>
          deps.log.warn({ detail: toThreadboxError(thrown).detail }, "dispatcher.beat-failed"),
        );
      timers = [setInterval(fetch, POLL_EVERY_MS), setInterval(beating, BEAT_EVERY_MS)];
      fetch();
    },
    async stop() {
      stopping.abort();
      unsubscribe();
      for (const timer of timers) clearInterval(timer);
      await fetching;
      for (const holder of holders.values()) holder.abandon();
      await Promise.all([...holders.values()].map((holder) => holder.done));
      // Another bot goes on at once then, and need not wait for our lease to run out.
      await Promise.all(leaving);
    },
    size: () => holders.size,
    lookedAt: () => lookedAt,
  };
}

const FAILED_AGAIN_AFTER_MS = 5_000;

interface Life {
  leaving: Set<Promise<void>>;
  stopping: AbortSignal;
}

/** True when there was one, and there may be more. */
async function takeOne(deps: EngineDeps, holders: Map<string, Holder>, life: Life): Promise<boolean> {
  if (life.stopping.aborted || holders.size >= deps.settings.maxSessions) return false;
  const job = await deps.jobs.fetch();
  if (!job) return false;
  const holder = hold(deps, job);
  holders.set(job.session, holder);
  const left = leave(deps, holders, holder, life.stopping);
  life.leaving.add(left);
  void left.finally(() => life.leaving.delete(left));
  return true;
}

/** Resolves when the session is nobody's again. Never rejects: a job that could not be given back comes back with the end of its lease. */
async function leave(
  deps: EngineDeps,
  holders: Map<string, Holder>,
  holder: Holder,
  stopping: AbortSignal,
): Promise<void> {
  const { job, done } = holder;
  const how = await done;
  // A session that was lost may be held here anew before its old holder has settled.
  if (holders.get(job.session) === holder) holders.delete(job.session);
  // What failed here fails again at once; until somebody mends it, it must not keep the bot from its other sessions.
  if (how === "failed") await pause(deps.clock, FAILED_AGAIN_AFTER_MS, stopping);
  if (how !== "released") await deps.jobs.giveBack(job).catch(() => undefined);
}
