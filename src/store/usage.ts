/** What limits are counted from: turns of a day with what they used, and sandboxes that sessions use. */
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { ACCOUNTS, type Raised, type Spending } from "../core/budget.ts";
import type { Accounts, DayUsage } from "../core/limits.ts";
import type { Ms, TurnResult } from "../core/types.ts";
import type { Usage } from "../wire/events.ts";
import { alone, type Database, type Tx } from "./database.ts";
import { toJson } from "./json.ts";

/** A turn as it is counted, from the moment in which it is let in. */
export interface CountedTurn {
  id: string;
  /** Left out, it is known once the turn has begun. */
  session?: string | null;
  accounts: Accounts;
  at: Ms;
}

/** Part of `createStore`. */
export function usageQuestions(db: Database) {
  return {
    /**
     * What was begun and spent since then, this turn left out. Whoever asks next waits until this transaction is over, and sees what
     * it counted: of two turns at once for the last place one gets it.
     */
    async usageSince(tx: Tx, since: Ms, turn: Pick<CountedTurn, "id" | "session" | "accounts">): Promise<DayUsage> {
      await alone(tx, "usage");
      return usedBeside(tx, since, turn);
    },

    /** What others have spent while this turn goes on, and by how much people have raised what its session may. Null: it is not counted. */
    async spentBeside(turn: string, since: Ms): Promise<{ spent: DayUsage; raised: Raised | undefined } | null> {
      const row = await db
        .selectFrom("usage")
        .leftJoin("sessions", "sessions.id", "usage.session")
        .select(["person", "channel", "repository", "organisation", "session"])
        .select(sql<Raised | null>`state -> 'raised'`.as("raised"))
        .where("turn", "=", turn)
        .executeTakeFirst();
      if (!row) return null;
      const { session, raised, ...accounts } = row;
      const spent = await usedBeside(db, since, { id: turn, session, accounts });
      return { spent, raised: raised ?? undefined };
    },

    /** What all turns since then have cost, as far as anybody knows. */
    async dollarsSince(since: Ms): Promise<number> {
      const { rows } = await sql<{ dollars: number }>`
        select coalesce(sum(coalesce(u.dollars, ${SHOWN.dollars})), 0)::float8 as dollars
        from usage u left join turns t on t.id = u.turn and u.tokens is null
        where u.at >= ${new Date(since)}`.execute(db);
      return rows[0]?.dollars ?? 0;
    },

    /** Counts a turn, once: when it is let in, or at the latest when it begins. */
    async countTurn(tx: Tx, { id, session = null, accounts, at }: CountedTurn): Promise<void> {
      await tx
        .insertInto("usage")
        .values({ ...accounts, person: accounts.person ?? "", turn: id, session, at: new Date(at) })
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

/** Of everybody but this turn: a turn that goes on has spent what its progress says. */
async function usedBeside(
  db: Database,
  since: Ms,
  { id, session = null, accounts }: Pick<CountedTurn, "id" | "session" | "accounts">,
): Promise<DayUsage> {
  const sums = ACCOUNTS.map((account) => {
    const is = sql`today and ${sql.ref(account)} = ${accounts[account]}::text`;
    return sql`(count(*) filter (where ${is}))::int as ${sql.ref(account)}, ${spent(account, is)}`;
  });
  const { rows } = await sql<Record<string, number>>`
    select ${sql.join(sums)}, ${spent("all", sql`today`)}, ${spent("session", sql`session = ${session}::text`)}
    from (
      select u.person, u.channel, u.repository, u.organisation, u.session, u.at >= ${new Date(since)} as today,
        coalesce(u.tokens, ${SHOWN.tokens}) as tokens, coalesce(u.dollars, ${SHOWN.dollars}) as dollars
      from usage u left join turns t on t.id = u.turn and u.tokens is null
      where u.turn <> ${id} and (u.at >= ${new Date(since)} or u.session = ${session}::text)
    ) used`.execute(db);
  const [row = {}] = rows;
  const of = (whose: string): Spending => ({
    tokens: row[`${whose}_tokens`] ?? 0,
    dollars: row[`${whose}_dollars`] ?? 0,
  });
  const { person = 0, channel = 0, repository = 0, organisation = 0 } = row;
  return {
    turns: { person, channel, repository, organisation },
    ...of("all"),
    on: {
      person: of("person"),
      channel: of("channel"),
      repository: of("repository"),
      organisation: of("organisation"),
    },
    session: of("session"),
  };
}

const spent = (whose: string, which: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  coalesce(sum(tokens) filter (where ${which}), 0)::float8 as ${sql.ref(`${whose}_tokens`)},
  coalesce(sum(dollars) filter (where ${which}), 0)::float8 as ${sql.ref(`${whose}_dollars`)}`;

/** Part of `endTurn`: what it used is fixed. Of a turn that was ended from here it is what was heard of it last. */
export async function settleUsage(
  tx: Tx,
  turn: string,
  result: Pick<TurnResult, "usage" | "agent" | "model">,
): Promise<void> {
  const tokens = result.usage ? Math.min(result.usage.inputTokens + result.usage.outputTokens, MOST) : null;
  const usage = result.usage ? sql`${toJson(believed(result.usage))}::jsonb` : sql`null::jsonb`;
  await sql`
    update usage u set
      session = t.session_id,
      agent = ${result.agent ?? null}::text,
      model = coalesce(${usage} ->> 'model', ${result.model ?? null}::text, t.progress #>> '{usage,model}'),
      input = coalesce((${usage} ->> 'inputTokens')::float8, ${shown("inputTokens")}),
      output = coalesce((${usage} ->> 'outputTokens')::float8, ${shown("outputTokens")}),
      cache_read = coalesce((${usage} ->> 'cacheReadTokens')::float8, ${shown("cacheReadTokens")}),
      cache_write = coalesce((${usage} ->> 'cacheWriteTokens')::float8, ${shown("cacheWriteTokens")}),
      tokens = coalesce(${tokens}::float8, ${SHOWN.tokens}, 0),
      dollars = coalesce((${usage} ->> 'costUsd')::float8, ${SHOWN.dollars}, 0),
      priced_by = coalesce(${usage} ->> 'pricedBy', t.progress #>> '{usage,pricedBy}')
    from turns t where t.id = ${turn} and u.turn = ${turn}`.execute(tx);
}

const believed = (usage: Usage): Usage =>
  Object.fromEntries(
    Object.entries(usage).map(([name, value]) => [name, typeof value === "number" ? Math.min(value, MOST) : value]),
  ) as Usage;

/** What an agent says of itself is believed up to here: a sum of sillier figures would not fit, and nobody could be let in any more. */
const MOST = 1e15;

/** What the progress of the turn `t` says. Not `least`, which takes the limit where nothing is known yet. */
export const shown = (field: keyof Usage) => {
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
