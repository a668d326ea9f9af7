/** What a turn spends, as it is read: with a price where the agent has none, and held to every budget that it is on the account of. */
import type { Clock } from "../clock.ts";
import { isAny, type Tally, usedTogether } from "../core/attempt-usage.ts";
import { hasBudgets, type Raised, raisedNow } from "../core/budget.ts";
import type { SessionEvent } from "../core/decision.ts";
import { type DayUsage, type Limits, nearText, refusalOfTurn, startOfDay } from "../core/limits.ts";
import { type Prices, priced } from "../core/prices.ts";
import type { Progress } from "../core/types.ts";
import type { JournalEntry, Usage } from "../wire/events.ts";

/** What others have spent, and by how much the budget of this session was raised by now. */
export interface Spent {
  spent: DayUsage;
  raised: Raised | undefined;
}

interface Accounting {
  prices: Prices | undefined;
  turn: string;
  /** As it is by now. */
  tally(): Tally;
}

/**
 * With prices, and with what earlier attempts at the turn have used: as early as the stream is read, so that what is stored, shown and
 * counted is one figure. To be pulled on only when the entry before is in the tally.
 */
export async function* accounted(
  { prices, turn, tally }: Accounting,
  entries: AsyncIterable<JournalEntry>,
): AsyncIterable<JournalEntry> {
  let heard = tally().earlier?.attempt ?? 1;
  for await (const entry of entries) {
    const { event } = entry;
    if (event.type === "turn.started" && event.turn === turn && !event.again) heard = event.attempt ?? 1;
    if (event.type !== "usage" && event.type !== "turn.ended") {
      yield entry;
      continue;
    }
    const own = event.usage && priced(event.usage, prices);
    const usage = event.turn === turn ? usedSoFar(tally(), own, heard) : own;
    yield usage ? { ...entry, event: { ...event, usage } as JournalEntry["event"] } : entry;
  }
}

/** `own`: of the attempt that tells. One that is over is read once more, and counted by now. */
function usedSoFar({ usage, earlier }: Tally, own: Usage | undefined, heard: number): Usage | undefined {
  if (isAny(usage) && (!own || !isAny(own) || heard < (earlier?.attempt ?? 1))) return usage;
  return own && earlier ? usedTogether(earlier.usage, own) : own;
}

export interface Spending {
  /** To be shown every entry of the turn. An event where it is stopped for what it has used. */
  look(entry: JournalEntry): Promise<SessionEvent | null>;
  /** What people are shown while a budget is nearly used up. */
  near(): string | null;
}

interface Spender {
  turn: string;
  attempt: number;
  /** As it was when the reading began. */
  progress: Pick<Progress, "tools" | "steps">;
  /** See `Following`. */
  spent?(): Promise<Spent | null>;
}

export function spending(
  { clock, settings: { limits } }: { clock: Pick<Clock, "now">; settings: { limits: Limits } },
  { turn, attempt, progress, spent }: Spender,
): Spending {
  const isLimited = hasBudgets(limits);
  let steps = progress.tools;
  let doing = progress.steps.at(-1)?.title ?? "";
  let near: string | null = null;
  const judge = async (usage: Usage): Promise<SessionEvent | null> => {
    // Where that cannot be told now it is asked again after the next answer; the sandbox is not lost for it.
    const known = (await spent?.().catch(() => null)) ?? undefined;
    const raised = raisedNow(known?.raised, startOfDay(clock.now()));
    const beside = { spent: known?.spent, raised };
    near = nearText(limits, usage, beside);
    const over = refusalOfTurn(limits, usage, beside);
    if (!over) return null;
    const detail = `${over.text} ${howFar(steps, doing)}`.trim();
    return { type: "over-budget", turn, attempt, code: over.code, detail, raised: raised.session };
  };
  return {
    async look({ event }) {
      if (event.type === "tool.started" && event.turn === turn) {
        steps += 1;
        doing = event.title;
      }
      return isLimited && event.type === "usage" && event.turn === turn ? judge(event.usage) : null;
    },
    near: () => near,
  };
}

/** As much of a step as one line has room for. */
const MAX_STEP_CHARS = 100;

function howFar(steps: number, doing: string): string {
  if (steps === 0) return "";
  const title = doing.replace(/[\s`]+/g, " ").trim();
  const cut = title.length > MAX_STEP_CHARS ? `${title.slice(0, MAX_STEP_CHARS - 1)}…` : title;
  return `It got as far as step ${steps}${cut ? `, \`${cut}\`` : ""}; what is done stays in the sandbox.`;
}
