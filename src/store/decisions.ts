/** What was decided on sessions: their new state, what is to be done, and why. One statement, so that none of the three is without the others. */
import { sql } from "kysely";
import type { Decision } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import type { Tx } from "./database.ts";
import { toJson } from "./json.ts";

/** One event that a session was told, as it is remembered. */
export interface Reason {
  /** Null for a command of an operator. */
  bot: string | null;
  event: string;
  /** What of it a person wants to know; never a secret. */
  about: object;
}

export interface Decided {
  before: Session;
  decision: Decision;
  reason: Reason;
}

/** Part of `save`, in the order in which they were decided: the same session may be among them more than once. */
export async function saveDecisions(tx: Tx, all: Decided[]): Promise<void> {
  const states = new Map(all.map(({ decision: { session } }) => [session.id, { id: session.id, state: session }]));
  const effects = all.flatMap(({ decision }) =>
    decision.effects.map((one) => ({ ...one, session: decision.session.id })),
  );
  const reasons = all.map(({ decision, reason }) => ({
    ...reason,
    session: decision.session.id,
    effects: decision.effects.map(({ id }) => id),
  }));
  await sql`
    with saved as (
      update sessions s set state = g.state, updated_at = now()
      from jsonb_to_recordset(${toJson([...states.values()])}) as g(id text, state jsonb)
      where s.id = g.id
    ), added as (
      insert into effects (id, session_id, effect)
      select id, session, effect from jsonb_to_recordset(${toJson(effects)}) as g(id text, session text, effect jsonb)
    )
    insert into decisions (session_id, bot, event, about, effects)
    select session, bot, event, about, effects
    from jsonb_to_recordset(${toJson(reasons)}) as g(session text, bot text, event text, about jsonb, effects text[])
  `.execute(tx);
}
