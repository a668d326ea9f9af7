/** What came in: stored once, and waiting until its session is known. */
import type { Database, Tx } from "./database.ts";
import { toJson } from "./json.ts";
import type { Incoming } from "./tables.ts";

/** Part of `createStore`. */
export function inboxQuestions(db: Database) {
  return {
    /** Stores what came in. Null when the same thing is there already. */
    async remember(
      tx: Tx,
      { dedupe, bot }: { dedupe: string; bot: string | null },
      incoming: Incoming,
      session: string | null,
    ): Promise<number | null> {
      const row = await tx
        .insertInto("inbox")
        .values({ dedupe, session_id: session, body: toJson(incoming), received_by: bot })
        .onConflict((conflict) => conflict.column("dedupe").doNothing())
        .returning("seq")
        .executeTakeFirst();
      return row?.seq ?? null;
    },

    /** An inbox row that waits for its session, or null when it has one (or is gone). */
    async waiting(seq: number): Promise<Incoming | null> {
      const row = await db
        .selectFrom("inbox")
        .select("body")
        .where("seq", "=", seq)
        .where("session_id", "is", null)
        .executeTakeFirst();
      return row?.body ?? null;
    },

    /** Gives a waiting row its session; false when somebody else has done it. */
    async assign(tx: Tx, seq: number, session: string): Promise<boolean> {
      const done = await tx
        .updateTable("inbox")
        .set({ session_id: session })
        .where("seq", "=", seq)
        .where("session_id", "is", null)
        .executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },
  };
}
