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
  "fork-head",
  "nobody-follows",
  "duplicate",
] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/** What somebody wants of us, or nobody. */
export type Said =
  | { is: "mention"; mention: NewMention }
  | { is: "link"; link: KeyLink }
  | { is: "ignored"; reason: IgnoredReason };

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
}
