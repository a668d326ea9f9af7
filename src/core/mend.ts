/**
 * The CI loop: what fails on a commit that this session pushed, or keeps it from being merged, wakes the session, once for each such fault,
 * a few times for each pull request; then a person is asked. Nobody else's commit ever does. A pull request that is merged or closed ends it.
 *
 *   seen: failed, all checks over, our commit --> mend --> a mention in the name of whoever asked last --> a turn like any other
 *           |                                                  | may not, or a limit: a person is told
 *           |  tried already, or three times in vain           | a turn began meanwhile: as if it had not been tried
 *           v                                                  v
 *         a person is told                                   (looked at again when that turn is over)
 */
import {
  type Card,
  type CardState,
  type Concern,
  checksKey,
  failingText,
  hasFailed,
  linkTo,
  type Mending,
  type Mends,
  REMEDY,
  spelled,
} from "./card.ts";
import { askerOf, isOwn, NOTHING, pullThread, toPerson } from "./card-threads.ts";
import { branchKey, githubPullRequestKey, threadKey } from "./correlation.ts";
import type { Effect, SessionEvent } from "./decision.ts";
import { type Plan, plan } from "./plan.ts";
import type { Ask, Ms, NewMention, Session, Thread, TurnResult } from "./types.ts";

/** Who has not mended it in three tries does not mend it in four, and each costs a turn and a run of the CI. */
const MAX_TRIES = 3;
/** Far more than there are tries between two words of people. */
const MAX_TRIED = 50;
/** Names are foreign and may be long; the first hundred characters tell sets apart. */
const MAX_KEY_CHARS = 1_500;

const NONE: Mending = { tried: [], tries: 0, count: 0 };

/** Something is wrong with what this session pushed. */
type Fault = { key: string; head: string } & ({ is: "checks"; names: string } | { is: "conflict"; base: string });

/** Null where nothing is, or nothing that this session has to do with. */
export function faultOf(session: Session, found: Card): Fault | null {
  const { head, conflict, checks, base = "", state } = found;
  // Whatever else stands on the branch was pushed by somebody, who may want it so.
  if (state !== "open" || !isOwn(session) || !session.heads?.includes(head)) return null;
  // Without a merge commit most CIs do not even begin, so it comes first.
  if (conflict && conflict !== "unknown") return { is: "conflict", key: `conflict:${head}:${conflict.at}`, head, base };
  if (!hasFailed(checks)) return null;
  const set = [...checks.failing].sort().map((name) => name.slice(0, 100));
  const key = `${checksKey(head)}:${checks.failed}:${set.join("\n")}`.slice(0, MAX_KEY_CHARS);
  return { is: "checks", key, head, names: failingText(checks) };
}

/** Wakes the session for what was seen, or asks a person when it has tried often enough. */
export function mended(session: Session, found: Card, now: Ms): Plan {
  const fault = session.turn ? null : faultOf(session, found);
  const { mending = NONE } = session.card ?? NOTHING;
  if (!fault || mending.asking !== undefined || mending.tried.includes(fault.key)) return plan(session);
  if (mending.tries >= MAX_TRIES) return mending.gaveUp ? plan(session) : gaveUp(session, found, fault);
  const count = mending.count + 1;
  const mention = mentionOf(session, { fault, count }, now);
  if (!mention) return plan(session);
  const tried = [...mending.tried, fault.key].slice(-MAX_TRIED);
  return plan(withMending(session, { ...mending, tried, tries: mending.tries + 1, count, asking: fault.key }), {
    ...{ do: "mend", mention, fault: fault.key },
    sha: fault.is === "checks" ? fault.head : null,
  });
}

function gaveUp(session: Session, found: Card, fault: Fault): Plan {
  const { mending = NONE } = session.card ?? NOTHING;
  const what = fault.is === "checks" ? `Checks failed on ${linkTo(found)}: ${fault.names}.` : conflictText(found);
  const text = `${what} I have tried ${MAX_TRIES} times to put this pull request right by myself, and leave it to you now. ${REMEDY}`;
  return plan(told(withMending(session, { ...mending, gaveUp: true }), fault), ...toPerson(session, text));
}

/** Nobody needs to hear of it a second time. */
const told = (session: Session, fault: Fault): Session => {
  const card = session.card ?? NOTHING;
  return {
    ...session,
    card: { ...card, told: [...card.told, fault.is === "checks" ? checksKey(fault.head) : fault.key] },
  };
};

/** It is said to the session as if whoever asked last had said it: what they may not, it may not. Null where nobody asked. */
function mentionOf(session: Session, { fault, count }: { fault: Fault; count: number }, now: Ms): NewMention | null {
  const { work, pullRequest } = session;
  const asker = askerOf(session);
  const here = pullThread(session);
  if (!asker || !work || !pullRequest || !here) return null;
  const { id, name, url, base } = work.repository;
  // Whose rights somebody has in Slack or on the page is known there alone. A thread that was unlinked is done with this session.
  const thread = asker.thread.surface === "github" ? here : asker.thread;
  if (thread !== here && !session.threads.some((one) => threadKey(one) === threadKey(thread))) return null;
  return {
    dedupe: `github:${fault.is}:${id}#${pullRequest.number}:${fault.head}:${count}`,
    keys: [githubPullRequestKey(id, pullRequest.number), branchKey(id, work.branch), threadKey(thread)],
    thread,
    author: asker.author,
    text: fault.is === "checks" ? checksText(fault) : conflictOrder(fault),
    subject: fault.is === "checks" ? "Mend the failed checks" : `Resolve the conflicts with ${spelled(fault.base)}`,
    // Where the pull request has another session by now, it is none of this one's business any more.
    addressed: false,
    at: now,
    message: messageIn(thread, pullRequest.number, now),
    link: pullRequest.url,
    repository: { id, name, url, base },
    pressed: true,
    mends: { session: session.id, fault: fault.key },
  };
}

