/** The small algebra of `decide`: a session with the effects that were decided so far. */
import type { Effect } from "./decision.ts";
import type { Session } from "./types.ts";

export interface Plan {
  session: Session;
  effects: Effect[];
}

export const plan = (session: Session, ...effects: Effect[]): Plan => ({ session, effects });

/** Goes on from where a plan stands. */
export function then(before: Plan, next: (session: Session) => Plan): Plan {
  const after = next(before.session);
  return { session: after.session, effects: [...before.effects, ...after.effects] };
}
