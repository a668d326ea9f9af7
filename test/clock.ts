/** A clock that stands still until somebody winds it. */
import type { Clock } from "../src/clock.ts";

export interface HandWoundClock extends Clock {
  /** Moves time on, calling what falls due on the way, in order. */
  advance(ms: number): void;
}

export function handWoundClock(startMs = 1_700_000_000_000): HandWoundClock {
  let now = startMs;
  let due: { at: number; fn: () => void }[] = [];
  return {
    now: () => now,
    after(ms, fn) {
      const entry = { at: now + ms, fn };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = due.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        due = due.filter((entry) => entry !== next);
        now = Math.max(now, next.at);
        next.fn();
      }
      now = end;
    },
  };
}