/** Nobody wrote one. What was said in the thread before is looked for before this. */
const messageIn = (thread: Thread, number: number, now: Ms): string =>
  thread.surface === "slack" ? (now / 1_000).toFixed(6) : `issue:${number}`;

/** The names stand on a line between two others: options are read on the first and the last one. */
const checksText = ({ head, names }: Extract<Fault, { is: "checks" }>): string =>
  `The checks failed on ${head.slice(0, 7)}, which was pushed for you.\n\nFailed: ${names}\n\nFind out why and mend it.`;

function conflictOrder({ base }: Extract<Fault, { is: "conflict" }>): string {
  const name = spelled(base);
  const what = `The pull request conflicts with \`${name}\`: merge it and resolve the conflicts.`;
  return `${what}\n\nIt is fetched already, as \`origin/${name}\`.\n\nCheck your work then.`;
}

const conflictText = (found: Card): string => `${linkTo(found)} conflicts with \`${spelled(found.base ?? "")}\`.`;

/** Told to people where the session does not see to it by itself. */
export function conflictConcern(session: Session, found: Card): Concern[] {
  const fault = faultOf(session, found);
  return fault?.is === "conflict" ? [{ key: fault.key, text: `${conflictText(found)} ${REMEDY}` }] : [];
}

/** The session is about to see to it. */
export function isInHand({ card }: Session, { by }: Concern): boolean {
  return by === undefined && card?.mending?.asking !== undefined;
}

/** The mention is in the inbox; what becomes of it is known by the session from here on. */
export function mendAsked(session: Session, { fault }: Extract<SessionEvent, { type: "mend.asked" }>): Plan {
  const { mending } = session.card ?? NOTHING;
  if (mending?.asking !== fault) return plan(session);
  const { asking: _, ...rest } = mending;
  return plan(withMending(session, rest));
}

/** Whether what it is to mend is still the newest there is, and nobody is at it. */
export function isStale({ turn, card, heads = [] }: Session, { fault }: Mends): boolean {
  const { seen } = card ?? NOTHING;
  if (turn || seen?.state !== "open") return true;
  return !fault.split(":", 2).includes(seen.head) || !heads.includes(seen.head);
}

/** As if it had not been tried: where that still fails when the turn is over, it is tried then. */
export function unmended(session: Session, { fault }: Mends): Plan {
  const { mending } = session.card ?? NOTHING;
  if (!mending?.tried.includes(fault)) return plan(session);
  const tried = mending.tried.filter((one) => one !== fault);
  return plan(withMending(session, { ...mending, tried, tries: Math.max(0, mending.tries - 1) }));
}

/** Whoever asked last may not any more, or a limit is reached: it waits for a person, and is not asked again. */
export function mendRefused(session: Session, { fault }: Mends, why: string): Plan {
  const found = session.card?.seen;
  const now = found && faultOf(session, found);
  if (!now || now.key !== fault) return plan(session);
  const what = now.is === "checks" ? `Checks failed on ${linkTo(found)}: ${now.names}.` : conflictText(found);
  return plan(told(session, now), ...toPerson(session, `${what} I do not see to it by myself: ${why} ${REMEDY}`));
}

/** A person who pushes something with a word of their own has had a look: then it may try again. A bot that answers each failure has not. */
export function pushedBy(session: Session, asks: Ask[], { commit }: Pick<TurnResult, "commit">): Session {
  const { mending, seen } = session.card ?? NOTHING;
  if (
    !mending ||
    asks.every(({ mends, author }) => mends || author.bot) ||
    commit === undefined ||
    commit === seen?.head
  )
    return session;
  const { gaveUp: _, ...rest } = mending;
  return withMending(session, { ...rest, tries: 0 });
}

/** Merged or closed: nothing wakes it by itself any more, and its machine need not wait for anybody. */
export function over(session: Session, found: Card, now: Ms): Plan {
  if (found.state === "open" || !isOwn(session)) return plan(session);
  const { card = NOTHING, turn } = session;
  const { asking: _, ...mending } = card.mending ?? NONE;
  const checking = session.checking.filter(({ mends }) => !mends);
  const queue = session.queue.filter(({ mends }) => !mends);
  const ended: Session = { ...session, checking, queue, card: { ...card, mending } };
  return turn ? overMeanwhile(ended, turn.thread, found) : asleepNow(ended, now);
}

function overMeanwhile(session: Session, thread: Thread, found: Card): Plan {
  const card = session.card ?? NOTHING;
  const key = `over:${found.number}:${found.state}`;
  if (card.told.includes(key) || session.turn?.phase.is === "publishing") return plan(session);
  const text = `${linkTo(found)} was ${found.state} while I work on it: what I push now is no part of it. What you ask for next begins on a new branch.`;
  return plan({ ...session, card: { ...card, told: [...card.told, key] } }, { do: "say", thread, text });
}

function asleepNow(session: Session, now: Ms): Plan {
  const { sandbox, queue, checking } = session;
  if (sandbox.is !== "ready" || queue.length > 0 || checking.length > 0) return plan(session);
  const sleep: Effect = { do: "sleep" };
  return plan({ ...session, sandbox: { ...sandbox, is: "falling-asleep", since: now } }, sleep);
}

function withMending(session: Session, mending: Mending): Session {
  const card: CardState = session.card ?? NOTHING;
  return { ...session, card: { ...card, mending } };
}
