/**
 * How much work a bot begins at once. Whoever waits for an acknowledgement waits behind everything that the same thread has begun, and a
 * vendor calls a bot broken that keeps it waiting for seconds; what was acknowledged is stored, and may begin a little later.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Ms } from "../core/types.ts";

export interface Throttle {
  /**
   * How many sessions may be begun now; where the thread is busy it resolves after a while, with at least one. No fixed number of those
   * under way: a vendor that hangs costs no time of the thread, and must not keep others from beginning.
   */
  next(): Promise<number>;
}

/** Of the time since the last look. Above it, what comes in waits noticeably for what is under way. */
const BUSY_FROM = 0.5;
/** Enough to keep the thread busy, few enough to see soon what they cost. */
const AT_ONCE = 2;
/** In it some ten acknowledgements can be made. */
const BREATH_MS: Ms = 20;
/** So many in a row, and one is begun all the same: ten a second, whatever else the thread is busy with. */
const MAX_BREATHS = 5;
/** Shorter than that says nothing. */
const WINDOW_MS: Ms = 10;

/** `breathe` is for tests, as `share` is: which part of the time since it was last asked the thread was busy, from 0 to 1; null: too short to say. */
export function createThrottle(share = shareOfThread(), breathe = (): Promise<unknown> => pause(BREATH_MS)): Throttle {
  let isBusy = false;
  const look = (): boolean => {
    const now = share();
    if (now !== null) isBusy = now >= BUSY_FROM;
    return isBusy;
  };
  return {
    async next() {
      for (let breaths = 0; look(); breaths++) {
        if (breaths === MAX_BREATHS) return 1;
        await breathe();
      }
      return AT_ONCE;
    },
  };
}

function shareOfThread(): () => number | null {
  let last = performance.eventLoopUtilization();
  return () => {
    const since = performance.eventLoopUtilization(last);
    if (since.active + since.idle < WINDOW_MS) return null;
    last = performance.eventLoopUtilization();
    return since.utilization;
  };
}
