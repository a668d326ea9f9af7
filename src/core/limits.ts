/**
 * What protects the installation from one busy person, one loud channel or one turn that never ends: how much there may be, whether that
 * is reached, and the words in which it is told. Every refusal says what is full, when it is free again and who can raise it.
 */
import type { Usage } from "../wire/events.ts";
import type { Ms, Person, Repository, Thread } from "./types.ts";

/** Null: as much as anybody likes. */
export type AtMost = number | null;

/** On whose account a turn goes. */
const ACCOUNTS = ["person", "channel", "repository", "organisation"] as const;
type Account = (typeof ACCOUNTS)[number];

interface Spending<Amount = number> {
  /** Read and written ones together. */
  tokens: Amount;
  dollars: Amount;
}

export interface Limits {
  turnsPerDay: Record<Account, AtMost>;
  /** That sessions use at once. */
  sandboxes: AtMost;
  perTurn: Spending<AtMost>;
  /** Of the whole installation. */
  perDay: Spending<AtMost>;
  /** Who can raise them: the subject of a sentence. */
  raisedBy: string;
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
export interface DayUsage extends Spending {
  turns: Record<Account, number>;
}

type LimitCode = `limit.${Account | "day-tokens" | "day-cost" | "tokens" | "cost" | "sandboxes"}`;

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
export function refusalToday(limits: Limits, used: DayUsage, now: Ms): Refusal | null {
  const full = whatIsFull(limits, used);
  if (!full) return null;
  const { code, words, setting } = full;
  const free = full.never ? "" : ` That is free again at 00:00 UTC, in ${span(startOfDay(now) + DAY_MS - now)}.`;
  return { code, text: `I do not begin this: ${words}.${free} ${raising(limits, setting)}` };
}

interface Full {
  code: LimitCode;
  words: string;
  setting: string;
  /** It is not free tomorrow either. */
  never: boolean;
}

function whatIsFull({ turnsPerDay, perDay }: Limits, used: DayUsage): Full | null {
  for (const account of ACCOUNTS) {
    const limit = turnsPerDay[account];
    if (limit === null || used.turns[account] < limit) continue;
    const words = `${WHOSE[account]} ${turnsText(limit)}`;
    return { code: `limit.${account}`, words, setting: `limits.turnsPerDay.${account}`, never: limit === 0 };
  }
  const { tokens, dollars } = perDay;
  if (tokens !== null && used.tokens >= tokens) {
    const words = `${figure(used.tokens)} tokens were used today, of ${figure(tokens)}`;
    return { code: "limit.day-tokens", words, setting: "limits.tokensPerDay", never: tokens === 0 };
  }
  if (dollars === null || used.dollars < dollars) return null;
  const words = `${money(used.dollars)} were spent today, of ${money(dollars)}`;
  return { code: "limit.day-cost", words, setting: "limits.dollarsPerDay", never: dollars === 0 };
}

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

/** Why a turn that has used that much is stopped, or null when it may go on. */
export function refusalOfTurn(limits: Limits, { inputTokens, outputTokens, costUsd }: Usage): Refusal | null {
  const { tokens, dollars } = limits.perTurn;
  const used = inputTokens + outputTokens;
  if (tokens !== null && used > tokens) {
    const text = `It has used ${figure(used)} tokens, and a turn may use ${figure(tokens)}.`;
    return { code: "limit.tokens", text: `${text} ${raising(limits, "limits.tokensPerTurn")}` };
  }
  if (dollars === null || costUsd <= dollars) return null;
  const text = `It has cost ${money(costUsd)}, and a turn may cost ${money(dollars)}.`;
  return { code: "limit.cost", text: `${text} ${raising(limits, "limits.dollarsPerTurn")}` };
}

/** What is said of a turn whose time was up. */
export const overdueText = (limits: Limits, turnLimitMs: Ms): string =>
  `It was stopped after ${span(turnLimitMs)}. ${raising(limits, "limits.turnMinutes")}`;

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

const raising = ({ raisedBy }: Limits, setting: string): string =>
  `${raisedBy.charAt(0).toUpperCase()}${raisedBy.slice(1)} can raise it (\`${setting}\`).`;

const figure = (count: number): string => count.toLocaleString("en-US");
/** Two figures behind the point, and as many more as a small limit needs to be told from what was spent. */
const money = (dollars: number): string =>
  `$${dollars.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: dollars < 1 ? 4 : 2 })}`;

function span(ms: Ms): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  // Limits of turns are set in minutes, so they are told in minutes.
  if (minutes < 3 * 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
