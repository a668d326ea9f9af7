/** What the turns of a session did, for those who read it on GitHub. */
import { sql } from "kysely";
import type { Turn, TurnResult } from "../core/types.ts";
import type { Database } from "./database.ts";

/** A turn that pushed something. */
export interface PushedTurn {
  id: string;
  turn: Pick<Turn, "asks" | "thread">;
  result: TurnResult;
  /** Where its answer stands; null before, and where nobody knows. */
  answerRef: string | null;
  /** What was said in it was deleted, because it is old. */
  emptied: boolean;
}

/** What an agent said or ran, as far as a report has room for it. */
export interface ToldStep {
  type: "text" | "tool.started" | "tool.ended";
  message: number | null;
  call: string | null;
  text: string | null;
  ok: boolean | null;
  durationMs: number | null;
}

/** More than a session has. */
const MAX_TURNS = 500;
/** More than a report has room for; the newest. */
const MAX_STEPS = 1_000;
const MAX_STEP_CHARS = 2_000;

/** Part of `createStore`. */
export function reportQuestions(db: Database) {
  return {
    /** Oldest first. A session's tip is told again at the end of each turn; those that left it where it was have pushed nothing. */
    async pushes(session: string): Promise<PushedTurn[]> {
      const rows = await db
        .selectFrom("turns")
        .select(["id", "turn", "result", "answer_ref", "emptied"])
        .where("session_id", "=", session)
        .where(sql<boolean>`result->>'commit' is not null`)
        .orderBy("started_at", "desc")
        .limit(MAX_TURNS)
        .execute();
      let tip: string | undefined;
      return rows.toReversed().flatMap(({ id, turn, result, answer_ref: answerRef, emptied }) => {
        if (result === null || result.commit === tip) return [];
        tip = result.commit;
        return [{ id, turn, result, answerRef, emptied }];
      });
    },

    /** What the agent told in that turn, oldest first. */
    async toldSteps(session: string, turn: string): Promise<ToldStep[]> {
      const { rows } = await sql<ToldStep>`
        select event->>'type' as type, (event->>'message')::int as message, event->>'call' as call, (event->>'ok')::boolean as ok,
          (event->>'durationMs')::float8 as "durationMs",
          left(coalesce(event->>'title', event->>'text'), ${MAX_STEP_CHARS}::int) as text
        from (
          select cursor, entry->'event' as event from transcript
          where session_id = ${session} and entry->'event'->>'turn' = ${turn}
            and not raw and entry->'event'->>'type' in ('text', 'tool.started', 'tool.ended')
          order by cursor desc limit ${MAX_STEPS}
        ) told
        order by cursor`.execute(db);
      return rows;
    },
  };
}
