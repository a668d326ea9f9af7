/** What `threadbox.yml` says of money: what may be spent in a day and on whose account, who may raise it, and what models cost. */
import { z } from "zod";
import { ACCOUNTS, type Account, type AtMost, type Spending } from "./core/budget.ts";

const amount = z.number().positive({ error: "has to be a number above 0" });
const OfDay = z.union(
  [
    amount,
    z.strictObject({
      installation: amount.optional(),
      person: amount.optional(),
      channel: amount.optional(),
      repository: amount.optional(),
      organisation: amount.optional(),
    }),
  ],
  { error: "has to be a number above 0, or numbers for installation, person, channel, repository and organisation" },
);
type OfDay = z.infer<typeof OfDay>;

export const dayBudget = (what: string) =>
  OfDay.optional().describe(
    `No turn begins any more in a day (of UTC) in which all together ${what}, and those that run are stopped; or the same for \`installation\`, \`person\`, \`channel\`, \`repository\` and \`organisation\`. As much as it takes, when it is left out.`,
  );

export const RaisedByPeople = z
  .array(
    z.string().regex(/^(?:[UW][A-Z0-9]+|\d+)$/, {
      error: "has to be the id of somebody in Slack (U…), or the number of an account on GitHub in quotes",
    }),
  )
  .optional()
  .describe(
    "Ids in Slack and on GitHub of people who may raise what a session may cost, by `budget +5` in its thread; nobody, when it is left out.",
  );

interface Section {
  tokensPerDay?: OfDay | undefined;
  dollarsPerDay?: OfDay | undefined;
}

/** As the engine takes them. */
export function perDayOf({ tokensPerDay, dollarsPerDay }: Section): {
  perDay: Spending<AtMost>;
  perDayOf: Record<Account, Spending<AtMost>>;
} {
  const of = (said: OfDay | undefined, whose: Account | "installation"): AtMost =>
    typeof said === "number" ? (whose === "installation" ? said : null) : (said?.[whose] ?? null);
  const both = (whose: Account | "installation") => ({
    tokens: of(tokensPerDay, whose),
    dollars: of(dollarsPerDay, whose),
  });
  const each = ACCOUNTS.map((account): [Account, Spending<AtMost>] => [account, both(account)]);
  return { perDay: both("installation"), perDayOf: Object.fromEntries(each) as Record<Account, Spending<AtMost>> };
}

const dollars = z.number().nonnegative({ error: "has to be dollars for a million tokens" });

export const PricesSection = z
  .record(
    z.string().min(1),
    z.strictObject({
      input: dollars,
      output: dollars,
      cacheRead: dollars.optional(),
      cacheWrite: dollars.optional(),
    }),
  )
  .optional()
  .describe(
    "Dollars for a million tokens (input, output, cacheRead, cacheWrite) by the name of a model: for models that no list has, and instead of what the agent and the list say.",
  );
