/** Time as an argument, so that tests can wind it by hand. The daemon has its own because it is bundled alone with `wire/`. */

export interface DaemonClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `fn` once, `ms` from now; the returned function calls it off. Never keeps the process alive by itself. */
  after(ms: number, fn: () => void): () => void;
}

export const systemClock: DaemonClock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
