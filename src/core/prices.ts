/**
 * What a million tokens costs by the list, for agents that do not say what they spent. In US dollars, as on PRICED_ON; from the catalogue
 * of models in `@earendil-works/pi-ai` 0.87.1, which `package-lock.json` brings along with pi. A test compares the two, so that an upgrade
 * of pi shows what has changed. Pure.
 */
import type { Usage } from "../wire/events.ts";

/** Dollars for a million tokens. */
export interface Price {
  input: number;
  output: number;
  /** Like `input`, where the list says nothing. */
  cacheRead?: number | undefined;
  cacheWrite?: number | undefined;
}

/** By the name of the model, as its provider calls it. */
export type Prices = Readonly<Record<string, Price>>;

/** The day on which that version of the catalogue came out. */
export const PRICED_ON = "2026-09-22";

/**
 * The usage with its price, as far as anybody knows one. What a team says a model costs counts before what the agent says: it has a gateway
 * or a contract of its own. An agent that used tokens for nothing has no price for its model; such a cost is not 0 but unknown.
 */
export function priced(usage: Usage, own: Prices = {}): Usage {
  const { model } = usage;
  const isSaid = usage.pricedBy !== "nobody" && usage.costUsd > 0;
  const ours = model === undefined ? null : priceIn(own, model);
  if (!ours && (isSaid || !hasTokens(usage))) return usage;
  const price = ours ?? (model === undefined ? null : priceIn(LIST, model));
  if (!price) return { ...usage, costUsd: 0, pricedBy: "nobody" };
  return { ...usage, costUsd: costOf(usage, price), pricedBy: "table" };
}

/** False: what stands there as its cost is 0 for want of better. */
export const isPriced = (usage: Usage): boolean =>
  !hasTokens(usage) || (usage.pricedBy ?? "agent") === "table" || (usage.pricedBy !== "nobody" && usage.costUsd > 0);

const hasTokens = ({ inputTokens, outputTokens }: Usage): boolean => inputTokens + outputTokens > 0;

const A_MILLION = 1_000_000;

/** Of a whole turn. Providers charge more for a single very long request; which of its requests were long nobody tells. */
function costOf(usage: Usage, { input, output, cacheRead = input, cacheWrite = input }: Price): number {
  const { inputTokens, outputTokens, cacheReadTokens: read = 0, cacheWriteTokens: written = 0 } = usage;
  const fresh = Math.max(0, inputTokens - read - written);
  const cost = (fresh * input + read * cacheRead + written * cacheWrite + outputTokens * output) / A_MILLION;
  // Counts without any measure add up to what is no number in JSON, and would be spent as nothing.
  return Math.min(cost, Number.MAX_SAFE_INTEGER);
}

/** Agents and gateways put the provider in front of a model's name, and its day or a variant behind it. */
function priceIn(prices: Prices, model: string): Price | null {
  const bare = model.slice(model.lastIndexOf("/") + 1);
  const undated = bare.replace(/\[\w+\]$/, "").replace(/[@-]\d{4}-?\d{2}-?\d{2}$/, "");
  for (const name of [model, bare, undated]) if (Object.hasOwn(prices, name)) return prices[name] ?? null;
  return null;
}

/** Those that people let write code. Without the higher prices of very long requests. */
export const LIST: Prices = {
  "claude-fable-5": { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 },
  "claude-fable-5-1": { input: 10, output: 50, cacheRead: 0.25, cacheWrite: 12.5 },
  "claude-haiku-4-5": { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
  "claude-opus-4-5": { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  "claude-opus-4-6": { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  "claude-opus-4-7": { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  "claude-opus-4-8": { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  "claude-opus-5": { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  "claude-opus-5-5": { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 },
  "claude-sonnet-4-5": { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  "claude-sonnet-4-6": { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  "claude-sonnet-5": { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 },
  "gpt-4.1": { input: 2, output: 8, cacheRead: 0.5 },
  "gpt-4.1-mini": { input: 0.4, output: 1.6, cacheRead: 0.1 },
  "gpt-4.1-nano": { input: 0.1, output: 0.4, cacheRead: 0.025 },
  "gpt-5": { input: 1.25, output: 10, cacheRead: 0.125 },
  "gpt-5-mini": { input: 0.25, output: 2, cacheRead: 0.025 },
  "gpt-5-nano": { input: 0.05, output: 0.4, cacheRead: 0.005 },
  "gpt-5-pro": { input: 15, output: 120 },
  "gpt-5.1": { input: 1.25, output: 10, cacheRead: 0.125 },
  "gpt-5.2": { input: 1.75, output: 14, cacheRead: 0.175 },
  "gpt-5.2-pro": { input: 21, output: 168 },
  "gpt-5.3-codex": { input: 1.75, output: 14, cacheRead: 0.175 },
  "gpt-5.3-codex-spark": { input: 1.75, output: 14, cacheRead: 0.175 },
  "gpt-5.4": { input: 2.5, output: 15, cacheRead: 0.25 },
  "gpt-5.4-mini": { input: 0.75, output: 4.5, cacheRead: 0.075 },
  "gpt-5.4-nano": { input: 0.2, output: 1.25, cacheRead: 0.02 },
  "gpt-5.4-pro": { input: 30, output: 180 },
  "gpt-5.5": { input: 5, output: 30, cacheRead: 0.5 },
  "gpt-5.5-pro": { input: 30, output: 180 },
  "gpt-5.6-luna": { input: 0.2, output: 1.2, cacheRead: 0.02, cacheWrite: 0.25 },
  "gpt-5.6-sol": { input: 4, output: 20, cacheRead: 0.4, cacheWrite: 5 },
  "gpt-5.6-terra": { input: 2, output: 12, cacheRead: 0.2, cacheWrite: 2.5 },
  "gpt-6-astra": { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 },
  "gpt-6-luna": { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 },
  "gpt-6-sol": { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 },
  o1: { input: 15, output: 60, cacheRead: 7.5 },
  "o1-pro": { input: 150, output: 600 },
  o3: { input: 2, output: 8, cacheRead: 0.5 },
  "o3-mini": { input: 1.1, output: 4.4, cacheRead: 0.55 },
  "o3-pro": { input: 20, output: 80 },
  "o4-mini": { input: 1.1, output: 4.4, cacheRead: 0.275 },
  "gemini-2.5-flash": { input: 0.3, output: 2.5, cacheRead: 0.03 },
  "gemini-2.5-flash-lite": { input: 0.1, output: 0.4, cacheRead: 0.01 },
  "gemini-2.5-pro": { input: 1.25, output: 10, cacheRead: 0.125 },
  "gemini-3-flash-preview": { input: 0.5, output: 3, cacheRead: 0.05 },
  "gemini-3.1-flash-lite": { input: 0.25, output: 1.5, cacheRead: 0.025 },
  "gemini-3.1-flash-lite-preview": { input: 0.25, output: 1.5, cacheRead: 0.025 },
  "gemini-3.1-pro-preview": { input: 2, output: 12, cacheRead: 0.2 },
  "gemini-3.5-flash": { input: 1.5, output: 9, cacheRead: 0.15 },
  "gemini-3.5-flash-lite": { input: 0.3, output: 2.5, cacheRead: 0.03 },
  "gemini-3.6-flash": { input: 0.75, output: 3.75, cacheRead: 0.075 },
  "gemini-3.7-flash": { input: 0.75, output: 3.75, cacheRead: 0.075 },
  "gemini-3.8-flash": { input: 0.75, output: 3.75, cacheRead: 0.075 },
};
