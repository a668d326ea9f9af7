/** A channel has another id: everything that names the old one, in the transaction that tells the sessions of it. */
import { sql } from "kysely";
import { inNewPlace, keysBegin, type Move } from "../core/places.ts";
import type { Session } from "../core/types.ts";
import type { Tx } from "./database.ts";
import { toJson } from "./json.ts";

/** Part of `createStore`. */
export function moveQuestions() {
  return {
    /**
     * The sessions that a channel's threads belong to, or that have something to do there, locked as `lock` does it and in one order for
     * everybody. By keys and by what is to be done: to look into the state of every session there ever was would take longer than
     * Slack waits.
     */
    async sessionsIn(tx: Tx, { team, from }: Move): Promise<Session[]> {
      const { rows } = await sql<{ state: Session }>`
        select state from sessions where id in (
          select session_id from keys where key like ${`${keysBegin(team, from)}%`}
          union select session_id from effects where done_at is null and effect::text like ${`%"${from}"%`})
        order by id for no key update`.execute(tx);
      return rows.map(({ state }) => state);
    },

    /** Keys, what is to be done, turns, what waits for its lookup, and the account of the day. */
    async moveChannel(tx: Tx, move: Move, sessions: string[]): Promise<void> {
      await moveKeys(tx, move);
      await moveEffects(tx, move, sessions);
      const { team, from, to } = move;
      await sql`
        update turns set turn = jsonb_set(turn, '{thread,channel}', to_jsonb(${to}::text))
        where session_id = any(${sessions}) and turn #>> '{thread,channel}' = ${from}
          and turn #>> '{thread,team}' = ${team}`.execute(tx);
      await sql`
        update inbox set body = jsonb_set(body, '{mention,thread,channel}', to_jsonb(${to}::text))
        where session_id is null and body #>> '{mention,thread,channel}' = ${from}
          and body #>> '{mention,thread,team}' = ${team}`.execute(tx);
      await tx
        .updateTable("usage")
        .set({ channel: `slack:${team}/${to}` })
        .where("channel", "=", `slack:${team}/${from}`)
        .execute();
    },
  };
}

/** Where somebody was quicker and spoke in the new place already, the thread is the new session's, and the old key is of no use. */
async function moveKeys(tx: Tx, { team, from, to }: Move): Promise<void> {
  const [begins, anew] = [keysBegin(team, from), keysBegin(team, to)];
  await sql`
    insert into keys (key, session_id, claimed_at)
    select ${anew}::text || substr(key, ${begins.length + 1}::int), session_id, claimed_at from keys
    where key like ${`${begins}%`} order by key
    on conflict (key) do nothing`.execute(tx);
  await sql`delete from keys where key like ${`${begins}%`}`.execute(tx);
}

async function moveEffects(tx: Tx, move: Move, sessions: string[]): Promise<void> {
  const waiting = await tx
    .selectFrom("effects")
    .select(["id", "effect"])
    .where("done_at", "is", null)
    .where("session_id", "in", sessions.length > 0 ? sessions : [""])
    .execute();
  for (const { id, effect } of waiting) {
    const moved = toJson(inNewPlace(effect, move));
    await tx.updateTable("effects").set({ effect: moved }).where("id", "=", id).execute();
  }
}
