/** Only so many at once: what needs much memory or a machine's whole strength waits in line, and whoever has waited long enough goes. */
import { type Clock, pause } from "./clock.ts";
import type { Ms } from "./core/types.ts";

export interface Semaphore {
  /** Does the work when there is a place, first come, first served. Null, and it is not done, where there was none in time. */
  take<T>(work: () => Promise<T>, patience: { clock: Clock; forMs: Ms }): Promise<T | null>;
}

export function createSemaphore(count: number): Semaphore {
  let free = count;
  const line: (() => void)[] = [];
  const leave = (): void => {
    const next = line.shift();
    if (next) next();
    else free++;
  };
  const enter = async (clock: Clock, forMs: Ms): Promise<boolean> => {
    if (free > 0) {
      free--;
      return true;
    }
    const waited = new AbortController();
    let step = (): void => {};
    const called = new Promise<true>((resolve) => {
      step = () => resolve(true);
      line.push(step);
    });
    const isIn = await Promise.race([called, pause(clock, forMs, waited.signal).then(() => false)]);
    waited.abort();
    const at = line.indexOf(step);
    if (at >= 0) line.splice(at, 1);
    // Called at the very moment at which it went: the place is the next one's.
    else if (!isIn) leave();
    return isIn;
  };
  return {
    async take(work, { clock, forMs }) {
      if (!(await enter(clock, forMs))) return null;
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
