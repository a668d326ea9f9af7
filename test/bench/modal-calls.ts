/** RPCs to Modal, as the table tells of them. */
import { checkEqual, type Row, valueRow } from "./measure.ts";

interface Counted {
  what: string;
  note: string;
  aim?: { says: string; below: number };
}

/** `times` is how often the same was counted. */
export const callsRow = (about: Counted, times: number, calls: string[]): Row =>
  valueRow(about, times, calls.length, "RPCs");

/** What a bot asks once, however many sandboxes it starts. */
const ONCE = new Set(["AuthTokenGet", "AppGetOrCreate"]);

export const withoutOnce = (calls: string[]): string[] => calls.filter((call) => !ONCE.has(call));

/** Sorted, as some are asked at once. */
export function inWords(calls: string[]): string {
  const counts = new Map<string, number>();
  for (const call of calls.toSorted()) counts.set(call, (counts.get(call) ?? 0) + 1);
  return [...counts].map(([call, count]) => (count > 1 ? `${count} ${call}` : call)).join(", ");
}

/** Those that came every time; a count that is another one every time is none. */
export function sameEveryTime(counted: string[][], what: string): string[] {
  const [first = [], ...others] = counted;
  for (const calls of others) checkEqual(inWords(calls), inWords(first), `the RPCs of ${what}`);
  return first;
}
