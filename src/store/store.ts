/**
 * One method per question that the engine asks; the questions lie by their subject in the files beside this one. Writes that belong
 * together happen inside `transaction`; the holder of a session passes the epoch that it claimed with, and is refused when
 * another bot has claimed since.
 */
import { sql } from "kysely";
import { accountsOf } from "../core/limits.ts";
import type { Session, Turn } from "../core/types.ts";
import type { Database, Tx } from "./database.ts";
import { type Decided, saveDecisions } from "./decisions.ts";
import { effectQuestions, type PendingEffect } from "./effects.ts";
import { feedbackQuestions } from "./feedback.ts";
import { identityQuestions } from "./identities.ts";
import { inboxQuestions } from "./inbox.ts";
import type { Channel } from "./listen.ts";
import { moveQuestions } from "./moves.ts";
import { preferenceQuestions } from "./preferences.ts";
import { reportQuestions } from "./reports.ts";
import { retentionQuestions } from "./retention.ts";
import { sandboxQuestions } from "./sandboxes.ts";
import { sessionQuestions } from "./sessions.ts";
import { turnQuestions } from "./turns.ts";
import { type CountedTurn, usageQuestions } from "./usage.ts";

export type Store = ReturnType<typeof createStore>;

/** Every method that may be part of a larger write takes its transaction; `null` there means a transaction of its own. */
export function createStore(db: Database) {
  const inbox = inboxQuestions(db);
  const sessions = sessionQuestions(db);
  const effects = effectQuestions(db);
  const turns = turnQuestions(db);
  const usage = usageQuestions(db);
  return {
    ...inbox,
    ...sessions,
    ...effects,
    ...turns,
    ...usage,
    ...identityQuestions(db),
    ...reportQuestions(db),
    ...sandboxQuestions(db),
    ...retentionQuestions(db),
    ...feedbackQuestions(db),
    ...moveQuestions(),
    ...preferenceQuestions(db),

    transaction: <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction().execute(work),

    /** Sessions as they are after what was decided, with their turns, with what is to be done, and why. */
    async save(tx: Tx, decided: Decided[]): Promise<void> {
      await saveDecisions(tx, decided);
      for (const { before, decision } of decided) {
        const { session } = decision;
        const { turn } = session;
        if (!turn || turn === before.turn) continue;
        // Most are counted already, since they were let in; one that was to join a turn and came too late for it is not.
        if (await turns.saveTurn(tx, session.id, turn)) await usage.countTurn(tx, countedTurn(session, turn));
      }
    },

    /** What the holder sees when it looks: the session and what is to be done, in the order in which it was decided. Null when another bot has claimed it. */
    async look(id: string, epoch: number): Promise<{ session: Session; pending: PendingEffect[] } | null> {
      // One question: between two something may be decided, and an effect met a session that has not heard of it.
      const { rows } = await sql<{ session: Session; pending: PendingEffect[] | null }>`
        select state as session, (
          select json_agg(json_build_object('id', id, 'effect', effect, 'attempts', attempts) order by seq)
          from effects where session_id = ${id} and done_at is null
        ) as pending
        from sessions where id = ${id} and epoch = ${epoch}`.execute(db);
      return rows[0] ? { session: rows[0].session, pending: rows[0].pending ?? [] } : null;
    },

    /** Tells every bot and page what is new; delivered when the transaction commits. */
    async notify(tx: Tx | null, channel: Channel, ...payloads: string[]): Promise<void> {
      await sql`select pg_notify(${channel}, payload) from unnest(${payloads}::text[]) as payload`.execute(tx ?? db);
    },

    /** A value that is made once and then stays, whichever bot makes it first. */
    async setting<T>(name: string, make: () => Promise<T>): Promise<T> {
      const stored = db.selectFrom("settings").select("value").where("name", "=", name);
      if (!(await stored.executeTakeFirst())) {
        await db
          .insertInto("settings")
          .values({ name, value: JSON.stringify(await make()) })
          .onConflict((conflict) => conflict.column("name").doNothing())
          .execute();
      }
      // Only `make` ever writes under this name.
      return (await stored.executeTakeFirstOrThrow()).value as T;
    },
  };
}

function countedTurn({ id: session, work }: Session, { id, thread, asks, startedAt }: Turn): CountedTurn {
  const author = asks[0]?.author ?? { surface: thread.surface, id: "", name: "" };
  return { id, session, accounts: accountsOf(thread, author, work?.repository ?? null), at: startedAt };
}
