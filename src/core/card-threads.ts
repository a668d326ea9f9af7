/** Who hears of what becomes of a pull request, and where. Pure. */
import type { CardState } from "./card.ts";
import { threadKey } from "./correlation.ts";
import type { Effect } from "./decision.ts";
import type { Ask, Session, Thread } from "./types.ts";

export const NOTHING: CardState = { places: [], told: [] };

/** The threads in which there is a card. On GitHub the pull request itself stands, and a terminal and the local page edit nothing for people who have gone. */
export const showing = ({ threads }: Session): Thread[] => threads.filter(({ surface }) => surface === "slack");

/** It opened the pull request from a branch of its own, so it answers for what becomes of it. */
export const isOwn = ({ work, pullRequest }: Session): boolean =>
  pullRequest !== null && work?.own === true && work.repository.github !== undefined;

/** Somebody is shown it, or the session itself has to know. */
export const isWatched = (session: Session): boolean =>
  session.pullRequest !== null && (isOwn(session) || showing(session).length > 0);

/** Whoever asked last, where they asked; nobody by name where that is not known, or where the thread has left. */
export function addressee(session: Session) {
  const threads = showing(session);
  const { asked } = session.card ?? NOTHING;
  const thread = threads.find((one) => asked && threadKey(one) === threadKey(asked.thread));
  return { thread: thread ?? threads[0], pings: thread && asked ? [asked.author] : [] };
}

/** What only a person can do about it: said where whoever asked last can be called, on the pull request itself where nobody is in Slack. */
export function toPerson(session: Session, text: string): Effect[] {
  const { thread, pings } = addressee(session);
  if (thread) return [{ do: "say", thread, text, pings }];
  const here = pullThread(session);
  const asker = askerOf(session);
  return here ? [{ do: "say", thread: here, text, pings: asker ? [asker.author] : [] }] : [];
}

/** Who asked for the last turn, and where. */
export const askerOf = ({ last }: Session): Pick<Ask, "author" | "thread"> | null => last?.at(-1) ?? null;

/** The conversation of the pull request. */
export function pullThread({ work, pullRequest }: Session): Thread | null {
  const { github, id } = work?.repository ?? {};
  if (!github || !pullRequest || !/^\d+$/.test(id ?? "")) return null;
  const { owner, name, installation } = github;
  return {
    surface: "github",
    repo: { id: Number(id), owner, name },
    number: pullRequest.number,
    is: "pr",
    installation,
  };
}
