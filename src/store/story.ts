/** The story of a session, for whoever asks why: which session somebody means, and everything that is stored about its way. */
import { sql } from "kysely";
import type { Effect } from "../core/decision.ts";
import type { Verdict } from "../core/feedback.ts";
import type { Incoming } from "../core/incoming.ts";
import type { Session, Turn, TurnResult } from "../core/types.ts";
import type { Database } from "./database.ts";

export interface Story {
  session: Session;
  /** The bot that holds it now. */
  heldBy: string | null;
  keys: string[];
  turns: { id: string; turn: Turn; startedAt: Date; endedAt: Date | null; result: TurnResult | null }[];
  /** Oldest first, as the next two; the newest `limit` of each. */
  inbox: { at: Date; bot: string | null; dedupe: string; body: Incoming }[];
  decisions: { at: Date; bot: string | null; event: string; about: object; effects: string[] }[];
  effects: StoredEffect[];
  /** What people think of the answers; the oldest first. */
  feedback: { at: Date; turn: string; surface: string; person: string; value: Verdict; reason: string | null }[];
}

export interface StoredEffect {
  id: string;
  effect: Effect;
  attempts: number;
  decidedAt: Date;
  begunAt: Date | null;
  doneAt: Date | null;
  doneBy: string | null;
  /** Why it was given up. */
  error: string | null;
}

/** Null where there is no such session (any more). */
export async function storyOf(db: Database, id: string, limit: number): Promise<Story | null> {
  const row = await db.selectFrom("sessions").select(["state", "owner"]).where("id", "=", id).executeTakeFirst();
  if (!row) return null;
  const [keys, turns, inbox, decisions, effects, feedback] = await Promise.all([
    db.selectFrom("keys").select("key").where("session_id", "=", id).orderBy("claimed_at").orderBy("key").execute(),
    db
      .selectFrom("turns")
      .select(["id", "turn", "started_at as startedAt", "ended_at as endedAt", "result"])
      .where("session_id", "=", id)
      .orderBy("started_at", "desc")
      .limit(limit)
      .execute(),
    db
      .selectFrom("inbox")
      .select(["received_at as at", "received_by as bot", "dedupe", "body"])
      .where("session_id", "=", id)
      .orderBy("seq", "desc")
      .limit(limit)
      .execute(),
    db
      .selectFrom("decisions")
      .select(["at", "bot", "event", "about", "effects"])
      .where("session_id", "=", id)
      .orderBy("seq", "desc")
      .limit(limit)
      .execute(),
    db
      .selectFrom("effects")
      .select(["id", "effect", "attempts", "created_at as decidedAt", "begun_at as begunAt"])
      .select(["done_at as doneAt", "done_by as doneBy", "error"])
      .where("session_id", "=", id)
      .orderBy("seq", "desc")
      .limit(limit)
      .execute(),
    db
      .selectFrom("feedback")
      .innerJoin("turns", "turns.id", "feedback.turn")
      .select(["at", "feedback.turn", "surface", "person", "value", "reason"])
      .where("session_id", "=", id)
      .orderBy("at", "desc")
      .limit(limit)
      .execute(),
  ]);
  return {
    ...{ session: row.state, heldBy: row.owner, keys: keys.map(({ key }) => key), turns: turns.reverse() },
    ...{
      inbox: inbox.reverse(),
      decisions: decisions.reverse(),
      effects: effects.reverse(),
      feedback: feedback.reverse(),
    },
  };
}

/** `waiting`: it was stored, and where it belongs is still being looked up. */
export type Meant = { sessions: string[] } | { waiting: true };

/** The sessions of a name: a key, an id of anything that the log names, or the beginning of a session's id. */
export async function sessionsNamed(db: Database, name: string): Promise<Meant> {
  const key = await db.selectFrom("keys").select("session_id").where("key", "=", name).executeTakeFirst();
  if (key) return { sessions: [key.session_id] };
  const turn = await db.selectFrom("turns").select("session_id").where("id", "=", name).executeTakeFirst();
  if (turn) return { sessions: [turn.session_id] };
  const effect = await db.selectFrom("effects").select("session_id").where("id", "=", name).executeTakeFirst();
  if (effect) return { sessions: [effect.session_id] };
  const came = await db
    .selectFrom("inbox")
    .select("session_id")
    .where((eb) => eb.or([eb("dedupe", "=", name), eb(sql`body #>> '{mention,id}'`, "=", name)]))
    .executeTakeFirst();
  if (came) return came.session_id === null ? { waiting: true } : { sessions: [came.session_id] };
  if (!/^[a-z0-9]+$/.test(name)) return { sessions: [] };
  const begun = await db.selectFrom("sessions").select("id").where("id", "like", `${name}%`).limit(3).execute();
  return { sessions: begun.some(({ id }) => id === name) ? [name] : begun.map(({ id }) => id) };
}

/** Of a thread in Slack; the link to it does not say which team's. */
export async function sessionsOfSlack(db: Database, channel: string, ts: string): Promise<string[]> {
  const rows = await db
    .selectFrom("keys")
    .select("session_id")
    .where("key", "like", "slack:thread:%")
    .where(sql<boolean>`right(key, length(${`/${channel}/${ts}`}::text)) = ${`/${channel}/${ts}`}`)
    .execute();
  return [...new Set(rows.map((row) => row.session_id))];
}

/** Of an issue or a pull request, by the names that GitHub's addresses have; keys have numbers, which nothing here knows by name. */
export async function sessionsOfGitHub(
  db: Database,
  { owner, name, number }: { owner: string; name: string; number: number },
): Promise<string[]> {
  const at = `${owner}/${name}`.toLowerCase();
  const { rows } = await sql<{ id: string }>`
    select id from sessions where exists (
      select from jsonb_array_elements(state -> 'threads') as thread
      where thread ->> 'surface' = 'github' and (thread ->> 'number')::int = ${number}
        and lower((thread #>> '{repo,owner}') || '/' || (thread #>> '{repo,name}')) = ${at})
    or (state #>> '{pullRequest,number}')::int = ${number}
      and lower(state #>> '{pullRequest,url}') like ${`%/${at.replace(/[\\%_]/g, "\\$&")}/pull/${number}`}
    order by updated_at desc`.execute(db);
  return rows.map(({ id }) => id);
}
