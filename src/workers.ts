/** What works by itself while a bot runs, and how all of it is stopped within the ten seconds that a service or a container waits. */
import type { Ms } from "./core/types.ts";

/** How long each waits for what it has begun. The rest is for what is being answered, and for closing the database. */
export const STOP_WITHIN_MS: Ms = 8_000;

export interface Worker {
  start(): void | Promise<void>;
  /** Resolves in bounded time, whatever hangs. */
  stop(): Promise<void>;
}

/** All at once: each waits some seconds for a vendor that hangs, and one after the other they would be killed before the last. */
export async function stopTogether(workers: readonly Worker[]): Promise<void> {
  const stops = await Promise.allSettled(workers.map((worker) => worker.stop()));
  for (const stop of stops) if (stop.status === "rejected") throw stop.reason;
}
