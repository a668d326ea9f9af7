/** What becomes of a delivery: a mention, news of a pull request, or nothing, and then why. */
import type { Branch, KeyLink } from "../../src/core/incoming.ts";
import type { CorrelationKey, NewMention } from "../../src/core/types.ts";

/** `docs/github.md` explains each of these, under this name. */
export const IGNORED_REASONS = [
  "ping",
  "installation",
  "event-unsupported",
  "own-message",
  "bot-sender",
  "empty-body",
  "not-addressed",
  "other-label",
  "other-assignee",
  "to-somebody-else",
  "owner-not-listed",
  "archived",
  "not-the-author",
  "by-an-app",
  "too-old",
  "fork-head",
  "nobody-follows",
  "duplicate",
] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/** What somebody wants of us, or nobody. */
export type Said = { is: "mention"; mention: NewMention } | Opened | { is: "ignored"; reason: IgnoredReason };

/** A pull request was opened. `said`: what its title and text ask for, if anything. */
export interface Opened {
  is: "link";
  link: KeyLink;
  said?: Said;
}

/** The pull request of one of these keys may stand otherwise than before. `said`: what came with that. */
export interface Stir {
  is: "stir";
  keys: CorrelationKey[];
  /** So may those that go to this branch. */
  onto?: Branch;
  said?: Said;
}

export type Outcome = Said | Stir;

export const ignored = (reason: IgnoredReason): Said => ({ is: "ignored", reason });

/** What the handlers know about us. */
export interface Bot {
  /** What people write after the `@`: `threadbox`, and the App's slug. */
  names: readonly string[];
  /** The accounts that our own comments are made by: `slug[bot]`. Empty where that is a person's own account. */
  logins: readonly string[];
  /** Numeric ids, as text, of bots that may ask. */
  allowedBots: readonly string[];
  /** The label that asks, by the full name of the repository; `threadbox` in all others. */
  labels: Readonly<Record<string, string>>;
  /** The number of the App's account; null where ours is a person's own. */
  account: number | null;
  /** The login whose assignment asks, besides the App's account, by the full name of the repository. */
  assignees: Readonly<Record<string, string>>;
  /** Numeric ids of owners in whose repositories we are there; in all when it is left out. */
  owners?: readonly string[] | undefined;
  /** Numeric ids of Apps whose words in a person's name are that person's. */
  apps: readonly string[];
}
