/** Time as an argument. Tests pass one that is wound by hand (`test/clock.ts`). */
import type { Ms } from "./core/types.ts";

export interface Clock {
  now(): Ms;
  /** Calls `fn` once, `ms` from now; the returned function calls it off. Never keeps the process alive by itself. */
  after(ms: Ms, fn: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
