/** What came in: what it meets, and how it is stored, with the sessions and keys that it makes. Each one statement, however many arrive together. */
import { sql } from "kysely";
import type { Incoming } from "../core/incoming.ts";
import type { Intake, Met } from "../core/intake.ts";
import type { CorrelationKey, Session } from "../core/types.ts";
import type { Database, Tx } from "./database.ts";
import { toJson } from "./json.ts";

/** Part of `createStore`. */
export function inboxQuestions(db: Database) {
  return {
    /**
     * What is here already of those that arrive; the sessions are locked until the end of the transaction, as `lock` does it, and in one
     * order for everybody, or two that want the same two would wait for each other.
     */
    async meet(tx: Tx, wanted: { dedupes: string[]; keys: CorrelationKey[] }): Promise<Met> {
      const { rows } = await sql<MetRow>`
        with met as (
          select s.id, s.state, array(select key from keys where session_id = s.id and key = any(${wanted.keys})) as keys
          from sessions s
          where s.id in (select session_id from keys where key = any(${wanted.keys}))
          order by s.id
          for no key update
        )
        select
          (select json_agg(met) from met) as sessions,
          (select json_agg(json_build_object('dedupe', dedupe, 'waits', session_id is null))
            from inbox where dedupe = any(${wanted.dedupes})) as inbox`.execute(tx);
      const sessions = rows[0]?.sessions ?? [];
      return {
        inbox: new Map(rows[0]?.inbox?.map(({ dedupe, waits }) => [dedupe, waits])),
        keys: new Map(sessions.flatMap(({ id, keys }) => keys.map((key) => [key, id] as const))),
        sessions: new Map(sessions.map(({ id, state }) => [id, state])),
      };
    },

    /**
     * Stores what came in, with new sessions and with keys. Gives back the places in the inbox of what waits for its session; null
     * when another transaction was quicker with one of the keys or with the same thing, and then the transaction has to be given up, since
     * a part of this is written.
     */
    async enter(tx: Tx, intake: Intake, bot: string | null): Promise<number[] | null> {
      const news = intake.inbox.filter(({ seq }) => seq === null);
      const waited = intake.inbox.filter(({ seq }) => seq !== null);
      const minted = intake.minted.map((state) => ({ id: state.id, state }));
      const { rows } = await sql<EnteredRow>`
        with minted as (
          insert into sessions (id, state)
          select id, state from jsonb_to_recordset(${toJson(minted)}) as g(id text, state jsonb)
        ), claimed as (
          insert into keys (key, session_id)
          select key, session from jsonb_to_recordset(${toJson(intake.keys)}) as g(key text, session text)
          order by key -- for everybody, or two with the same two keys wait for each other
          on conflict (key) do nothing
          returning key
        ), stored as (
          insert into inbox (dedupe, session_id, body, received_by)
          select dedupe, session, incoming, ${bot}
          from jsonb_to_recordset(${toJson(news)}) as g(dedupe text, session text, incoming jsonb)
          on conflict (dedupe) do nothing
          returning seq, session_id
        ), assigned as (
          update inbox i set session_id = g.session
          from jsonb_to_recordset(${toJson(waited.map(({ seq, session }) => ({ seq, session })))}) as g(seq bigint, session text)
          where i.seq = g.seq and i.session_id is null
          returning i.seq
        )
        select
          (select count(*)::int from claimed) as claimed,
          (select count(*)::int from stored) as stored,
          (select json_agg(seq) from stored where session_id is null) as waiting,
          (select count(*)::int from assigned) as assigned`.execute(tx);
      const [entered] = rows;
      const areKeysHad = entered?.claimed === intake.keys.length;
      const isStored = entered?.stored === news.length && entered.assigned === waited.length;
      return areKeysHad && isStored ? (entered.waiting ?? []) : null;
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

    /** What was looked up and is for nobody goes: no session would ever take it along when it ages. */
    async forget(seq: number): Promise<void> {
      await db.deleteFrom("inbox").where("seq", "=", seq).where("session_id", "is", null).execute();
    },
  };
}

interface MetRow {
  sessions: { id: string; state: Session; keys: CorrelationKey[] }[] | null;
  inbox: { dedupe: string; waits: boolean }[] | null;
}

interface EnteredRow {
  claimed: number;
  stored: number;
  assigned: number;
  waiting: number[] | null;
}
