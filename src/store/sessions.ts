/** Sessions and their keys: found, minted, claimed by one bot at a time. */
import { sql } from "kysely";
import type { CorrelationKey, Session } from "../core/types.ts";
import type { StreamPosition } from "../wire/events.ts";
import type { Database, Tx } from "./database.ts";
import { toJson } from "./json.ts";

/** Part of `createStore`. */
export function sessionQuestions(db: Database) {
  return {
    /** The session of the first key that has one. */
    async sessionOf(tx: Tx | null, keys: CorrelationKey[]): Promise<string | null> {
      if (keys.length === 0) return null;
      const rows = await (tx ?? db).selectFrom("keys").select(["key", "session_id"]).where("key", "in", keys).execute();
      const byKey = new Map(rows.map((row) => [row.key, row.session_id]));
      return keys.map((key) => byKey.get(key)).find((id) => id !== undefined) ?? null;
    },

    /**
     * Stores a new session with its keys, or gives back the session that another transaction has just minted for one of them:
     * the insert waits for that transaction, so two mentions at once for a new thread make one session.
     */
    async mint(tx: Tx, session: Session, keys: CorrelationKey[]): Promise<string> {
      await tx
        .insertInto("sessions")
        .values({ id: session.id, owner: null, state: toJson(session), stream_epoch: null })
        .execute();
      const taken = await this.claimKeys(tx, session.id, keys);
      if (taken.length === 0) return session.id;
      await tx.deleteFrom("sessions").where("id", "=", session.id).execute();
      return (await this.sessionOf(tx, taken)) ?? session.id;
    },

    /** Takes the keys that nobody has; gives back those that another session holds. */
    async claimKeys(tx: Tx | null, session: string, keys: CorrelationKey[]): Promise<CorrelationKey[]> {
      if (keys.length === 0) return [];
      // In one order for everybody, or two transactions with the same two keys wait for each other.
      const sorted = [...new Set(keys)].sort();
      await (tx ?? db)
        .insertInto("keys")
        .values(sorted.map((key) => ({ key, session_id: session })))
        .onConflict((conflict) => conflict.column("key").doNothing())
        .execute();
      const rows = await (tx ?? db)
        .selectFrom("keys")
        .select("key")
        .where("key", "in", sorted)
        .where("session_id", "<>", session)
        .execute();
      return keys.filter((key) => rows.some((row) => row.key === key));
    },

    /**
     * Locks the session until the end of the transaction. Not `for update`: that waits for the share locks which rows of other
     * transactions that point at the session hold, and two of those would wait for each other.
     * Null when it is not there, or another bot has claimed it since `epoch`.
     */
    async lock(tx: Tx, id: string, epoch: number | null): Promise<Session | null> {
      const row = await tx
        .selectFrom("sessions")
        .select(["state", "epoch"])
        .where("id", "=", id)
        .forNoKeyUpdate()
        .executeTakeFirst();
      return row && (epoch === null || row.epoch === epoch) ? row.state : null;
    },

    /** Takes the session for this bot: everything that an earlier holder writes from now on is refused. */
    async claim(tx: Tx, id: string, owner: string): Promise<{ epoch: number; stream: StreamPosition } | null> {
      const row = await tx
        .updateTable("sessions")
        .set((eb) => ({ epoch: eb("epoch", "+", 1), owner }))
        .where("id", "=", id)
        .returning(["epoch", "stream_epoch", "stream_cursor"])
        .executeTakeFirst();
      if (!row) return null;
      return { epoch: row.epoch, stream: { epoch: row.stream_epoch, cursor: row.stream_cursor } };
    },

    /** Sessions that a bot of this name holds; after its restart they are nobody's. */
    async heldBy(owner: string): Promise<string[]> {
      return (await db.selectFrom("sessions").select("id").where("owner", "=", owner).execute()).map((row) => row.id);
    },

    /** Part of `save`. */
    async saveState(tx: Tx, session: Session): Promise<void> {
      await tx
        .updateTable("sessions")
        .set({ state: toJson(session), updated_at: sql`now()` })
        .where("id", "=", session.id)
        .execute();
    },

    /** Nobody holds it any more. */
    async release(tx: Tx, id: string): Promise<void> {
      await tx.updateTable("sessions").set({ owner: null }).where("id", "=", id).execute();
    },
  };
}
