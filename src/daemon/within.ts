/** Waits for something, but not for ever. */
import { setTimeout as delay } from "node:timers/promises";

/** True when `settled` came first; what it rejects with comes out of here. */
export async function within(ms: number, settled: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([settled.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
