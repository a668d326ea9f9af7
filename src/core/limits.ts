/**
 * What protects the installation from one busy person, one loud channel or one turn that never ends: how much there may be, whether that
 * is reached, and the words in which it is told. Every refusal says what is full, when it is free again and who can raise it.
 */
import { NO_USAGE, type Usage } from "../wire/events.ts";
import {
  ACCOUNTS,
  type Account,
  type AtMost,
  type Budget,
  type Budgets,
  budgetsOf,
  type RaisedNow,
  type SpentBeside,
} from "./budget.ts";
import type { Ms, Person, Repository, Thread } from "./types.ts";

export type { AtMost } from "./budget.ts";

export interface Limits extends Budgets {
  turnsPerDay: Record<Account, AtMost>;
  /** That sessions use at once. */
  sandboxes: AtMost;
  /** Who can raise them: the subject of a sentence. */
  raisedBy: string;
  /** Ids of people on Slack and GitHub who may raise what a session may cost, in its thread; nobody, when it is left out. */
  raisedByPeople?: string[];
}

export const NO_LIMITS: Limits = {
  turnsPerDay: { person: null, channel: null, repository: null, organisation: null },
  sandboxes: null,
  perTurn: { tokens: null, dollars: null },
  perDay: { tokens: null, dollars: null },
  raisedBy: "whoever keeps threadbox.yml",
};

/** The names under which a turn is counted; null where there is no such account. */
export type Accounts = Record<Account, string | null>;

/** What was begun and spent since the day began. */
export interface DayUsage extends SpentBeside {
  turns: Record<Account, number>;
}

type SpentCode = `limit.${"" | "session-" | "day-"}${"tokens" | "cost"}`;
type LimitCode = SpentCode | `limit.${Account | "sandboxes"}`;

export interface Refusal {
  code: LimitCode;
  text: string;
}

/** Whose turn it would be. A person is somebody on one surface: nobody is asked who they are elsewhere. */
export function accountsOf(thread: Thread, author: Person, repository: Repository | null): Accounts {
  return {
    person: `${author.surface}:${author.id}`,
    channel: channelOf(thread),
    repository: repository?.id ?? null,
    organisation: organisationOf(thread),
  };
}

function channelOf(thread: Thread): string | null {
  if (thread.surface === "slack") return `slack:${thread.team}/${thread.channel}`;
  return thread.surface === "github" ? `github:${thread.repo.id}` : null;
}

function organisationOf(thread: Thread): string | null {
  if (thread.surface === "slack") return `slack:${thread.team}`;
  return thread.surface === "github" ? `github:${thread.repo.owner.toLowerCase()}` : null;
}

const DAY_MS = 24 * 60 * 60_000;

/** Days are those of UTC, as on the bills of the models' providers. */
export const startOfDay = (now: Ms): Ms => now - (now % DAY_MS);

/** Why one more turn may not begin today, or null when it may. `used` is without it. */
export function refusalToday(limits: Limits, used: DayUsage, now: Ms, raised?: RaisedNow): Refusal | null {
  const full = whatIsFull(limits, used, raised);
  if (!full) return null;
  const { code, words, never } = full;
  const free = never ? "" : ` That is free again at 00:00 UTC, in ${span(startOfDay(now) + DAY_MS - now)}.`;
  return { code, text: `I do not begin this: ${words}.${free} ${raising(limits, full)}` };
}

interface Full {
  code: LimitCode;
  words: string;
  setting: string;
  /** It is not free tomorrow either. */
  never: boolean;
  unit?: Budget["unit"];
}

function whatIsFull(limits: Limits, used: DayUsage, raised?: RaisedNow): Full | null {
  for (const account of ACCOUNTS) {
    const limit = limits.turnsPerDay[account];
    if (limit === null || used.turns[account] < limit) continue;
    const words = `${WHOSE[account]} ${turnsText(limit)}`;
    return { code: `limit.${account}`, words, setting: `limits.turnsPerDay.${account}`, never: limit === 0 };
  }
  const full = budgetsOf(limits, used, NO_USAGE, raised).find(
    (budget) => budget.of !== "turn" && budget.used >= budget.limit,
  );
  if (!full) return null;
  const never = full.of === "session" || full.limit === 0;
  return { code: codeOf(full), words: spentText(full), setting: full.setting, never, unit: full.unit };
}

const codeOf = ({ of, unit }: Budget): SpentCode =>
  `limit.${of === "turn" ? "" : (`${of}-` as const)}${unit === "dollars" ? "cost" : "tokens"}`;

const WHOSE: Record<Account, string> = {
  person: "you",
  channel: "this channel",
  repository: "this repository",
  organisation: "this organisation",
};

function turnsText(limit: number): string {
  if (limit === 0) return "may have no turns";
  return `may have ${figure(limit)} ${limit === 1 ? "turn" : "turns"} a day, and had ${limit === 1 ? "it" : "them"}`;
}

/** "$9.50 were spent today on this repository, of $9.00" */
function spentText({ of, account, unit, used, limit }: Budget): string {
  const [had, may] = unit === "dollars" ? [money(used), money(limit)] : [`${figure(used)} tokens`, figure(limit)];
  const verb = unit === "dollars" ? "spent" : "used";
  if (of === "session") return `${had} were ${verb} in this session, of ${may}`;
  return `${had} were ${verb} today${account ? ` ${ON[account]}` : ""}, of ${may}`;
}

