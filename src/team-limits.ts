/** The section of `threadbox.yml` that says how much there may be of everything that costs money. */
import { z } from "zod";
import { type AtMost, type Limits, NO_LIMITS } from "./core/limits.ts";
import { dayBudget, perDayOf, RaisedByPeople } from "./team-budgets.ts";
import { SILENT_MINUTES, SILENT_TOOL_MINUTES } from "./team-permissions.ts";
import { DEFAULTS } from "./team-sandbox-sections.ts";

/** Generous: they are there for loops and accidents. A team that means to save says less. */
const TURNS_PER_DAY = { person: 50, channel: 200, repository: 200, organisation: 500 } as const;
const SANDBOXES = 20;
export const DEFAULT_TURN_MINUTES = 90;

const UNLIMITED = "unlimited";
const NO_PLACES = "has to be a whole number above 0, or unlimited";
const NO_TURNS = "has to be a whole number, or unlimited";

const turns = (whose: string, usual: number) =>
  z
    .union([z.int().nonnegative({ error: NO_TURNS }), z.literal(UNLIMITED)], { error: NO_TURNS })
    .optional()
    .describe(`Turns that may begin in a day (of UTC) ${whose}; 0 for none, or unlimited. ${usual}.`);

const budget = (what: string) =>
  z.number().positive().optional().describe(`${what} As much as it takes, when it is left out.`);

const silence = (how: string, usual: number) =>
  z
    .number()
    .positive()
    .max(7 * 24 * 60)
    .optional()
    .describe(
      `A turn fails when nothing has come from its agent for ${how}; its thread is told after half of it. ${usual}.`,
    );

export const LimitsSection = z.strictObject({
  idleAfterMinutes: z
    .number()
    .positive()
    .optional()
    .describe(`A sandbox sleeps after that long without a turn; ${DEFAULTS.idleAfterMinutes}.`),
  turnMinutes: z
    .number()
    .positive()
    .optional()
    .describe(
      `A turn is stopped after that long, and warned of when three quarters are over; ${DEFAULT_TURN_MINUTES}.`,
    ),
  silentMinutes: silence("that long while a model is waited for", SILENT_MINUTES),
  silentToolMinutes: silence("that long while a tool runs", SILENT_TOOL_MINUTES),
  turnsPerDay: z
    .strictObject({
      person: turns("for one person on one surface", TURNS_PER_DAY.person),
      channel: turns(
        "in one Slack channel, or in the issues and pull requests of one repository",
        TURNS_PER_DAY.channel,
      ),
      repository: turns("on one repository, wherever they are asked for", TURNS_PER_DAY.repository),
      organisation: turns("in one Slack workspace, or for one owner on GitHub", TURNS_PER_DAY.organisation),
    })
    .default({}),
  sandboxes: z
    .union([z.int().positive({ error: NO_PLACES }), z.literal(UNLIMITED)], { error: NO_PLACES })
    .optional()
    .describe(
      `Sandboxes that sessions use at once, over all bots on one database; warm ones come on top. ${SANDBOXES}.`,
    ),
  tokensPerTurn: budget("A turn that has used more tokens, read and written together, is stopped."),
  dollarsPerTurn: budget("A turn that has cost more, by what the agent says, is stopped."),
  tokensPerSession: budget(
    "A session that has used more tokens in all its turns begins no more, and goes on with none.",
  ),
  dollarsPerSession: budget("The same in dollars."),
  tokensPerDay: dayBudget("have used that many tokens"),
  dollarsPerDay: dayBudget("have cost that much"),
  raisedByPeople: RaisedByPeople,
  raisedBy: z
    .string()
    .trim()
    .min(1)
    .regex(/^[^\r\n]*$/, { error: "has to be one line" })
    .optional()
    .describe(
      `Who can raise these, as people read it in every refusal: "<raisedBy> can raise it". ${NO_LIMITS.raisedBy}.`,
    ),
});

/** As the engine takes them. */
export function toLimits({ turnsPerDay, ...section }: z.infer<typeof LimitsSection>): Limits {
  const { person, channel, repository, organisation } = TURNS_PER_DAY;
  return {
    turnsPerDay: {
      person: atMost(turnsPerDay.person, person),
      channel: atMost(turnsPerDay.channel, channel),
      repository: atMost(turnsPerDay.repository, repository),
      organisation: atMost(turnsPerDay.organisation, organisation),
    },
    sandboxes: atMost(section.sandboxes, SANDBOXES),
    perTurn: { tokens: section.tokensPerTurn ?? null, dollars: section.dollarsPerTurn ?? null },
    ...perDayOf(section),
    perSession: { tokens: section.tokensPerSession ?? null, dollars: section.dollarsPerSession ?? null },
    raisedByPeople: section.raisedByPeople ?? [],
    raisedBy: section.raisedBy ?? NO_LIMITS.raisedBy,
  };
}

const atMost = (said: number | typeof UNLIMITED | undefined, usual: number): AtMost =>
  said === UNLIMITED ? null : (said ?? usual);
