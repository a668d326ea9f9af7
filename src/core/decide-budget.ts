/** Somebody raises what a session may cost: written down in its thread, and what was stopped for its budget goes on. */
import { isSpent, withRaise } from "./budget.ts";
import { money, startOfDay } from "./limits.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ask, Mention, Ms, Person, Session, Turn } from "./types.ts";

export interface Raise {
  mention: Mention;
  by: Person;
  dollars: number;
  /** Why they may not; null when they may. Left out: nobody has found out. */
  refused: string | null | undefined;
}

/** `again`: the asks of a turn, once more. */
export function raised(
  session: Session,
  { mention, by, dollars, refused }: Raise,
  again: (session: Session, asks: Ask[]) => Plan,
  now: Ms,
): Plan {
  if (refused !== null) return plan(session, { do: "refuse", mention, text: refused ?? NOT_NOW });
  // Edited twice, one message would count three times.
  if (mention.corrects !== undefined) return plan(session, { do: "refuse", mention, text: ANEW });
  if (!(dollars > 0)) return plan(session, { do: "refuse", mention, text: NOTHING });
  const stopped = stoppedAsks(session);
  const raisedBy = withRaise(session, dollars, startOfDay(now), session.turn !== null && !isGoingOn(session.turn));
  const said = `${by.name} raised what this session may cost by ${money(dollars)}, which makes ${money(raisedBy.raised?.dollars ?? dollars)} by now.`;
  const goesOn = stopped ? " I go on." : "";
  const audit = plan(raisedBy, { do: "say", thread: mention.thread, text: `${said}${goesOn}` });
  return stopped ? then(audit, (current) => again(current, stopped)) : audit;
}

const NOT_NOW = "I could not find out whether you may raise budgets. Say it again.";
const ANEW = "Say that in a message of its own: one that was edited raises nothing.";
const NOTHING = "Say by how many dollars: `budget +5`.";

const isGoingOn = ({ phase }: Turn): boolean => phase.is !== "stopping" && phase.is !== "publishing";

/** What was asked of the turn that a budget has ended, or ends just now. Null too where somebody was faster: then it goes on already. */
function stoppedAsks({ turn, spent, last, raised: before }: Session): Ask[] | null {
  if (!turn) return spent ? last : null;
  if (before?.next) return null;
  const isStopped = turn.phase.is === "stopping" && turn.phase.failure && isSpent(turn.phase.failure);
  return isStopped ? turn.asks : null;
}
