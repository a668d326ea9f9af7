/** What the pages need of the rest: the store implements it, the web surface writes into it, `main.ts` hands it over. */
import type { JournalEntry } from "../wire/events.ts";
import type { Progress, Session, TurnResult } from "./types.ts";

/** One message of a local web thread, as people see it. */
export interface WebPost {
  /** Counts up over all threads. */
  seq: number;
  thread: string;
  /** Edits keep the ref and get a new `seq`. */
  ref: string;
  kind: "person" | "progress" | "answer" | "note" | "refusal";
  author: string;
  /** Markdown; for `progress` a JSON `Progress`, for `answer` a JSON `Answer`. */
  body: string;
  at: number;
}

export interface WebThreads {
  /** Newest first. The title is the first line of what was said first, shortened. */
  list(limit: number): Promise<{ thread: string; title: string; at: number; session: string | null }[]>;
  /** Posts of a thread with `seq` above `after`, oldest first. */
  posts(thread: string, after: number): Promise<WebPost[]>;
  /** Adds a post, or changes the one with the same thread and ref. */
  put(post: Omit<WebPost, "seq">): Promise<void>;
}

/** A turn as the session page lists it. */
export interface TurnSummary {
  id: string;
  askedBy: string;
  text: string;
  startedAt: number;
  progress: Progress | null;
  result: TurnResult | null;
}

export interface Sessions {
  list(limit: number): Promise<Session[]>;
  get(id: string): Promise<Session | null>;
  turns(id: string): Promise<TurnSummary[]>;
  /**
   * Stored journal entries after `cursor`, oldest first, at most `limit`. Cursors of a session only grow, whatever sandbox they came from.
   * What the agent itself told (`agent.raw`) is among them where that is wanted.
   */
  transcript(
    id: string,
    after: number,
    limit: number,
    options?: { raw?: boolean },
  ): Promise<{ cursor: number; entry: JournalEntry }[]>;
}

/** Tells that something new is stored. `topic` is `session:<id>` or `web:<thread id>`. */
export interface News {
  subscribe(topic: string, fn: () => void): () => void;
}
