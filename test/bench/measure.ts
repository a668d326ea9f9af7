/** What a benchmark gives back, and the few sums behind it: every figure of the table is made here. */

export interface Row {
  /** What is measured, from where to where. */
  what: string;
  n: number;
  unit: "ms" | "/s" | "KB" | "MB" | "x" | "%" | "RPCs" | "calls";
  /** Of single things; a rate or a size has a `value` instead. */
  spread: Spread | null;
  value: number | null;
  /** Information, never a verdict: the machine may be slower than the one that the aim was written for. */
  aim: { says: string; met: boolean } | null;
  /** How it was measured, and what it is bound by. */
  note: string;
}

/** One figure at several sizes, side by side. */
export interface Grid {
  /** What is counted along the top. */
  head: string[];
  lines: string[][];
  note: string;
}

export interface Spread {
  p50: number;
  /** Null where so few were measured that it would only repeat the maximum. */
  p99: number | null;
  max: number;
}

const MIN_FOR_P99 = 100;

export function spreadOf(samples: number[]): Spread {
  check(samples.length > 0, "nothing was measured");
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { p50: at(0.5), p99: sorted.length < MIN_FOR_P99 ? null : at(0.99), max: at(1) };
}

export const median = (samples: number[]): number => spreadOf(samples).p50;

interface About {
  what: string;
  note: string;
  aim?: { says: string } & ({ below: number } | { atLeast: number });
}

const isMet = (aim: NonNullable<About["aim"]>, figure: number): boolean =>
  "below" in aim ? figure < aim.below : figure >= aim.atLeast;

/** Milliseconds of single things. The aim is held against the p99, or against the median where there is none. */
export function timesRow({ what, note, aim }: About, samples: number[]): Row {
  const spread = spreadOf(samples);
  const judged = spread.p99 ?? spread.p50;
  const met = aim && { says: aim.says, met: isMet(aim, judged) };
  return { what, n: samples.length, unit: "ms", spread, value: null, aim: met ?? null, note };
}

export function valueRow({ what, note, aim }: About, n: number, value: number, unit: Row["unit"]): Row {
  const met = aim && { says: aim.says, met: isMet(aim, value) };
  return { what, n, unit, spread: null, value, aim: met ?? null, note };
}

export class Unproven extends Error {}

/** A benchmark that lost something has measured nothing. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Unproven(what);
}

export function checkEqual(actual: number | string, expected: number | string, what: string): void {
  check(actual === expected, `${what}: ${actual}, and it should be ${expected}`);
}

/** Whole milliseconds for people, more digits where they still say something. */
export const inMs = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

/** Always the same numbers between 0 and 1, so that two runs send the same mentions in the same order (mulberry32). */
export function repeatable(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
