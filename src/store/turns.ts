/** Turns: their words, what is shown of them, what the agent told, and how they ended. */
import { sql } from "kysely";
import type { Earlier } from "../core/fork.ts";
import type { Ms, Progress, Turn, TurnResult } from "../core/types.ts";
import type { JournalEntry, StreamPosition } from "../wire/events.ts";
import type { Database, Tx } from "./database.ts";
import { storable, toJson } from "./json.ts";
import { settleUsage } from "./usage.ts";

/** What is shown of a turn, and where. */
export interface TurnRow {
  progress: Progress | null;
  progressRef: string | null;
}

/** Part of `createStore`. */
export function turnQuestions(db: Database) {
  return {
    /** The turn as the session has it now; part of `save`. True when it was not there before. */
    async saveTurn(tx: Tx, session: string, turn: Turn): Promise<boolean> {
      const row = { turn: toJson(turn) };
      const saved = await tx
        .insertInto("turns")
        .values({ ...row, id: turn.id, session_id: session, started_at: new Date(turn.startedAt) })
        .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
        // A row that was updated bears the number of this transaction there.
        .returning(sql<boolean>`xmax = 0`.as("isNew"))
        .executeTakeFirst();
      return saved?.isNew ?? false;
    },

    async turn(id: string): Promise<TurnRow | null> {
      const row = await db
        .selectFrom("turns")
        .select(["progress", "progress_ref"])
        .where("id", "=", id)
        .executeTakeFirst();
      return row ? { progress: row.progress, progressRef: row.progress_ref } : null;
    },

    /**
     * Fixes the words of a turn at the first call; later calls get those. Where the agents have lost what they knew since then, the machine
     * has lost those words as well, and what is told of the loss takes their place.
     */
    async fixPrompt(tx: Tx, id: string, prompt: string, losses: number): Promise<string> {
      await tx
        .updateTable("turns")
        .set({ prompt: storable(prompt), prompt_losses: losses })
        .where("id", "=", id)
        .where((eb) => eb.or([eb("prompt", "is", null), eb("prompt_losses", "<", losses)]))
        .execute();
      const row = await tx.selectFrom("turns").select("prompt").where("id", "=", id).executeTakeFirst();
      return row?.prompt ?? prompt;
    },

    /** The tip of what the session's turns before this one had pushed; null when they had pushed nothing. */
    async pushedBefore(session: string, turn: string): Promise<string | null> {
      const row = await db
        .selectFrom("turns")
        .select(sql<string>`result->>'commit'`.as("commit"))
        .where("session_id", "=", session)
        .where("id", "<>", turn)
        .where(sql<boolean>`result->>'commit' is not null`)
        .where("started_at", "<=", db.selectFrom("turns").select("started_at").where("id", "=", turn))
        .orderBy("started_at", "desc")
        .limit(1)
        .executeTakeFirst();
      return row?.commit ?? null;
    },

    /** What was asked and answered in a session up to then, oldest first; the newest `limit`. */
    async toldIn(session: string, until: Ms, limit: number): Promise<Earlier[]> {
      const rows = await db
        .selectFrom("turns")
        .select(["turn", "result", "progress"])
        .where("session_id", "=", session)
        .where("started_at", "<=", new Date(until))
        .orderBy("started_at", "desc")
        .limit(limit)
        .execute();
      return rows.toReversed();
    },

    async saveProgress(tx: Tx, progress: Progress): Promise<void> {
      await tx
        .updateTable("turns")
        .set({ progress: toJson(progress) })
        .where("id", "=", progress.turn)
        .execute();
    },

    async saveProgressRef(tx: Tx, turn: string, ref: string): Promise<void> {
      await tx.updateTable("turns").set({ progress_ref: ref }).where("id", "=", turn).execute();
    },

    async endTurn(tx: Tx, id: string, result: TurnResult): Promise<void> {
      await tx
        .updateTable("turns")
        .set({ result: toJson(result), ended_at: sql`now()` })
        .where("id", "=", id)
        .execute();
      await settleUsage(tx, id, result);
    },

    /** How far its stream has been read. */
    async readSoFar(session: string): Promise<StreamPosition> {
      const row = await db
        .selectFrom("sessions")
        .select(["stream_epoch as epoch", "stream_cursor as cursor"])
        .where("id", "=", session)
        .executeTakeFirst();
      return row ?? { epoch: null, cursor: 0 };
    },

    /** What the agent told, with how far the reading of it has come. Entries that are there already stay as they are. */
    async addTranscript(tx: Tx, session: string, entries: JournalEntry[], position: StreamPosition): Promise<void> {
      if (entries.length > 0) {
        await tx
          .insertInto("transcript")
          .values(
            entries.map((entry) => ({
              session_id: session,
              entry: toJson(entry),
              raw: entry.event.type === "agent.raw",
            })),
          )
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      await tx
        .updateTable("sessions")
        .set({ stream_epoch: position.epoch && storable(position.epoch), stream_cursor: position.cursor })
        .where("id", "=", session)
        .execute();
    },
  };
}
