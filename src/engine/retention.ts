/**
 * Deletes what is older than the team wants it kept: once an hour, one of all bots, a thousand rows at a time. What is a session's own
 * (its keys, its branch, that there were turns and how they ended) stays for ever.
 */
import { setImmediate as breathe } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Aging } from "../store/retention.ts";
import type { Store } from "../store/store.ts";
import type { Jobs } from "./jobs.ts";

export interface RetentionDeps {
  store: Store;
  jobs: Pick<Jobs, "hourly">;
  clock: Clock;
  log: Log;
  /** What is older is deleted. */
  retentionMs: Ms;
}

/** How many rows of each kind went. */
export type Deleted = Record<Aging | "turns" | "cut", number>;

export interface Retention {
  start(): Promise<void>;
  /** Comes back when the rows that are being deleted are. */
  stop(): Promise<void>;
}

/** A statement of that many takes a few milliseconds, so whoever waits for a connection does not notice. */
const ROWS_AT_ONCE = 1_000;
/** About 60 MB. Two thirds of them are the agent's own events (measured with pi), so it is the work of some hours of a talkative one. */
export const MAX_TRANSCRIPT_ROWS = 50_000;
/** A transcript grows only while things happen; a day bridges the times when no bot was there to look. */
const GROWN_WITHIN_MS = 24 * 60 * 60_000;

export function createRetention(deps: RetentionDeps): Retention {
  const stopping = new AbortController();
  let cleaning: Promise<void> = Promise.resolve();
  let stopAsking = (): void => {};
  const work = (): Promise<void> => {
    cleaning = cleanUp(deps, stopping.signal).then(
      (deleted) => {
        if (Object.values(deleted).some((rows) => rows > 0)) deps.log.info(deleted, "retention.done");
      },
      (thrown: unknown) => {
        const { code, detail, cause } = toThreadboxError(thrown);
        deps.log.warn({ code, detail, err: cause }, "retention.failed");
      },
    );
    return cleaning;
  };
  return {
    async start() {
      stopAsking = await deps.jobs.hourly("retention", work);
    },
    async stop() {
      stopAsking();
      stopping.abort();
      await cleaning;
    },
  };
}

/** Everything that is old enough now. Broken off, it goes on with the rest the next time. */
export async function cleanUp(
  { store, clock, retentionMs }: Pick<RetentionDeps, "store" | "clock" | "retentionMs">,
  signal: AbortSignal,
  maxTranscriptRows = MAX_TRANSCRIPT_ROWS,
): Promise<Deleted> {
  const before = new Date(clock.now() - retentionMs);
  const old = (table: Aging): Promise<number> => inPieces(() => store.deleteOld(table, before, ROWS_AT_ONCE), signal);
  return {
    inbox: await old("inbox"),
    decisions: await old("decisions"),
    effects: await old("effects"),
    transcript: await old("transcript"),
    web_posts: await old("web_posts"),
    turns: await inPieces(() => store.emptyTurns(before, ROWS_AT_ONCE), signal),
    cut: await cutLong(store, new Date(clock.now() - GROWN_WITHIN_MS), maxTranscriptRows, signal),
  };
}

async function cutLong(store: Store, since: Date, max: number, signal: AbortSignal): Promise<number> {
  if (signal.aborted) return 0;
  let rows = 0;
  for (const long of await store.longTranscripts(since, max)) {
    if (signal.aborted) break;
    await store.markCut(long);
    rows += await inPieces(() => store.deleteCut(long, ROWS_AT_ONCE), signal);
  }
  return rows;
}

async function inPieces(piece: () => Promise<number>, signal: AbortSignal): Promise<number> {
  let rows = 0;
  while (!signal.aborted) {
    const some = await piece();
    rows += some;
    if (some < ROWS_AT_ONCE) break;
    await breathe();
  }
  return rows;
}
