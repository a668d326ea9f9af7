/** `threadbox costs`: what turns have cost, summed as one wants it, read from the database whether a bot runs or not. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { money, startOfDay } from "../core/limits.ts";
import { PRICED_ON } from "../core/prices.ts";
import type { Ms } from "../core/types.ts";
import { readTeamSettings } from "../repositories.ts";
import { COSTS_BY, type Costs, type CostsBy, type CostsOf, costsOf, together } from "../store/costs.ts";
import { openStore } from "../store/open.ts";
import { teamFile } from "../team-file.ts";
import { command, run } from "./command.ts";
import { type Output, table } from "./output.ts";
import { readSettings } from "./settings.ts";

interface Options {
  json?: boolean;
  by: CostsBy;
  since: Ms;
  until: Ms;
}

export function costsCommand(): Command {
  const now = Date.now();
  return command({
    name: "costs",
    summary:
      "Show what turns have cost: tokens and dollars, by day, person, repository, session, agent, model or channel.",
    examples: [
      ["costs", "the last 30 days, day by day"],
      ["costs --by person --since 7d", "who spent what in a week"],
      ["costs --by repository --since 2026-11-01 --until 2026-12-01", "a month, by repository"],
      ["costs --by model --json", "by model, as JSON"],
    ],
  })
    .addOption(new Option("--by <what>", "what to sum by").choices(COSTS_BY).default("day"))
    .addOption(
      new Option("--since <when>", "12h, 30d, 4w ago, or a day of UTC such as 2026-11-01")
        .argParser(momentOf(now))
        .default(now - 30 * DAY_MS, "30d"),
    )
    .addOption(
      new Option("--until <when>", "the same; that day is not part of it").argParser(momentOf(now)).default(now, "now"),
    )
    .action((options: Options) => run(options, (output) => costs(options, output)));
}

const DAY_MS = 24 * 60 * 60_000;
const UNITS: Record<string, Ms> = { h: 60 * 60_000, d: DAY_MS, w: 7 * DAY_MS };

const momentOf =
  (now: Ms) =>
  (text: string): Ms => {
    const [, count, unit = ""] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
    if (count !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
    const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
    // A day that a month does not have would be read as one of the next month.
    if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(text)) return at;
    throw new InvalidArgumentError("It has to be something like 12h, 30d, 4w or 2026-11-01.");
  };

async function costs({ by, since, until }: Options, output: Output): Promise<number> {
  const { config, log } = readSettings();
  const { limits } = readTeamSettings(teamFile(), config.github?.url);
  const store = await openStore({ ...config, log });
  try {
    const rows = await costsOf(store.db, { by, since, until });
    const total = together(rows);
    const now = Date.now();
    const today = together(await costsOf(store.db, { by: "day", since: startOfDay(now), until: now + DAY_MS }));
    const budget = limits?.perDay ?? { tokens: null, dollars: null };
    output.say(rows.length > 0 ? listing(by, rows, total) : "No turn was begun in that time.");
    output.say(`\n${todayLine(today, budget.dollars)}`);
    if (total.listDollars > 0) output.say(`≈: by the list prices of ${PRICED_ON}, or those of threadbox.yml.`);
    output.result({
      ...{ by, since: new Date(since).toISOString(), until: new Date(until).toISOString() },
      ...{ rows: rows.map(({ key, name, ...one }) => ({ key, name, ...figuresOf(one) })), total: figuresOf(total) },
      today: { ...figuresOf(today), budget },
    });
    return 0;
  } finally {
    await store.close();
  }
}

function listing(by: CostsBy, rows: CostsOf[], total: Costs): string {
  const lines = rows.map((row) => [labelOf(row), ...cellsOf(row)]);
  const head = [by.toUpperCase(), "TURNS", "INPUT", "CACHED", "OUTPUT", "COST"];
  return table([head, ...lines, ["together", ...cellsOf(total)]]);
}

/** A terminal's line is short. */
const MAX_LABEL_CHARS = 60;

function labelOf({ key, name }: CostsOf): string {
  const label = key === null ? "(not said)" : name === null || name === key ? key : `${name} (${key})`;
  return label.length > MAX_LABEL_CHARS ? `${label.slice(0, MAX_LABEL_CHARS - 1)}…` : label;
}

function cellsOf(costs: Costs): string[] {
  const { turns, inputTokens, cacheReadTokens, outputTokens } = costs;
  return [...[turns, inputTokens, cacheReadTokens, outputTokens].map(figure), costText(costs)];
}

const figure = (count: number): string => count.toLocaleString("en-US");

/** `≈`: by a price list. What nobody knows the price of is never shown as nothing. */
function costText({ turns, dollars, listDollars, unpricedTurns }: Costs): string {
  if (unpricedTurns > 0 && dollars === 0) return unpricedTurns === turns ? "unknown" : `unknown for ${unpricedTurns}`;
  const known = `${listDollars > 0 ? "≈ " : ""}${money(dollars)}`;
  return unpricedTurns > 0 ? `${known}, unknown for ${unpricedTurns}` : known;
}

function todayLine(today: Costs, budget: number | null): string {
  const spent = `Today (UTC): ${costText({ ...today, unpricedTurns: 0 })}`;
  const of = budget === null ? "" : ` of ${money(budget)} (${Math.round((today.dollars / budget) * 100)} %)`;
  return `${spent}${of}${today.unpricedTurns > 0 ? `, and turns of unknown cost: ${today.unpricedTurns}` : ""}.`;
}

const figuresOf = ({ turns, dollars, listDollars, unpricedTurns, ...tokens }: Costs): object => ({
  turns,
  tokens: {
    ...{ all: tokens.tokens, input: tokens.inputTokens, output: tokens.outputTokens },
    ...{ cacheRead: tokens.cacheReadTokens, cacheWrite: tokens.cacheWriteTokens },
  },
  cost: { dollars, byPriceList: listDollars, unpricedTurns },
});
