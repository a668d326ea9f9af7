/** What somebody's App Home tells them, and what it needs of the rest; `main.ts` hands it over. */
import type { Membership } from "./identity.ts";
import type { Preferences } from "./preferences.ts";
import type { Ms, PullRequest, Thread, TurnResult } from "./types.ts";

/** A turn as a list of turns has it. */
export interface HomeTurn {
  turn: string;
  session: string;
  /** Of what was asked. Only for whoever asked it: it may come from a place that others cannot see. */
  title: string;
  /** Who asked first, by their id on their surface. */
  by: string;
  thread: Thread;
  /** Where it was asked. */
  link: string | null;
  repository: string | null;
  branch: string | null;
  pullRequest: PullRequest | null;
  startedAt: Ms;
  /** Null: it goes on. */
  outcome: TurnResult["outcome"] | null;
  isStopping: boolean;
}

export interface DayOfTeam {
  turns: number;
  /** Of the turns that have ended. */
  tokens: number;
  dollars: number;
}

/** What is stored, as App Home asks for it. */
export interface HomeRecords {
  /** Those that somebody began and that go on, the newest first. */
  running(person: Membership, limit: number): Promise<HomeTurn[]>;
  /** Those that are over. */
  last(person: Membership, limit: number): Promise<HomeTurn[]>;
  /** Everybody's of that workspace that go on. */
  runningIn(team: string, limit: number): Promise<HomeTurn[]>;
  dayOf(team: string, since: Ms): Promise<DayOfTeam>;
  /** Does that very turn go on, and in which thread? Null where it does not. */
  threadOf(turn: string): Promise<Thread | null>;
  preferencesOf(person: Membership): Promise<Preferences>;
  prefer(person: Membership, change: Partial<Preferences>): Promise<void>;
}
