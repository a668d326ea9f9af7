/**
 * One method per question that the engine asks. Writes that belong together happen inside `transaction`;
 * the holder of a session passes the epoch that it claimed with, and is refused when another bot has claimed since.
 */
import { sql } from "kysely";
import type { Effect, NumberedEffect } from "../core/decision.ts";
import type { CorrelationKey, KeyLink, Mention, Progress, Session, TurnResult } from "../core/types.ts";
import type { JournalEntry } from "../wire/events.ts";
import type { Database, Tx } from "./database.ts";

export interface PendingEffect {
  id: string;
  effect: Effect;
  attempts: number;
}

export interface StreamPosition {
  epoch: string | null;
  cursor: number;
}

export interface TurnRow {
  prompt: string | null;
  progress: Progress | null;
  progressRef: string | null;
}

export type Incoming = { mention: Mention } | { link: KeyLink };

export type Store = ReturnType<typeof createStore>;

export function createStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction().execute(work),

    /** Stores what came in. Null when the same thing is there already. */
    async remember(tx: Tx, dedupe: string, incoming: Incoming, session: string | null): Promise<number | null> {
      const row = await tx
        .insertInto("inbox")
        .values({ dedupe, session_id: session, body: JSON.stringify(incoming) })
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

    async assign(tx: Tx, seq: number, session: string): Promise<boolean> {
      const done = await tx
        .updateTable("inbox")
        .set({ session_id: session })
        .where("seq", "=", seq)
        .where("session_id", "is", null)
        .executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },

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
        .values({ id: session.id, owner: null, state: JSON.stringify(session), stream_epoch: null })
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

    async save(tx: Tx, session: Session, effects: NumberedEffect[]): Promise<void> {
      await tx
        .updateTable("sessions")
        .set({ state: JSON.stringify(session), updated_at: sql`now()` })
        .where("id", "=", session.id)
        .execute();
      if (session.turn) await saveTurn(tx, session);
      if (effects.length === 0) return;
      await tx
        .insertInto("effects")
        .values(
          effects.map(({ id, effect }) => ({
            id,
            session_id: session.id,
            effect: JSON.stringify(effect),
            done_at: null,
            error: null,
          })),
        )
        .execute();
    },

    /** Takes the session for this bot: everything that an earlier holder writes from now on is refused. */
    async claim(id: string, owner: string): Promise<{ epoch: number; stream: StreamPosition } | null> {
      const row = await db
        .updateTable("sessions")
        .set((eb) => ({ epoch: eb("epoch", "+", 1), owner }))
        .where("id", "=", id)
        .returning(["epoch", "stream_epoch", "stream_cursor"])
        .executeTakeFirst();
      if (!row) return null;
      return { epoch: row.epoch, stream: { epoch: row.stream_epoch, cursor: row.stream_cursor } };
    },

    /** What the holder sees when it looks: the session and what is to be done. Null when another bot has claimed it. */
    async look(id: string, epoch: number): Promise<{ session: Session; pending: PendingEffect[] } | null> {
      const row = await db
        .selectFrom("sessions")
        .select("state")
        .where("id", "=", id)
        .where("epoch", "=", epoch)
        .executeTakeFirst();
      return row ? { session: row.state, pending: await this.pendingEffects(null, id) } : null;
    },

    async pendingEffects(tx: Tx | null, session: string): Promise<PendingEffect[]> {
      return (tx ?? db)
        .selectFrom("effects")
        .select(["id", "effect", "attempts"])
        .where("session_id", "=", session)
        .where("done_at", "is", null)
        .orderBy("seq")
        .execute();
    },

    /** Before an effect goes out: from now on it may have happened. */
    async countAttempt(id: string): Promise<void> {
      await db
        .updateTable("effects")
        .set((eb) => ({ attempts: eb("attempts", "+", 1) }))
        .where("id", "=", id)
        .execute();
    },

    async finishEffect(tx: Tx, id: string, error: string | null): Promise<void> {
      await tx.updateTable("effects").set({ done_at: sql`now()`, error }).where("id", "=", id).execute();
    },

    async addTranscript(tx: Tx, session: string, entries: JournalEntry[], position: StreamPosition): Promise<void> {
      if (entries.length > 0) {
        await tx
          .insertInto("transcript")
          .values(entries.map((entry) => ({ session_id: session, entry: JSON.stringify(entry) })))
          .execute();
      }
      await tx
        .updateTable("sessions")
        .set({ stream_epoch: position.epoch, stream_cursor: position.cursor })
        .where("id", "=", session)
        .execute();
    },

    async turn(id: string): Promise<TurnRow | null> {
      const row = await db
        .selectFrom("turns")
        .select(["prompt", "progress", "progress_ref"])
        .where("id", "=", id)
        .executeTakeFirst();
      return row ? { prompt: row.prompt, progress: row.progress, progressRef: row.progress_ref } : null;
    },

    /** When the turn before this one began; what was said since then is new to the agent. */
    async lastTurnStartedAt(session: string, before: string): Promise<number | null> {
      const row = await db
        .selectFrom("turns")
        .select("started_at")
        .where("session_id", "=", session)
        .where("id", "<>", before)
        .where("prompt", "is not", null)
        .orderBy("started_at", "desc")
        .limit(1)
        .executeTakeFirst();
      return row?.started_at.getTime() ?? null;
    },

    /** Fixes the words of a turn at the first call; later calls get those. */
    async fixPrompt(id: string, prompt: string): Promise<string> {
      await db.updateTable("turns").set({ prompt }).where("id", "=", id).where("prompt", "is", null).execute();
      const row = await db.selectFrom("turns").select("prompt").where("id", "=", id).executeTakeFirst();
      return row?.prompt ?? prompt;
    },

    async saveProgress(tx: Tx | null, progress: Progress): Promise<void> {
      await (tx ?? db)
        .updateTable("turns")
        .set({ progress: JSON.stringify(progress) })
        .where("id", "=", progress.turn)
        .execute();
    },

    async saveProgressRef(turn: string, ref: string): Promise<void> {
      await db.updateTable("turns").set({ progress_ref: ref }).where("id", "=", turn).execute();
    },

    async endTurn(id: string, result: TurnResult): Promise<void> {
      await db
        .updateTable("turns")
        .set({ result: JSON.stringify(result), ended_at: sql`now()` })
        .where("id", "=", id)
        .execute();
    },

    /** Tells every bot and page that there is something new; delivered when the transaction commits. */
    async notify(tx: Tx | null, channel: "threadbox_wake" | "threadbox_news", payload: string): Promise<void> {
      await sql`select pg_notify(${channel}, ${payload})`.execute(tx ?? db);
    },

    /** Sessions that a bot of this name holds; after its restart they are nobody's. */
    async heldBy(owner: string): Promise<string[]> {
      return (await db.selectFrom("sessions").select("id").where("owner", "=", owner).execute()).map((row) => row.id);
    },

    async release(tx: Tx, id: string): Promise<void> {
      await tx.updateTable("sessions").set({ owner: null }).where("id", "=", id).execute();
    },

    /** A value that is made once and then stays, whichever bot makes it first. */
    async setting<T>(name: string, make: () => Promise<T>): Promise<T> {
      const found = await db.selectFrom("settings").select("value").where("name", "=", name).executeTakeFirst();
      if (found) return found.value as T;
      await db
        .insertInto("settings")
        .values({ name, value: JSON.stringify(await make()) })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
      return (await db.selectFrom("settings").select("value").where("name", "=", name).executeTakeFirstOrThrow())
        .value as T;
    },
  };
}

async function saveTurn(tx: Tx, session: Session): Promise<void> {
  const { turn } = session;
  if (!turn) return;
  const row = { turn: JSON.stringify(turn) };
  await tx
    .insertInto("turns")
    .values({
      id: turn.id,
      session_id: session.id,
      prompt: null,
      progress: null,
      progress_ref: null,
      result: null,
      ended_at: null,
      started_at: new Date(turn.startedAt),
      ...row,
    })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
    .execute();
}
