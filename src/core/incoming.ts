/** What comes in, before it is known which session it belongs to, and what became of it. */
import type { CorrelationKey, Mention, NewMention, PullRequest, Thread } from "./types.ts";

/** News that two keys name the same work: a pull request was opened from a branch that a session may own. */
export interface KeyLink {
  dedupe: string;
  /** The key that a session may hold already. */
  known: CorrelationKey;
  /** The key that it gets then, and what stands behind it. */
  also: CorrelationKey;
  thread: Thread;
  pullRequest: PullRequest;
}

/** What comes in, as the inbox keeps it. */
export type Incoming = { mention: Mention } | { link: KeyLink };

/** What became of something that came in. `ignored` is never silent: it is logged with its reason. */
export type Receipt =
  | { is: "accepted"; session: string; mention: string }
  /** Stored; which session it belongs to is being looked up. */
  | { is: "looking-up"; mention: string }
  | { is: "linked"; session: string }
  | { is: "duplicate" }
  | { is: "ignored"; reason: "nobody-follows" };

/** `repository` is GitHub's number of it, as text. */
export interface Branch {
  repository: string;
  name: string;
}

/** The way in for hints that a pull request may stand otherwise than before. Resolves after the commit. */
export interface Hints {
  /** One of the sessions that hold one of these keys, or whose pull request goes `onto` that branch; null where there is none. */
  stirred(keys: CorrelationKey[], onto?: Branch): Promise<string | null>;
}

/** The way in; every handler, the CLI and the page use this and nothing else of the engine. Resolves after the commit. */
export interface Inbox {
  receive(mention: NewMention): Promise<Receipt>;
  link(link: KeyLink): Promise<Receipt>;
}
