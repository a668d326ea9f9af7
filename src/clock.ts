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

/** Waits `ms`, or until `signal` ends it early, without an error. */
export function pause(clock: Clock, ms: Ms, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const callOff = clock.after(ms, end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    function end(): void {
      callOff();
      signal?.removeEventListener("abort", end);
      resolve();
    }
  });
}

/** Does `work` again and again, `ms` after it last ended, until the returned function is called. `work` never rejects. */
export function every(clock: Clock, ms: Ms, work: () => Promise<void>): () => void {
  let stopped = false;
  let callOff = arm();
  function arm(): () => void {
    return clock.after(ms, () => {
      void work().then(() => {
        // Asked only now: it may have been called off while the work went on.
        if (!stopped) callOff = arm();
      });
    });
  }
  return () => {
    stopped = true;
    callOff();
  };
}
