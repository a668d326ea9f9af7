/** An answer in time, or none: for questions about health, whose askers give up sooner than a database that hangs. */
import type { Ms } from "./core/types.ts";

/** A question that old was lost with its connection, which nobody closed. */
const LOST_AFTER_MS = 30_000;

/**
 * Asks, and waits `withinMs` at most; `late` is the answer then, and also when it failed. Whoever asks meanwhile waits for the same
 * question, so that a database that hangs does not collect them.
 */
export function inTime<T>(ask: () => Promise<T>, withinMs: Ms, late: T): () => Promise<T> {
  let asked: Promise<T> | null = null;
  let askedAt = 0;
  const askAnew = (): Promise<T> => {
    askedAt = performance.now();
    const question: Promise<T> = ask()
      .catch(() => late)
      .finally(() => {
        if (asked === question) asked = null;
      });
    return question;
  };
  return async () => {
    if (asked === null || askedAt + LOST_AFTER_MS < performance.now()) asked = askAnew();
    const { promise: over, resolve } = Promise.withResolvers<T>();
    const timer = setTimeout(() => resolve(late), withinMs);
    try {
      return await Promise.race([asked, over]);
    } finally {
      clearTimeout(timer);
    }
  };
}
