/** What people think of answers: written down by turn and person, told with the story of a session. */
import { sql } from "kysely";
import type { Feedback, FeedbackReceipt } from "../core/feedback.ts";
import type { Ms } from "../core/types.ts";
import type { Database, Tx } from "./database.ts";
import { storable } from "./json.ts";

export interface RecordedFeedback {
  receipt: FeedbackReceipt;
  /** Whose turn it was about; absent where there is none. */
  about?: { session: string; turn: string };
}

/** Part of `createStore`. */
export function feedbackQuestions(db: Database) {
  return {
    /** `at` is when it was said; what was said before the word that is kept changes nothing. */
    async recordFeedback({ on, by, value, reason }: Feedback, at: Ms): Promise<RecordedFeedback> {
      const said = reason === undefined ? null : storable(reason);
      const { rows } = await sql<{ turn: string; session: string; before: string | null; saved: boolean }>`
        with meant as (select id, session_id from turns where ${meant(on)} and not emptied limit 1),
        saved as (
          insert into feedback as kept (turn, surface, person, value, reason, at)
          select id, ${by.surface}, ${by.id}, ${value}, ${said}, ${new Date(at)} from meant
          on conflict (turn, surface, person) do update set value = excluded.value, at = excluded.at,
            reason = case when excluded.value = 'bad' then coalesce(excluded.reason, kept.reason) end
          where kept.at <= excluded.at
          returning turn)
        select meant.id as turn, meant.session_id as session, before.value as before,
          exists (select from saved) as saved
        from meant left join feedback before
          on before.turn = meant.id and before.surface = ${by.surface} and before.person = ${by.id}`.execute(db);
      const [row] = rows;
      if (!row) return { receipt: "unknown" };
      const about = { session: row.session, turn: row.turn };
      if (row.before === null) return { receipt: "new", about };
      return { receipt: row.saved && row.before !== value ? "changed" : "same", about };
    },

    /** What the surface calls the first message of a turn's answer. */
    async saveAnswerRef(tx: Tx, turn: string, ref: string): Promise<void> {
      await tx.updateTable("turns").set({ answer_ref: ref }).where("id", "=", turn).execute();
    },

    /** Null where it was not posted. */
    async answerRef(turn: string): Promise<string | null> {
      const row = await db.selectFrom("turns").select("answer_ref").where("id", "=", turn).executeTakeFirst();
      return row?.answer_ref ?? null;
    },
  };
}

const meant = (on: Feedback["on"]) =>
  "turn" in on
    ? sql`id = ${on.turn}`
    : sql`answer_ref = ${on.message} and turn #>> '{thread,channel}' = ${on.channel}
        and turn #>> '{thread,team}' = ${on.team}`;
