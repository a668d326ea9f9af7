/** What is to be done: effects that were decided and are not over. */
import { sql } from "kysely";
import type { Effect, NumberedEffect } from "../core/decision.ts";
import type { Database, Tx } from "./database.ts";
import { storable, toJson } from "./json.ts";

export interface PendingEffect {
  id: string;
  effect: Effect;
  attempts: number;
}

/** Part of `createStore`. */
export function effectQuestions(db: Database) {
  return {
    /** Part of `save`. */
    async addEffects(tx: Tx, session: string, effects: NumberedEffect[]): Promise<void> {
      if (effects.length === 0) return;
      const rows = effects.map(({ id, effect }) => ({ id, session_id: session, effect: toJson(effect) }));
      await tx.insertInto("effects").values(rows).execute();
    },

    /** In the order in which they were decided. */
    async pendingEffects(tx: Tx | null, session: string): Promise<PendingEffect[]> {
      return (tx ?? db)
        .selectFrom("effects")
        .select(["id", "effect", "attempts"])
        .where("session_id", "=", session)
        .where("done_at", "is", null)
        .orderBy("seq")
        .execute();
    },

    /** How much there is to do in all sessions, counted up to `max`, and since when. */
    async pendingNow(max: number): Promise<{ effects: number; oldestAt: Date | null }> {
      const some = db.selectFrom("effects").select("created_at").where("done_at", "is", null).limit(max).as("some");
      const { effects, oldestAt } = await db
        .selectFrom(some)
        .select(({ fn }) => [fn.countAll<number>().as("effects"), fn.min("created_at").as("oldestAt")])
        .executeTakeFirstOrThrow();
      return { effects, oldestAt };
    },

    /** Before an effect goes out: from now on it may have happened. */
    async countAttempt(tx: Tx, id: string): Promise<void> {
      await tx
        .updateTable("effects")
        .set((eb) => ({ attempts: eb("attempts", "+", 1), begun_at: eb.fn.coalesce("begun_at", sql<Date>`now()`) }))
        .where("id", "=", id)
        .execute();
    },

    /** It is over: done, or given up with this error. */
    async finishEffect(tx: Tx, id: string, by: { bot: string; error: string | null }): Promise<void> {
      const { bot, error } = by;
      await tx
        .updateTable("effects")
        .set({ done_at: sql`now()`, done_by: bot, error: error && storable(error) })
        .where("id", "=", id)
        .execute();
    },
  };
}
