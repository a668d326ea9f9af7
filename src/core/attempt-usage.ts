/**
 * What a turn has used over all its attempts. An agent tells what it has used since it was given the prompt; when its machine dies under
 * it and another one begins anew, what was spent before is spent all the same. Pure.
 */
import { type AgentEvent, NO_USAGE, type Usage } from "../wire/events.ts";

/** What attempts before that one have used. */
interface EarlierUsage {
  attempt: number;
  usage: Usage;
}

/** Part of a progress. */
export interface Tally {
  usage: Usage;
  /** Left out until a second attempt has begun. */
  earlier?: EarlierUsage;
}

/**
 * What had been used before the attempt that begins there; the same object for one that is known by now, which is read once more, and for
 * one whose end is only told again.
 */
export function earlierAt(
  { usage, earlier }: Tally,
  { attempt = 1, again }: Extract<AgentEvent, { type: "turn.started" }>,
): EarlierUsage | undefined {
  return again || attempt <= (earlier?.attempt ?? 1) ? earlier : { attempt, usage };
}

/** What both have used together. */
export function usedTogether(before: Usage, now: Usage): Usage {
  if (!isAny(before)) return now;
  const model = now.model ?? before.model;
  const pricedBy = leastSure(before, now);
  return {
    inputTokens: before.inputTokens + now.inputTokens,
    outputTokens: before.outputTokens + now.outputTokens,
    costUsd: before.costUsd + now.costUsd,
    ...both(before, now, "cacheReadTokens"),
    ...both(before, now, "cacheWriteTokens"),
    ...(model === undefined ? {} : { model }),
    ...(pricedBy === undefined ? {} : { pricedBy }),
  };
}

/** Whether it says anything at all: who ends an agent by force knows nothing of what it used. */
export const isAny = ({ inputTokens, outputTokens }: Usage = NO_USAGE): boolean => inputTokens + outputTokens > 0;

function both(before: Usage, now: Usage, field: "cacheReadTokens" | "cacheWriteTokens"): Partial<Usage> {
  const known = [before[field], now[field]].filter((count) => count !== undefined);
  return known.length === 0 ? {} : { [field]: known.reduce((a, b) => a + b) };
}

function leastSure(...all: Usage[]): Usage["pricedBy"] {
  const said = all.filter(isAny).map(({ pricedBy }) => pricedBy);
  return (["nobody", "table", "agent"] as const).find((one) => said.includes(one));
}
