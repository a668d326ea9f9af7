/** Somebody edited what they had asked. It counts while that is not over; afterwards nothing begins because a typing error was mended. */
import { finish } from "./decide-turn.ts";
import { type Plan, plan } from "./plan.ts";
import type { Ask, Mention, Ms, Person, Session, Turn } from "./types.ts";

/** Is what was asked with that message still being checked, waiting, or worked on? */
export function isUnderWay({ checking, queue, turn }: Session, message: string): boolean {
  const asked = [...checking.filter(({ corrects }) => corrects === undefined), ...queue, ...askedIn(turn)];
  return asked.some((one) => one.message === message);
}

/** The message that asked was deleted: what has not begun does not begin, what runs may be half done and is left to people. */
export function withdrawn(session: Session, { corrects, thread }: Mention, by: Person, now: Ms): Plan {
  const { queue, turn } = session;
  const others = (asks: Ask[]) => asks.filter((ask) => ask.message !== corrects);
  if (others(queue).length < queue.length) return plan({ ...session, queue: others(queue) });
  if (turn?.phase.is !== "waiting" || turn.attempt > 1) return plan(session, { do: "say", thread, text: GOES_ON });
  const asks = others(turn.asks);
  if (asks.length > 0) return plan({ ...session, turn: { ...turn, asks } });
  const durationMs = now - turn.startedAt;
  return finish(session, { outcome: "stopped", answer: "", stoppedBy: by.name, durationMs }, now);
}

const GOES_ON = "The message that asked for this was deleted, and I am at it already. I go on; write `stop` to end it.";

/** Null where it has to be told to the turn, as an ask of its own. */
export function correctedInPlace(session: Session, corrects: string, text: string): Plan | null {
  const { queue, turn } = session;
  const rewritten = (asks: Ask[]) => asks.map((ask) => (ask.message === corrects ? { ...ask, text } : ask));
  const isIn = (asks: Ask[]) => asks.some((ask) => ask.message === corrects);
  if (isIn(queue)) return plan({ ...session, queue: rewritten(queue) });
  // The words of an earlier attempt are fixed.
  if (turn?.phase.is === "waiting" && turn.attempt === 1 && isIn(turn.asks))
    return plan({ ...session, turn: { ...turn, asks: rewritten(turn.asks) } });
  const last = askedIn(turn).findLast((ask) => ask.message === corrects);
  return last?.text === text || last?.text === correctionText(text) ? plan(session) : null;
}

/** So that an agent does not take it for one more wish. */
export const correctionText = (text: string): string => `Correction of what I wrote: ${text}`;

/** What is being stopped or published changes no more. */
const askedIn = (turn: Turn | null): Ask[] =>
  !turn || turn.phase.is === "stopping" || turn.phase.is === "publishing" ? [] : turn.asks;
