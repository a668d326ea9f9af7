/** What the commands ask the database beyond what the pages ask it. */
import { sql } from "kysely";
import { helpText } from "../core/command.ts";
import type { Session, TurnResult } from "../core/types.ts";
import type { OpenStore } from "../store/open.ts";
import { Refused } from "./failure.ts";

/** The session of that id, or of the only id that begins with it. */
export async function findSession({ db }: OpenStore, prefix: string): Promise<Session> {
  const rows = /^[a-z0-9]+$/.test(prefix)
    ? await db.selectFrom("sessions").select("state").where("id", "like", `${prefix}%`).limit(3).execute()
    : [];
  const [first, second] = rows.map((row) => row.state);
  if (!first) throw new Refused(`There is no session ${prefix}.`, "`threadbox sessions` lists them.");
  if (second && first.id !== prefix)
    throw new Refused(
      `Several sessions begin with ${prefix}.`,
      "Type more of the id; `threadbox sessions` lists them.",
    );
  return first;
}

/** Nothing is left to do for it: no turn, nobody in the queue, every effect done or given up. */
export async function isAtRest({ db }: OpenStore, id: string): Promise<Session | null> {
  const row = await db.selectFrom("sessions").select("state").where("id", "=", id).executeTakeFirst();
  if (!row || row.state.turn || row.state.checking.length > 0 || row.state.queue.length > 0) return null;
  const pending = await db
    .selectFrom("effects")
    .select("id")
    .where("session_id", "=", id)
    .where("done_at", "is", null)
    .limit(1)
    .execute();
  return pending.length === 0 ? row.state : null;
}

/** How the turn ended that a mention started or joined; null when there was none. */
export async function resultOf({ db }: OpenStore, session: string, mention: string): Promise<TurnResult | null> {
  const rows = await db.selectFrom("turns").select(["turn", "result"]).where("session_id", "=", session).execute();
  return rows.find(({ turn }) => turn.asks.some((ask) => ask.id === mention))?.result ?? null;
}

/** What was said last in the thread without a turn: a refusal, a note, the help. */
export async function lastSaid({ db }: OpenStore, session: string, name: string): Promise<string | null> {
  const rows = await db
    .selectFrom("effects")
    .select("effect")
    .where("session_id", "=", session)
    .orderBy("seq", "desc")
    .execute();
  for (const { effect } of rows) {
    if (effect.do === "say" || effect.do === "refuse") return effect.text;
    if (effect.do === "help") return helpText(name);
  }
  return null;
}

export interface GivenUp {
  session: string;
  effect: string;
  error: string;
}

/** What could not be done for these sessions and is not tried any more. */
export async function givenUp({ db }: OpenStore, sessions: string[]): Promise<GivenUp[]> {
  if (sessions.length === 0) return [];
  const rows = await db
    .selectFrom("effects")
    .select(["session_id", "effect", "error"])
    .where("session_id", "in", sessions)
    .where("error", "is not", null)
    .orderBy("seq")
    .execute();
  const all = rows.map((row) => ({ session: row.session_id, effect: row.effect.do, error: row.error ?? "" }));
  // What fails every ten minutes is one thing to know.
  return [...new Map(all.map((one) => [`${one.session} ${one.effect} ${one.error}`, one])).values()];
}

/** Is any bot connected to this database? Each has connections for its jobs all the time; commands that only read have none. */
export async function isBotRunning({ db }: OpenStore): Promise<boolean> {
  const { rows } = await sql`
    select 1 from pg_stat_activity
    where application_name = 'threadbox-jobs' and datname = current_database() limit 1`.execute(db);
  return rows.length > 0;
}
