/** What is to be done: effects that were decided and are not over. */
import { sql } from "kysely";
import type { Effect } from "../core/decision.ts";
import type { Database, Tx } from "./database.ts";
import { storable } from "./json.ts";

/** Whose right it is to write about a session: see `engine/claim.ts`. */
export interface Fence {
  session: string;
  epoch: number;
}

export interface PendingEffect {
  id: string;
  effect: Effect;
  attempts: number;
}

/** Part of `createStore`. */
export function effectQuestions(db: Database) {
  return {
    /** How much there is to do in all sessions, counted up to `max`, and since when. */
    async pendingNow(max: number): Promise<{ effects: number; oldestAt: Date | null }> {
      const some = db.selectFrom("effects").select("created_at").where("done_at", "is", null).limit(max).as("some");
      const { effects, oldestAt } = await db
        .selectFrom(some)
        .select(({ fn }) => [fn.countAll<number>().as("effects"), fn.min("created_at").as("oldestAt")])
        .executeTakeFirstOrThrow();
      return { effects, oldestAt };
    },

    /** Before an effect goes out: from now on it may have happened. False when another bot has claimed the session. */
    async countAttempt(fence: Fence, id: string): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable("effects")
        .set((eb) => ({ attempts: eb("attempts", "+", 1), begun_at: eb.fn.coalesce("begun_at", sql<Date>`now()`) }))
        .where("id", "=", id)
        .where("session_id", "=", held(fence))
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** It is over: done, or given up with this error. False when another bot has claimed the session. */
    async finishEffect(
      tx: Tx | null,
      fence: Fence,
      { id, bot, error }: { id: string; bot: string; error: string | null },
    ): Promise<boolean> {
      const { numUpdatedRows } = await (tx ?? db)
        .updateTable("effects")
        .set({ done_at: sql`now()`, done_by: bot, error: error && storable(error) })
        .where("id", "=", id)
        .where("session_id", "=", held(fence))
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}

/** The session, locked as `lock` does it, while it is still theirs: one statement instead of a transaction of four. */
const held = ({ session, epoch }: Fence) =>
  sql<string>`(select id from sessions where id = ${session} and epoch = ${epoch} for no key update)`;