const ON: Record<Account, string> = {
  person: "on your account",
  channel: "in this channel",
  repository: "on this repository",
  organisation: "in this organisation",
};

/** What a turn is held to besides its own budget. */
export interface Beside {
  spent?: SpentBeside | undefined;
  raised?: RaisedNow | undefined;
}

/** Why a turn that has used that much is stopped, or null when it may go on. */
export function refusalOfTurn(limits: Limits, usage: Usage, beside: Beside = {}): Refusal | null {
  const full = turnBudgets(limits, usage, beside).find(({ used, limit }) => used > limit);
  if (!full) return null;
  const { of, unit, used, limit } = full;
  const may = unit === "dollars" ? `cost ${money(limit)}` : `use ${figure(limit)}`;
  const had = unit === "dollars" ? `cost ${money(used)}` : `used ${figure(used)} tokens`;
  const words = of === "turn" ? `It has ${had}, and a turn may ${may}` : `With it ${spentText(full)}`;
  return { code: codeOf(full), text: `${words}. ${raising(limits, full)}` };
}

/** Nothing is free in a day of which nothing is known. */
const turnBudgets = (limits: Limits, usage: Usage, { spent, raised }: Beside): Budget[] =>
  budgetsOf(spent ? limits : { perTurn: limits.perTurn, perDay: NO_LIMITS.perDay }, spent ?? NOTHING, usage, raised);

const NOTHING: SpentBeside = { tokens: 0, dollars: 0 };

/** Time to say so, and to do something about it. */
const NEAR = 0.8;

/** What the progress says of the budget that is used up next; null while there is enough of all, and when one is used up: then it is stopped. */
export function nearText(limits: Limits, usage: Usage, beside: Beside = {}): string | null {
  const shareOf = ({ used, limit }: Budget): number => used / limit;
  const [next] = turnBudgets(limits, usage, beside).toSorted((a, b) => shareOf(b) - shareOf(a));
  if (!next || shareOf(next) < NEAR || next.used > next.limit) return null;
  const { of, unit, used, limit } = next;
  const [had, may] = unit === "dollars" ? [money(used), money(limit)] : [`${figure(used)} tokens`, figure(limit)];
  const whose = of === "day" ? "today's budget" : `the budget of this ${of}`;
  return `${had} of ${may}: ${whose} is nearly used up, then I am stopped`;
}

/** What is said of a turn whose time was up. */
export const overdueText = (limits: Limits, turnLimitMs: Ms): string =>
  `It was stopped after ${span(turnLimitMs)}. ${raising(limits, { setting: "limits.turnMinutes" })}`;

/** Said once, while there is time to do something about it. */
export const warningText = (startedAt: Ms, turnLimitMs: Ms, now: Ms): string =>
  `${span(now - startedAt)} of ${span(turnLimitMs)} are over, then I am stopped. What is done by then stays in the sandbox, and \`retry\` goes on from it.`;

const WARNED_AT = 0.75;
/** With less left than that nobody could do anything about it any more. */
const WORTH_A_WARNING_MS = 2 * 60_000;

/** How far into a turn the warning comes; null where there is none. */
export function warnedAfterMs(turnLimitMs: Ms): Ms | null {
  const afterMs = turnLimitMs * WARNED_AT;
  return turnLimitMs - afterMs < WORTH_A_WARNING_MS ? null : afterMs;
}

/** What the progress says meanwhile. */
export const waitingText = (running: number): string => `Waiting for a free sandbox (${figure(running)} in use)`;

function raising({ raisedBy, raisedByPeople = [] }: Limits, what: { setting: string; unit?: Budget["unit"] }): string {
  const said = `${raisedBy.charAt(0).toUpperCase()}${raisedBy.slice(1)} can raise it (\`${what.setting}\`).`;
  if (raisedByPeople.length === 0 || what.unit !== "dollars") return said;
  return `${said} Here, with \`budget +5\`: whoever is listed in \`limits.raisedByPeople\`.`;
}

/** Who raises what a session may cost has to be listed by their id on the surface on which they say so. */
export const mayRaise = ({ raisedByPeople = [] }: Limits, { surface, id }: Person): boolean =>
  (surface === "slack" || surface === "github") && raisedByPeople.includes(id);

/** Why somebody may not. */
export const notRaisedText = (limits: Limits): string =>
  limits.raisedByPeople?.length
    ? `Budgets are raised here by the people of \`limits.raisedByPeople\` in threadbox.yml alone. ${raising(limits, { setting: "limits" })}`
    : `Nobody can raise budgets in a thread here. ${raising(limits, { setting: "limits" })}`;

const figure = (count: number): string => count.toLocaleString("en-US");
/** Two figures behind the point, and as many more as a small limit needs to be told from what was spent. */
export const money = (dollars: number): string =>
  `$${dollars.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: dollars < 1 ? 4 : 2 })}`;

function span(ms: Ms): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  // Limits of turns are set in minutes, so they are told in minutes.
  if (minutes < 3 * 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
