/**
 * What may be spent: in a turn, in a session, and in a day by each account and by all together. Each budget with what is spent of it, so that
 * whoever asks can tell which one is used up, and which one soon will be. Pure.
 */
import type { Usage } from "../wire/events.ts";
import type { Ms } from "./types.ts";

/** Null: as much as anybody likes. */
export type AtMost = number | null;

/** On whose account a turn goes. */
export const ACCOUNTS = ["person", "channel", "repository", "organisation"] as const;
export type Account = (typeof ACCOUNTS)[number];

export interface Spending<Amount = number> {
  /** Read and written ones together. */
  tokens: Amount;
  dollars: Amount;
}

export interface Budgets {
  perTurn: Spending<AtMost>;
  /** Of the whole installation. */
  perDay: Spending<AtMost>;
  /** In a day, on each account of that kind; none, when it is left out. */
  perDayOf?: Record<Account, Spending<AtMost>>;
  /** Of a session, for as long as it lives; none, when it is left out. */
  perSession?: Spending<AtMost>;
}

/** What other turns have spent. */
export interface SpentBeside extends Spending {
  /** In the day, on the accounts of the turn that it is asked for. */
  on?: Record<Account, Spending>;
  /** In its session, ever. */
  session?: Spending;
}

/** Dollars by which people who may have raised what a session may cost. */
export interface Raised {
  /** Ever: so much more may the session cost. */
  dollars: number;
  /** So much more may be spent here in the day that began then. */
  day: { since: Ms; dollars: number };
  /** So much more may the turn cost that goes on, or the next one where none does. */
  turn: number;
  /** The turn that goes on is being stopped: this is for the next one. */
  next?: number;
}

/** Of a session. */
export interface Budgeted {
  raised?: Raised;
  /** Its last turn was stopped because a budget was used up. */
  spent?: true;
}

/** Of one turn: what it used by itself is in `used`. */
export interface Budget {
  of: "turn" | "session" | "day";
  /** Of a day: on which account; of all together, when it is left out. */
  account?: Account;
  unit: keyof Spending;
  used: number;
  limit: number;
  /** In `threadbox.yml`. */
  setting: string;
}

/** Every budget that the turn is held to, the narrowest first. */
export function budgetsOf(limits: Budgets, beside: SpentBeside, usage: Usage, raised?: RaisedNow): Budget[] {
  const own: Spending = { tokens: usage.inputTokens + usage.outputTokens, dollars: usage.costUsd };
  return (["tokens", "dollars"] as const).flatMap((unit) => {
    const by = unit === "dollars" ? raised : undefined;
    const budget = (of: Budget["of"], atMost: AtMost | undefined, before: number, account?: Account): Budget[] => {
      if (atMost === null || atMost === undefined) return [];
      const setting = `limits.${unit}Per${PER[of]}${account ? `.${account}` : ""}`;
      return [
        { of, ...(account && { account }), unit, used: before + own[unit], limit: atMost + (by?.[of] ?? 0), setting },
      ];
    };
    return [
      ...budget("turn", limits.perTurn[unit], 0),
      ...budget("session", limits.perSession?.[unit], beside.session?.[unit] ?? 0),
      ...ACCOUNTS.flatMap((account) =>
        budget("day", limits.perDayOf?.[account][unit], beside.on?.[account][unit] ?? 0, account),
      ),
      ...budget("day", limits.perDay[unit], beside[unit]),
    ];
  });
}

const PER = { turn: "Turn", session: "Session", day: "Day" } as const;

/** Whether anything has to be asked about what a turn spends. */
export const hasBudgets = (limits: Budgets): boolean =>
  budgetsOf(limits, { tokens: 0, dollars: 0 }, { inputTokens: 0, outputTokens: 0, costUsd: 0 }).length > 0;

/** What was raised, as it counts now. */
export type RaisedNow = Record<Budget["of"], number>;

export function raisedNow(raised: Raised | undefined, startOfDay: Ms): RaisedNow {
  if (!raised) return { turn: 0, session: 0, day: 0 };
  const { turn, dollars, day } = raised;
  return { turn, session: dollars, day: day.since === startOfDay ? day.dollars : 0 };
}

/** A session whose budget was raised just now. `later`: what goes on is not to have it any more. */
export function withRaise<S extends Budgeted>(session: S, dollars: number, startOfDay: Ms, later: boolean): S {
  const { raised } = session;
  const next = later ? (raised?.next ?? 0) + dollars : raised?.next;
  return {
    ...session,
    raised: {
      dollars: (raised?.dollars ?? 0) + dollars,
      day: { since: startOfDay, dollars: raisedNow(raised, startOfDay).day + dollars },
      turn: (raised?.turn ?? 0) + (later ? 0 : dollars),
      ...(next === undefined ? {} : { next }),
    },
  };
}

/** A session whose turn is over: what was raised for that is used up. */
export function afterTurn<S extends Budgeted>(session: S, failure: { code: string } | undefined): S {
  const { spent: _, raised, ...rest } = session;
  const { next, ...left } = raised ?? {};
  return {
    ...rest,
    ...(raised ? { raised: { ...left, turn: next ?? 0 } } : {}),
    ...(failure && isSpent(failure) ? { spent: true } : {}),
  } as S;
}

/** Somebody has raised it since a budget was found to be used up. */
export const isRaisedSince = ({ raised }: Budgeted, found: { raised?: number }): boolean =>
  (raised?.dollars ?? 0) > (found.raised ?? 0);

/** Was it stopped because a budget was used up? */
export const isSpent = ({ code }: { code: string }): boolean => SPENT.has(code);

const SPENT: ReadonlySet<string> = new Set([
  ...["limit.tokens", "limit.cost", "limit.session-tokens", "limit.session-cost", "limit.day-tokens", "limit.day-cost"],
]);
