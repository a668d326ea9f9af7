/** What people think of an answer. Nothing is decided by it: it is kept beside the turn, for whoever looks after the bot. */
import type { Ms, Person } from "./types.ts";

export type Verdict = "good" | "bad";

export interface Feedback {
  /** The turn, or the message of its answer where nothing else is known of it. */
  on: { turn: string } | { team: string; channel: string; message: string };
  by: Pick<Person, "surface" | "id">;
  value: Verdict;
  /** Their own words, of a bad one. */
  reason?: string;
  /** When it was said; null where the surface does not tell, and then it is now. */
  at: Ms | null;
}

/** Of a person and a turn the last word counts. `unknown`: no answer of ours, or one that is too old to be kept. */
export type FeedbackReceipt = "new" | "changed" | "same" | "unknown";

/** The way in for what people think; resolves after the commit. */
export interface FeedbackBook {
  record(feedback: Feedback): Promise<FeedbackReceipt>;
}

/** More is an essay; what Slack's own forms take would be 3,000. */
export const MAX_REASON_CHARS = 2_000;
