/**
 * When the next session may be begun. Whoever waits for an acknowledgement waits behind everything that the same thread has begun, and a
 * vendor calls a bot broken that keeps it waiting for seconds; what was acknowledged is stored, and may begin a little later.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Ms } from "../core/types.ts";

/**
 * Of the time since the last look; above it, what comes in waits noticeably for what is under way. At a hundred mentions a second 0.35
 * let acknowledgements through twice as fast as 0.5 did, and what was worked off in the end was 5 % less.
 */
const BUSY_FROM = 0.35;
/** In it some ten acknowledgements can be made. */
const BREATH_MS: Ms = 20;
/** So many in a row, and one is begun all the same: ten a second, whatever else the thread is busy with. */
const MAX_BREATHS = 5;
/** Shorter than that says nothing. */
const WINDOW_MS: Ms = 10;

/**
 * The returned function resolves when one more session may be begun: at once while the thread has time, after a tenth of a second in any
 * case. No fixed number of those under way: a vendor that hangs costs no time of the thread, and must not keep others from beginning.
 * `share` is which part of the time since it was last asked the thread was busy, from 0 to 1; null where that was too short to say.
 */
export function createThrottle(
  share = shareOfThread(),
  breathe = (): Promise<unknown> => pause(BREATH_MS),
): () => Promise<void> {
  let isBusy = false;
  const look = (): boolean => {
    const now = share();
    if (now !== null) isBusy = now >= BUSY_FROM;
    return isBusy;
  };
  return async () => {
    for (let breaths = 0; breaths < MAX_BREATHS && look(); breaths++) await breathe();
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
