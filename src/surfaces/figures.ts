/** Numbers as people read them, the same on every surface. Pure. */
import { isPriced } from "../core/prices.ts";
import type { Ms, TestOutcome } from "../core/types.ts";
import type { Changes, Usage } from "../wire/events.ts";

/** "42 s", "3 min 05 s", "1 h 02 min". */
export function duration(ms: Ms): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

const twoDigits = (n: number): string => String(n).padStart(2, "0");

/** "14:02 UTC", for surfaces that do not know where a reader lives. */
export const timeOfDay = (at: Ms): string => `${new Date(at).toISOString().slice(11, 16)} UTC`;

/** "1 file", "3 files". */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** "3 files +12 −4". */
export const changed = ({ files, insertions, deletions }: Changes): string =>
  `${count(files, "file")} +${insertions} −${deletions}`;

/** "840 tokens", "12.3k tokens"; null before the first one. */
export function tokens({ inputTokens, outputTokens }: Usage): string | null {
  const all = inputTokens + outputTokens;
  return all === 0 ? null : `${inThousands(all)} tokens`;
}

const inThousands = (count: number): string => (count < 1_000 ? `${count}` : `${(count / 1_000).toFixed(1)}k`);

/** Below that the cache has changed nothing that anybody would see in the cost. */
const MANY_CACHED = 1_000;

/** The same at the end: "12.3k tokens (10.1k cached)". What comes from the cache costs about a tenth, so many tokens may be little money. */
export function tokensUsed(usage: Usage): string | null {
  const cached = usage.cacheReadTokens ?? 0;
  return cached < MANY_CACHED ? tokens(usage) : `${tokens(usage) ?? "0 tokens"} (${inThousands(cached)} cached)`;
}

/** "$0.42", "≈ $0.42" by a price list, "cost unknown"; null where nothing was used. */
export function cost(usage: Usage): string | null {
  if (!isPriced(usage)) return "cost unknown";
  const { costUsd, pricedBy } = usage;
  if (costUsd === 0) return null;
  const dollars = costUsd < 0.005 ? "< $0.01" : `$${costUsd.toFixed(2)}`;
  return pricedBy === "table" ? `≈ ${dollars}` : dollars;
}

/** "tests: `npm test` passed, `npm run e2e` failed"; null where there is nothing to say. `code` shows a command as the surface does. */
export function tested(tests: TestOutcome[] | undefined, code: (command: string) => string): string | null {
  const ran = testedText(tests, code);
  return tests && tests.length > 0 ? `tests: ${ran}` : ran;
}

/** The same where a label says already what it is about. */
export function testedText(tests: TestOutcome[] | undefined, code: (command: string) => string): string | null {
  if (!tests) return null;
  return tests.map(({ command, ok }) => `${code(command)} ${outcomeWord(ok)}`).join(", ") || "no tests run";
}

export function outcomeWord(ok: boolean | null): string {
  if (ok === null) return "ran, outcome unknown";
  return ok ? "passed" : "failed";
}

/** At most `maxChars` of it, never half a character. */
export function clip(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
