/**
 * The card of a session's pull request. What GitHub tells of it is only a hint to look again: then it does not matter in which order
 * that comes, how often, and whether it says everything. What begins a turn of what was seen, and what ends the work, is in `mend.ts`.
 */
import { type Card, type CardState, concernsOf, looksLike } from "./card.ts";
import { addressee, isWatched, NOTHING, showing } from "./card-threads.ts";
import { threadKey } from "./correlation.ts";
import type { Effect, SessionEvent } from "./decision.ts";
import { conflictConcern, isInHand, mended, over, pushedBy } from "./mend.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ask, Mention, Ms, Session, TurnResult } from "./types.ts";

type Of<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;

/** A look whose timer or answer was lost somehow must not be the last one. */
const LOST_AFTER_MS = 60 * 60_000;
/** Of what people were told; older reviews and commits are not heard of any more. */
const MAX_TOLD = 50;

/** GitHub computes it within seconds of being asked; where it does not, the next hint asks again. */
const MAX_UNSETTLED = 5;

/** Something may have changed. It is looked at a moment later, once for all that happens until then. */
export function stirred(session: Session, now: Ms): Plan {
  if (!isWatched(session)) return plan(session);
  // The end of the turn looks by itself, behind its answer.
  if (session.turn?.phase.is === "publishing") return plan(session);
  const { card = NOTHING } = session;
  const { look } = card;
  if (!look || now - look.since > LOST_AFTER_MS) return arm(session, card, now);
  if (look.is === "armed" || look.again) return plan(session);
  return plan({ ...session, card: { ...card, look: { ...look, again: true } } });
}

/** Longer than GitHub takes to tell the rest of a review; who then still knows nothing of it is told by the card. */
const COMING_MS = 10 * 60_000;
const MAX_COMING = 20;

/** Somebody has submitted a review, which the agent may take up: until that is known, it is no news. */
export function reviewComing(session: Session, review: number, now: Ms): Plan {
  const others = awaited(session, now).filter((one) => one.review !== review);
  return plan({ ...session, coming: [...others, { review, since: now }].slice(-MAX_COMING) });
}

/** It is known now what it says; where the agent leaves it alone, people are told after all. */
export function reviewCame(session: Session, { review }: Mention, now: Ms): Plan {
  const coming = awaited(session, now).filter((one) => one.review !== review?.id);
  return coming.length === (session.coming?.length ?? 0) ? plan(session) : stirred({ ...session, coming }, now);
}

const awaited = ({ coming = [] }: Session, now: Ms): NonNullable<Session["coming"]> =>
  coming.filter(({ since }) => now - since < COMING_MS);

/** A turn is over: it may have pushed something. The first look goes out at once. */
export function turnOver(before: Session, asks: Ask[], result: Pick<TurnResult, "commit">, now: Ms): Plan {
  if (!isWatched(before)) return plan(before);
  const session = pushedBy(before, asks, result);
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
export function seen(session: Session, { card: found, unmended }: Of<"pull-request.seen">, now: Ms): Plan {
  const { card = NOTHING, pullRequest } = session;
  const { unsettled = 0, ...settled } = afterLook(card);
  const isUnsettled = found.state === "open" && found.conflict === "unknown" && unsettled < MAX_UNSETTLED;
  const looked = { ...settled, lookedAt: now, ...(isUnsettled ? { unsettled: unsettled + 1 } : {}) };
  const again = (next: CardState): Plan =>
    card.look?.again || isUnsettled ? arm(session, next, now) : plan({ ...session, card: next });
  if (found.number !== pullRequest?.number) return again(looked);
  const { doubted: _, ...rest } = looked;
  // GitHub answers from many machines, and some are behind the one that told of it.
  if (card.seen && found.updatedAt < card.seen.updatedAt && !card.doubted)
    return arm(session, { ...looked, doubted: true }, now);
  const kept = shownIn(again({ ...rest, seen: found }), found, card.seen);
  const done = then(kept, (current) => over(current, found, now));
  const going = then(done, (current) => (unmended ? plan(current) : mended(current, found, now)));
  return then(going, (current) => told(current, found, now));
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
const shownIn = (before: Plan, found: Card, was: Card | undefined): Plan =>
  then(before, (session) => {
    const isChanged = !was || !looksLike(was, found);
    const places = new Set(session.card?.places.map(({ thread }) => threadKey(thread)));
    const effects = showing(session)
      .filter((thread) => isChanged || !places.has(threadKey(thread)))
      .map((thread): Effect => ({ do: "show-card", thread }));
    return plan(session, ...effects);
  });

/** Once, in one place. While a turn goes on, or may begin, the agent may be at it; when it ends, it is looked at again. */
function told(session: Session, found: Card, now: Ms): Plan {
  if (session.turn || session.checking.length > 0) return plan(session);
  const { heard = [], ...card } = session.card ?? NOTHING;
  const concerns = [...concernsOf(found), ...conflictConcern(session, found)].filter((one) => !isInHand(session, one));
  const coming = new Set(awaited(session, now).map(({ review }) => `review:${review}`));
  const unheard = concerns.filter(({ key }) => !card.told.includes(key) && !coming.has(key));
  const next = { ...card, told: [...card.told, ...unheard.map(({ key }) => key)].slice(-MAX_TOLD) };
  const news = unheard.filter(({ by }) => by === undefined || !heard.includes(by));
  const { thread, pings } = addressee(session);
  return plan(
    { ...session, card: next },
    ...(thread ? news.map(({ text }): Effect => ({ do: "say", thread, text, pings })) : []),
  );
}
