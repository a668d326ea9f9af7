/**
 * What is deleted because it is old, some rows at a time, so that nobody who works waits for it. Sessions and their keys stay: a thread
 * may be spoken to after a year. Each question can be asked by two bots at once, and does the same asked again.
 */
import { sql } from "kysely";
import type { Decision } from "../core/decision.ts";
import type { Ms } from "../core/types.ts";
import type { Database, Tx } from "./database.ts";
import type { Reason } from "./decisions.ts";
import { toJson } from "./json.ts";

/** What stands in rows that are of no use any more after a while. */
export type Aging = "inbox" | "decisions" | "effects" | "transcript" | "web_posts";

/** A transcript that is longer than it may be; everything up to `to` goes. */
export interface LongTranscript {
  session: string;
  to: number;
}

/** Part of `createStore`. */
export function retentionQuestions(db: Database) {
  return {
    /** Deletes at most `limit` rows that are older than that; how many it were. Fewer than `limit` means that there are no more. */
    async deleteOld(table: Aging, before: Date, limit: number): Promise<number> {
      return affected(await OLD[table](before, limit).execute(db));
    },

    /** Takes the bulk out of turns that ended before, and what people thought of them. What is left tells that they were, and how they ended. */
    async emptyTurns(before: Date, limit: number): Promise<number> {
      const emptied = sql`
        with old as (select id from turns where ended_at < ${before} and not emptied order by ended_at limit ${limit}),
        forgotten as (delete from feedback where turn in (select id from old))
        update turns set
          emptied = true,
          -- Not null: that would say that it was never sent.
          prompt = case when prompt is not null then '' end,
          progress = null,
          result = case when result is not null then jsonb_set(result, '{answer}', '""') end,
          turn = jsonb_set(turn, '{asks}', coalesce((
            select jsonb_agg(ask - 'about' || jsonb_build_object('text', left(ask ->> 'text', ${SAID_CHARS}::int)) order by at)
            from jsonb_array_elements(turn -> 'asks') with ordinality as asks (ask, at)), '[]'))
        where id in (select id from old)`;
      return affected(await emptied.execute(db));
    },

    /** Sessions that something happened to since, and whose transcript has more than `max` rows. */
    async longTranscripts(since: Date, max: number): Promise<LongTranscript[]> {
      const { rows } = await sql<LongTranscript>`
        select s.id as session, extra.cursor as to
        from sessions s cross join lateral (
          select cursor from transcript where session_id = s.id order by cursor desc offset ${max} limit 1) extra
        where s.updated_at >= ${since}
          and exists (select from transcript where session_id = s.id and cursor < extra.cursor)`.execute(db);
      return rows;
    },

    /** The last row that goes becomes a mark that says how many have gone. Before the others go: whoever reads must not meet a silent gap. */
    async markCut({ session, to }: LongTranscript): Promise<void> {
      await sql`
        update transcript set raw = false, entry = jsonb_set(entry, '{event}', jsonb_build_object('type', 'journal.cut', 'from', 1, 'to', (
          select count(*) - count(earlier) + coalesce(max(earlier), 0) from (
            select case when entry #>> '{event,type}' = 'journal.cut' and entry #>> '{event,from}' = '1'
              and cursor = min(cursor) over () then (entry #>> '{event,to}')::bigint end as earlier
            from transcript where session_id = ${session} and cursor <= ${to}) gone)))
        where cursor = ${to} and session_id = ${session} and entry #>> '{event,type}' <> 'journal.cut'`.execute(db);
    },

    /** Deletes at most `limit` rows before that mark. */
    async deleteCut({ session, to }: LongTranscript, limit: number): Promise<number> {
      const deleted = sql`
        delete from transcript where cursor in (
          select cursor from transcript where session_id = ${session} and cursor < ${to} order by cursor limit ${limit})`;
      return affected(await deleted.execute(db));
    },

    /** Sessions that have been asleep since before, the longest first, with the token of their files. */
    async asleepSince(before: Ms, limit: number): Promise<{ id: string; token: string }[]> {
      const since = sql<number>`(state #>> '{sandbox,since}')::bigint`;
      const { rows } = await sql<{ id: string; token: string }>`
        select id, state #>> '{sandbox,token}' as token from sessions
        where state #>> '{sandbox,is}' = 'asleep' and ${since} <= ${before}
        order by ${since} limit ${limit}`.execute(db);
      return rows;
    },

    /** A decision without effects that does not count as something that happened to the session: it keeps its place in the list. */
    async saveUnseen(tx: Tx, { session }: Decision, reason: Reason): Promise<void> {
      await tx
        .updateTable("sessions")
        .set({ state: toJson(session) })
        .where("id", "=", session.id)
        .execute();
      const { bot, event, about } = reason;
      const decision = { session_id: session.id, bot, event, about: toJson(about), effects: [] };
      await tx.insertInto("decisions").values(decision).execute();
    },
  };
}

/** Enough to see what a turn was about; what people paste below it is the bulk. */
const SAID_CHARS = 200;

const affected = ({ numAffectedRows }: { numAffectedRows?: bigint }): number => Number(numAffectedRows ?? 0n);

/**
 * Rows are looked at from the front, where the oldest are: when those are young, nothing is read beyond them. What is not over (a
 * mention that waits for its lookup, an effect that is to be done) stays, however old.
 */
const OLD = {
  inbox: (before, limit) => sql`
    delete from inbox where seq in (
      select seq from (select seq, received_at from inbox where session_id is not null order by seq limit ${limit}) oldest
      where received_at < ${before})`,
  effects: (before, limit) => sql`
    delete from effects where seq in (
      select seq from (select seq, done_at from effects where done_at is not null order by seq limit ${limit}) oldest
      where done_at < ${before})`,
  decisions: (before, limit) => sql`
    delete from decisions where seq in (
      select seq from (select seq, at from decisions order by seq limit ${limit}) oldest
      where at < ${before})`,
  transcript: (before, limit) => sql`
    delete from transcript where cursor in (
      select cursor from (select cursor, stored_at from transcript order by cursor limit ${limit}) oldest
      where stored_at < ${before})`,
  // The first post stays: it names the thread in the list, and says that there is one.
  web_posts: (before, limit) => sql`
    delete from web_posts where (thread, ref) in (
      select thread, ref from web_posts post
      where at < ${before} and exists (select from web_posts first where first.thread = post.thread and first.seq < post.seq)
      order by at limit ${limit})`,
} satisfies Record<Aging, (before: Date, limit: number) => ReturnType<typeof sql>>;
