/** What the pages and the command line read, and what the web surface writes. */
import { sql } from "kysely";
import { titleOf } from "../core/naming.ts";
import type { News, Sessions, TurnSummary, WebThreads } from "../core/pages.ts";
import type { Turn } from "../core/types.ts";
import type { Database } from "./database.ts";
import { storable } from "./json.ts";
import type { Listener } from "./listen.ts";

export function webThreads(db: Database): WebThreads {
  return {
    async list(limit) {
      const { rows } = await sql<{ thread: string; title: string; at: Date; session: string | null }>`
        select first.thread, first.body as title, first.at, keys.session_id as session
        from (select distinct on (thread) thread, body, at from web_posts where kind = 'person' order by thread, seq) as first
        left join keys on keys.key = 'web:thread:' || first.thread
        order by first.at desc limit ${limit}`.execute(db);
      return rows.map((row) => ({ ...row, title: titleOf(row.title), at: row.at.getTime() }));
    },
    async posts(thread, after) {
      const rows = await db
        .selectFrom("web_posts")
        .selectAll()
        .where("thread", "=", thread)
        .where("seq", ">", after)
        .orderBy("seq")
        .execute();
      return rows.map((row) => ({ ...row, at: row.at.getTime() }));
    },
    async put({ at, ...post }) {
      const row = { ...post, author: storable(post.author), body: storable(post.body), at: new Date(at) };
      await db.transaction().execute(async (tx) => {
        // One writer of a thread at a time: a reader who has seen number 5 must not find number 4 later.
        await sql`select pg_advisory_xact_lock(hashtextextended(${post.thread}, 0))`.execute(tx);
        await tx
          .insertInto("web_posts")
          .values(row)
          .onConflict((conflict) => conflict.columns(["thread", "ref"]).doUpdateSet({ ...row, seq: sql`default` }))
          .execute();
        await sql`select pg_notify('threadbox_news', ${`web:${post.thread}`})`.execute(tx);
      });
    },
  };
}

export function sessionPages(db: Database): Sessions {
  return {
    async list(limit) {
      const rows = await db.selectFrom("sessions").select("state").orderBy("updated_at", "desc").limit(limit).execute();
      return rows.map((row) => row.state);
    },
    async get(id) {
      return (await db.selectFrom("sessions").select("state").where("id", "=", id).executeTakeFirst())?.state ?? null;
    },
    async turns(id) {
      const rows = await db
        .selectFrom("turns")
        .select(["id", "turn", "started_at", "progress", "result"])
        .where("session_id", "=", id)
        .orderBy("started_at")
        .execute();
      return rows.map((row) =>
        summary(row.turn, { startedAt: row.started_at.getTime(), progress: row.progress, result: row.result }),
      );
    },
    async transcript(id, after, limit, { raw = false } = {}) {
      return (
        db
          .selectFrom("transcript")
          .select(["cursor", "entry"])
          .where("session_id", "=", id)
          .where("cursor", ">", after)
          // As the index `transcript_told` has it.
          .$if(!raw, (told) => told.where(sql<boolean>`not raw`))
          .orderBy("cursor")
          .limit(limit)
          .execute()
      );
    },
  };
}

function summary(turn: Turn, rest: Pick<TurnSummary, "startedAt" | "progress" | "result">): TurnSummary {
  return {
    id: turn.id,
    askedBy: [...new Set(turn.asks.map((ask) => ask.author.name))].join(", "),
    text: turn.asks.map((ask) => ask.text).join("\n\n"),
    ...rest,
  };
}

/** A reconnect may have missed anything, so everybody looks. */
export function newsFrom(listener: Listener): News {
  const subscribers = new Map<string, Set<() => void>>();
  listener.on("threadbox_news", (topic) => {
    const told = topic === null ? [...subscribers.values()] : [subscribers.get(topic) ?? new Set<() => void>()];
    for (const set of told) for (const fn of set) fn();
  });
  return {
    subscribe(topic, fn) {
      const set = subscribers.get(topic) ?? new Set();
      subscribers.set(topic, set.add(fn));
      return () => {
        set.delete(fn);
        if (set.size === 0) subscribers.delete(topic);
      };
    },
  };
}
