/** Sessions and their keys: found, minted, claimed by one bot at a time. */
import { sql } from "kysely";
import type { Branch } from "../core/incoming.ts";
import type { CorrelationKey, Session } from "../core/types.ts";
import type { StreamPosition } from "../wire/events.ts";
import type { Database, Tx } from "./database.ts";

/** Each is told in a transaction of its own before GitHub is answered, which waits ten seconds. */
const MAX_ONTO = 100;

/** Part of `createStore`. */
export function sessionQuestions(db: Database) {
  return {
    /** The session that holds one of these keys. */
    async sessionOf(...keys: [CorrelationKey, ...CorrelationKey[]]): Promise<string | null> {
      const row = await db.selectFrom("keys").select("session_id").where("key", "in", keys).limit(1).executeTakeFirst();
      return row?.session_id ?? null;
    },

    /** Those with an open pull request onto that branch, as far as they were looked at; the newest, where there are very many. */
    async sessionsOnto({ repository, name }: Branch): Promise<string[]> {
      const { rows } = await sql<{ id: string }>`
        select id from sessions
        where state #>> '{work,repository,id}' = ${repository} and state #>> '{card,seen,base}' = ${name}
          and state #>> '{card,seen,state}' = 'open'
        order by updated_at desc limit ${MAX_ONTO}`.execute(db);
      return rows.map(({ id }) => id);
    },

    /** Takes the key where nobody has it, or from whoever has it when it `takes`; false when another session holds it. */
    async claimKey(tx: Tx, session: string, key: CorrelationKey, takes: boolean): Promise<boolean> {
      await tx
        .insertInto("keys")
        .values({ key, session_id: session })
        .onConflict((conflict) =>
          takes ? conflict.column("key").doUpdateSet({ session_id: session }) : conflict.column("key").doNothing(),
        )
        .execute();
      const row = await tx.selectFrom("keys").select("session_id").where("key", "=", key).executeTakeFirst();
      return row?.session_id === session;
    },

    /** Lets go of those of the keys that the session holds; whoever is the next to come by them has them. */
    async unclaim(tx: Tx, session: string, keys: CorrelationKey[]): Promise<void> {
      await tx.deleteFrom("keys").where("session_id", "=", session).where("key", "in", keys).execute();
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

    /** How far its stream was read; null where there is no such session. */
    async streamPosition(id: string): Promise<StreamPosition | null> {
      const row = await db
        .selectFrom("sessions")
        .select(["stream_epoch", "stream_cursor"])
        .where("id", "=", id)
        .executeTakeFirst();
      return row ? { epoch: row.stream_epoch, cursor: row.stream_cursor } : null;
    },

    /** Sessions that a bot of this name holds; after its restart they are nobody's. */
    async heldBy(owner: string): Promise<string[]> {
      return (await db.selectFrom("sessions").select("id").where("owner", "=", owner).execute()).map((row) => row.id);
    },

    /** Nobody holds it any more, and pages hear of it; false, and it stays held, while there is something to do. */
    async release(tx: Tx, id: string): Promise<boolean> {
      const { rows } = await sql`
        with released as (
          update sessions set owner = null
          where id = ${id} and not exists (select from effects where session_id = ${id} and done_at is null)
          returning id
        )
        select pg_notify('threadbox_news', 'session:' || id) from released`.execute(tx);
      return rows.length > 0;
    },
  };
}
