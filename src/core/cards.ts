/**
 * The card of a session's pull request. What GitHub tells of it is only a hint to look again: then it does not matter in which order
 * that comes, how often, and whether it says everything. Nothing here begins a turn.
 */
import { type Card, type CardState, concernsOf, looksLike } from "./card.ts";
import { threadKey } from "./correlation.ts";
import type { Effect, SessionEvent } from "./decision.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ask, Ms, Session, Thread } from "./types.ts";

type Of<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;

/** A look whose timer or answer was lost somehow must not be the last one. */
const LOST_AFTER_MS = 60 * 60_000;
/** Of what people were told; older reviews and commits are not heard of any more. */
const MAX_TOLD = 50;

const NOTHING: CardState = { places: [], told: [] };

/** The threads in which there is a card. On GitHub the pull request itself stands, and a terminal and the local page edit nothing for people who have gone. */
const showing = ({ threads }: Session): Thread[] => threads.filter(({ surface }) => surface === "slack");

/** Something may have changed. It is looked at a moment later, once for all that happens until then. */
export function stirred(session: Session, now: Ms): Plan {
  if (!session.pullRequest || showing(session).length === 0) return plan(session);
  // The end of the turn looks by itself, behind its answer.
  if (session.turn?.phase.is === "publishing") return plan(session);
  const { card = NOTHING } = session;
  const { look } = card;
  if (!look || now - look.since > LOST_AFTER_MS) return arm(session, card, now);
  if (look.is === "armed" || look.again) return plan(session);
  return plan({ ...session, card: { ...card, look: { ...look, again: true } } });
}

/** A turn is over: it may have pushed something. The first look goes out at once. */
export function turnOver(session: Session, asks: Ask[], now: Ms): Plan {
  if (!session.pullRequest || showing(session).length === 0) return plan(session);
  const asked = asks.findLast(({ author, thread }) => thread.surface === "slack" && author.surface === "slack");
  const { card = NOTHING } = session;
  const heard = asks.filter(({ author }) => author.surface === "github").map(({ author }) => author.name);
  const known: CardState = {
    ...card,
    ...(asked ? { asked: { thread: asked.thread, author: asked.author } } : {}),
    ...(heard.length > 0 ? { heard } : {}),
  };
  const told = { ...session, card: known };
  return known.seen || known.look ? stirred(told, now) : look(told, known, now);
}

/** The time for a look has come. */
export function lookDue(session: Session, now: Ms): Plan {
  const { card } = session;
  return card?.look?.is === "armed" ? look(session, card, now) : plan(session);
}

/** What was seen. */
export function seen(session: Session, { card: found }: Of<"pull-request.seen">, now: Ms): Plan {
  const { card = NOTHING, pullRequest } = session;
  const looked = { ...afterLook(card), lookedAt: now };
  const again = (next: CardState): Plan =>
    card.look?.again ? arm(session, next, now) : plan({ ...session, card: next });
  if (found.number !== pullRequest?.number) return again(looked);
  const { doubted: _, ...rest } = looked;
  // GitHub answers from many machines, and some are behind the one that told of it.
  if (card.seen && found.updatedAt < card.seen.updatedAt && !card.doubted)
    return arm(session, { ...looked, doubted: true }, now);
  return then(again({ ...rest, seen: found }), (current) => told(shown(current, found, card.seen), found));
}

/** It could not be looked at. */
export function unlooked(session: Session, now: Ms): Plan {
  const { card } = session;
  if (!card) return plan(session);
  const next = { ...afterLook(card), lookedAt: now };
  return card.look?.again ? arm(session, next, now) : plan({ ...session, card: next });
}

/** It stands in that thread. */
export function cardShown(session: Session, { thread, ref }: Of<"card.shown">): Plan {
  const { card = NOTHING } = session;
  const others = card.places.filter((place) => threadKey(place.thread) !== threadKey(thread));
  return plan({ ...session, card: { ...card, places: [...others, { thread, ref }] } });
}

function arm(session: Session, card: CardState, now: Ms): Plan {
  const since = card.lookedAt ?? null;
  return plan(
    { ...session, card: { ...card, look: { is: "armed", since: now } } },
    { do: "wake-me", when: "look", since },
  );
}

function look(session: Session, card: CardState, now: Ms): Plan {
  return plan({ ...session, card: { ...card, look: { is: "under-way", since: now } } }, { do: "look-at-pull-request" });
}

function afterLook({ look: _, ...card }: CardState): CardState {
  return card;
}

/** Where it changed, and where it does not stand yet. */
function shown(session: Session, found: Card, before: Card | undefined): Plan {
  const isChanged = !before || !looksLike(before, found);
  const places = new Set(session.card?.places.map(({ thread }) => threadKey(thread)));
  const effects = showing(session)
    .filter((thread) => isChanged || !places.has(threadKey(thread)))
    .map((thread): Effect => ({ do: "show-card", thread }));
  return plan(session, ...effects);
}

/** Once, in one place. While a turn goes on, or may begin, the agent may be at it; when it ends, it is looked at again. */
function told(before: Plan, found: Card): Plan {
  return then(before, (session) => {
    if (session.turn || session.checking.length > 0) return plan(session);
    const { heard = [], ...card } = session.card ?? NOTHING;
    const unheard = concernsOf(found).filter(({ key }) => !card.told.includes(key));
    const next = { ...card, told: [...card.told, ...unheard.map(({ key }) => key)].slice(-MAX_TOLD) };
    const news = unheard.filter(({ by }) => by === undefined || !heard.includes(by));
    const { thread, pings } = addressee(session);
    return plan(
      { ...session, card: next },
      ...(thread ? news.map(({ text }): Effect => ({ do: "say", thread, text, pings })) : []),
    );
  });
}

/** Whoever asked last, where they asked; nobody by name where that is not known, or where the thread has left. */
function addressee(session: Session) {
  const threads = showing(session);
  const { asked } = session.card ?? NOTHING;
  const thread = threads.find((one) => asked && threadKey(one) === threadKey(asked.thread));
  return { thread: thread ?? threads[0], pings: thread && asked ? [asked.author] : [] };
}
