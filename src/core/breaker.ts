/**
 * Two bots that answer each other would go on for ever, at the price of a turn each time. Where bots alone have asked that often within
 * an hour, they are heard no more until a person asks there; that is said once. Pure.
 */
import type { Mention, Ms, Person, Session } from "./types.ts";

/** What bots have asked for in a session since a person last did. */
export interface ByBots {
  /** Within the last hour, oldest first. */
  at: Ms[];
  /** Nobody but a person is heard any more, and that was said. */
  paused?: true;
}

/** No bot that does something useful needs more: one that keeps dependencies fresh asks a few times a day. */
export const MAX_BY_BOTS = 10;
const WITHIN_MS = 60 * 60_000;

export type Breaker =
  | { is: "heard"; session: Session }
  /** `text` the first time. */
  | { is: "paused"; session: Session; text: string | null };

/** Whether what this author says is heard, and what is remembered of that. `asks`: it asks for work, and is no `status`. */
export function breaker(session: Session, author: Person, { asks, now }: { asks: boolean; now: Ms }): Breaker {
  const { byBots, ...plain } = session;
  if (!author.bot) return { is: "heard", session: byBots && asks ? plain : session };
  if (byBots?.paused) return { is: "paused", session, text: null };
  if (!asks) return { is: "heard", session };
  const recent = (byBots?.at ?? []).filter((at) => now - at < WITHIN_MS);
  if (recent.length >= MAX_BY_BOTS)
    return { is: "paused", session: { ...session, byBots: { at: recent, paused: true } }, text: PAUSED };
  return { is: "heard", session: { ...session, byBots: { at: [...recent, now] } } };
}

const PAUSED = `Bots have asked for ${MAX_BY_BOTS} things here within an hour, and no person for any. I leave them alone here until a person asks me for something.`;

/** What an account says that nobody answers for counts where it names us, and is no reply to all and sundry. */
export const isToEverybody = (author: Person, { addressed, mends }: Mention): boolean =>
  author.bot === true && !addressed && !mends;
