/** Somebody edited what they had asked. It counts while that is not over; afterwards nothing begins because a typing error was mended. */
import { finish } from "./decide-turn.ts";
import { withConnecting } from "./identity.ts";
import { type Plan, plan } from "./plan.ts";
import type { Ask, Mention, Ms, Person, Session, Turn } from "./types.ts";

/** Is what its author asked with that message still being checked, waiting, or worked on? */
export function isUnderWay({ checking, connecting = [], queue, turn, undecided }: Session, edit: Edit): boolean {
  const waiting = [...(undecided ? [undecided.ask] : []), ...connecting];
  const asked = [
    ...checking.filter(({ corrects }) => corrects === undefined),
    ...[...queue, ...waiting, ...askedIn(turn)],
  ];
  return asked.some(isOf(edit));
}

type Edit = Pick<Mention, "author" | "corrects">;

/** Somebody can be asked to look into a message of somebody else: then its writer may not change what was asked. */
export const isOf =
  ({ author, corrects }: Edit) =>
  (one: Pick<Ask, "message" | "author">): boolean =>
    one.message === corrects && one.author.id === author.id && one.author.surface === author.surface;

/** The message that asked was deleted: what has not begun does not begin, what runs may be half done and is left to people. */
export function withdrawn(session: Session, mention: Mention, by: Person, now: Ms): Plan {
  const { queue, turn, undecided, ...rest } = session;
  const isIt = isOf(mention);
  const others = (asks: Ask[]) => asks.filter((ask) => !isIt(ask));
  const { connecting = [] } = session;
  if (connecting.some(isIt))
    return plan(
      withConnecting(
        session,
        connecting.filter((one) => !isIt(one)),
      ),
    );
  if (undecided && isIt(undecided.ask)) return plan({ ...rest, queue, turn });
  if (others(queue).length < queue.length) return plan({ ...session, queue: others(queue) });
  if (turn?.phase.is !== "waiting" || turn.attempt > 1)
    return plan(session, { do: "say", thread: mention.thread, text: GOES_ON });
  const asks = others(turn.asks);
  if (asks.length > 0) return plan({ ...session, turn: { ...turn, asks } });
  return finish(session, { outcome: "stopped", answer: "", stoppedBy: by.name }, now);
}

const GOES_ON = "The message that asked for this was deleted, and I am at it already. I go on; write `stop` to end it.";

/** Null where it has to be told to the turn, as an ask of its own. */
export function correctedInPlace(session: Session, edit: Edit, text: string): Plan | null {
  const { queue, turn } = session;
  const isIt = isOf(edit);
  const rewritten = (asks: Ask[]) => asks.map((ask) => (isIt(ask) ? { ...ask, text } : ask));
  if (queue.some(isIt)) return plan({ ...session, queue: rewritten(queue) });
  // The words of an earlier attempt are fixed.
  if (turn?.phase.is === "waiting" && turn.attempt === 1 && turn.asks.some(isIt))
    return plan({ ...session, turn: { ...turn, asks: rewritten(turn.asks) } });
  const last = askedIn(turn).findLast(isIt);
  return last?.text === text || last?.text === correctionText(text) ? plan(session) : null;
}

/** So that an agent does not take it for one more wish. */
export const correctionText = (text: string): string => `Correction of what I wrote: ${text}`;

/** What is being stopped or published changes no more. */
const askedIn = (turn: Turn | null): Ask[] =>
  !turn || turn.phase.is === "stopping" || turn.phase.is === "publishing" ? [] : turn.asks;
