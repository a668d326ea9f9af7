/**
 * What is asked after the pull request was merged or closed: the same session goes on, with its files and its conversation, on a new branch
 * from the base, and opens another pull request. Pure.
 */
import { type Card, linkTo } from "./card.ts";
import { isOwn } from "./card-threads.ts";
import type { Effect } from "./decision.ts";
import type { Session, Thread } from "./types.ts";

/** What the turn before which it happened has to know. */
export interface Over {
  number: number;
  state: "merged" | "closed";
}

export interface Anew {
  session: Session;
  told: Effect[];
  after?: Over;
}

/** The session as the next turn finds it; itself where its pull request is open, or is somebody else's. */
export function anew(session: Session, thread: Thread): Anew {
  const { card, work, pullRequest } = session;
  const seen = card?.seen;
  if (!work || !seen || seen.number !== pullRequest?.number || !isOver(seen) || !isOwn(session))
    return { session, told: [] };
  const { card: _card, pushed: _pushed, ...rest } = session;
  const branch = nextName(work.branch);
  // It begins at the base, which has what was merged: nothing of a fork's is under it any more.
  const { fork: _fork, ...base } = work;
  const text = `${linkTo(seen)} is ${seen.state}, so I go on here on a new branch, \`${branch}\`, and open a new pull request for it.`;
  return {
    session: { ...rest, work: { ...base, branch }, pullRequest: null },
    told: [{ do: "say", thread, text }],
    after: { number: seen.number, state: seen.state },
  };
}

const isOver = (seen: Card): seen is Card & Over => seen.state !== "open";

/** `threadbox/fix-login-a1b2c` -> `-2` -> `-3`. The end of the name is the session's own, so nobody else has that branch. */
export function nextName(branch: string): string {
  const [, name = branch, count] = /^(.*)-(\d{1,3})$/.exec(branch) ?? [];
  // The letters of a session's id may be digits, and there are five of them.
  return count === undefined ? `${branch}-2` : `${name}-${Number(count) + 1}`;
}
