/** What limits are counted from: turns of a day with what they used, and sandboxes that sessions use. */
import { type SqlBool, sql } from "kysely";
import type { Accounts, DayUsage } from "../core/limits.ts";
import type { Ms, TurnResult } from "../core/types.ts";
import type { Usage } from "../wire/events.ts";
import { alone, type Tx } from "./database.ts";

/** A turn as it is counted, from the moment in which it is let in. */
export interface CountedTurn {
  id: string;
  accounts: Accounts;
  at: Ms;
}

/** Part of `createStore`. */
export function usageQuestions() {
  return {
    /**
     * What was begun and spent since then, this turn left out. Whoever asks next waits until this transaction is over, and sees what
     * it counted: of two turns at once for the last place one gets it.
     */
    async usageSince(tx: Tx, since: Ms, { id, accounts }: Pick<CountedTurn, "id" | "accounts">): Promise<DayUsage> {
      await alone(tx, "usage");
      const { person, channel, repository, organisation } = accounts;
      // A turn that goes on has spent what its progress says.
      const { rows } = await sql<Record<keyof Accounts | "tokens" | "dollars", number>>`
        select
          (count(*) filter (where u.person = ${person}))::int as person,
          (count(*) filter (where u.channel = ${channel}))::int as channel,
          (count(*) filter (where u.repository = ${repository}))::int as repository,
          (count(*) filter (where u.organisation = ${organisation}))::int as organisation,
          coalesce(sum(coalesce(u.tokens, ${SHOWN.tokens})), 0) as tokens,
          coalesce(sum(coalesce(u.dollars, ${SHOWN.dollars})), 0) as dollars
        from usage u left join turns t on t.id = u.turn and u.tokens is null
        where u.at >= ${new Date(since)} and u.turn <> ${id}`.execute(tx);
      const { tokens = 0, dollars = 0, ...turns } = rows[0] ?? {};
      return { turns: { person: 0, channel: 0, repository: 0, organisation: 0, ...turns }, tokens, dollars };
    },

    /** Counts a turn, once: when it is let in, or at the latest when it begins. */
    async countTurn(tx: Tx, { id, accounts, at }: CountedTurn): Promise<void> {
      await tx
        .insertInto("usage")
        .values({ ...accounts, person: accounts.person ?? "", turn: id, at: new Date(at) })
        .onConflict((conflict) => conflict.column("turn").doNothing())
        .execute();
    },

    /** Gives that start of the session's sandbox a place among at most so many, or says how many there are. Asked again, it has it. */
    async takePlace(tx: Tx, session: string, since: Ms, atMost: number): Promise<{ taken: boolean; running: number }> {
      await alone(tx, "places");
      const { rows } = await sql<{ running: number; ours: boolean }>`
        select (count(*) filter (where id <> ${session}))::int as running,
          coalesce(bool_or(id = ${session} and place = ${since}), false) as ours
        from sessions where ${RUNS}`.execute(tx);
      const { running = 0, ours = false } = rows[0] ?? {};
      const taken = ours || running < atMost;
      if (taken) await tx.updateTable("sessions").set({ place: since }).where("id", "=", session).execute();
      return { taken, running };
    },
  };
}

/** Part of `endTurn`: what it used is fixed. Of a turn that was ended from here it is what was heard of it last. */
export async function settleUsage(tx: Tx, turn: string, { usage }: Pick<TurnResult, "usage">): Promise<void> {
  const tokens = usage ? Math.min(usage.inputTokens + usage.outputTokens, MOST) : null;
  const dollars = usage ? Math.min(usage.costUsd, MOST) : null;
  await sql`
    update usage u
    set tokens = coalesce(${tokens}::float8, ${SHOWN.tokens}, 0), dollars = coalesce(${dollars}::float8, ${SHOWN.dollars}, 0)
    from turns t where t.id = ${turn} and u.turn = ${turn}`.execute(tx);
}

/** What an agent says of itself is believed up to here: a sum of sillier figures would not fit, and nobody could be let in any more. */
const MOST = 1e15;

/** Not `least`, which takes the limit where nothing is known yet. */
const shown = (field: keyof Usage) => {
  const said = sql`(t.progress #>> ${sql.lit(`{usage,${field}}`)})::float8`;
  return sql<number>`(case when ${said} > ${sql.lit(MOST)} then ${sql.lit(MOST)}::float8 else ${said} end)`;
};
/** What the progress of a turn says. */
const SHOWN = {
  tokens: sql<number>`(${shown("inputTokens")} + ${shown("outputTokens")})`,
  dollars: shown("costUsd"),
};

/** A session whose sandbox is being started has a place only when it was given one for this very start; until then it waits. */
const RUNS = sql<SqlBool>`state #>> '{sandbox,is}' in ('starting', 'ready', 'falling-asleep')
  and (state #>> '{sandbox,is}' <> 'starting' or place = (state #>> '{sandbox,since}')::bigint)`;
