/** What was spent: every turn that was counted, summed by what somebody asks for. Of a turn that goes on it is what its progress says. */
import { type RawBuilder, sql } from "kysely";
import type { Ms } from "../core/types.ts";
import type { Database } from "./database.ts";
import { shown } from "./usage.ts";

/** What can be summed by. */
export const COSTS_BY = ["day", "person", "repository", "session", "agent", "model", "channel"] as const;
export type CostsBy = (typeof COSTS_BY)[number];

export interface Costs {
  turns: number;
  /** Read and written ones together. */
  tokens: number;
  /** With those from the cache and into it. Less than `tokens` where older turns have not said which they were. */
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** As far as it is known. */
  dollars: number;
  /** As much of it comes from a price list, and not from the agent. */
  listDollars: number;
  /** Turns that used tokens whose price nobody knows. */
  unpricedTurns: number;
}

export interface CostsOf extends Costs {
  /** Stable: an id, a day. Null: nobody has said. */
  key: string | null;
  /** As people call it, where they call it something else. */
  name: string | null;
}

/** In the order of what they cost; days in theirs. */
export async function costsOf(
  db: Database,
  { by, since, until }: { by: CostsBy; since: Ms; until: Ms },
): Promise<CostsOf[]> {
  const { key, name } = WHAT[by];
  const order = by === "day" ? sql`key` : sql`dollars desc, tokens desc, key`;
  const { rows } = await sql<CostsOf>`
    select key, (array_agg(name order by at desc) filter (where name is not null))[1] as name,
      count(*)::int as turns,
      ${sum("tokens")}, ${sum("inputTokens")}, ${sum("outputTokens")}, ${sum("cacheReadTokens")}, ${sum("cacheWriteTokens")},
      ${sum("dollars")},
      coalesce(sum(dollars) filter (where priced = 'table'), 0)::float8 as "listDollars",
      (count(*) filter (where tokens > 0 and (priced = 'nobody' or dollars = 0 and priced is distinct from 'table')))::int
        as "unpricedTurns"
    from (
      select ${key} as key, ${name} as name, u.at,
        coalesce(u.tokens, ${shown("inputTokens")} + ${shown("outputTokens")}, 0) as tokens,
        coalesce(u.input, ${shown("inputTokens")}, 0) as "inputTokens",
        coalesce(u.output, ${shown("outputTokens")}, 0) as "outputTokens",
        coalesce(u.cache_read, ${shown("cacheReadTokens")}, 0) as "cacheReadTokens",
        coalesce(u.cache_write, ${shown("cacheWriteTokens")}, 0) as "cacheWriteTokens",
        coalesce(u.dollars, ${shown("costUsd")}, 0) as dollars,
        case when u.tokens is null then t.progress #>> '{usage,pricedBy}' else u.priced_by end as priced
      from usage u left join turns t on t.id = u.turn left join sessions s on s.id = coalesce(u.session, t.session_id)
      where u.at >= ${new Date(since)} and u.at < ${new Date(until)}
    ) counted
    group by key order by ${order}`.execute(db);
  return rows;
}

const sum = (field: keyof Costs): RawBuilder<unknown> =>
  sql`coalesce(sum(${sql.ref(field)}), 0)::float8 as ${sql.ref(field)}`;

const NO_NAME = sql`null::text`;
const SAID_MODEL = sql`coalesce(u.model, t.progress #>> '{usage,model}')`;

const WHAT: Record<CostsBy, { key: RawBuilder<unknown>; name: RawBuilder<unknown> }> = {
  day: { key: sql`to_char(u.at at time zone 'UTC', 'YYYY-MM-DD')`, name: NO_NAME },
  // Whoever asked first, whose account it goes on.
  person: { key: sql`nullif(u.person, '')`, name: sql`t.turn #>> '{asks,0,author,name}'` },
  repository: { key: sql`u.repository`, name: sql`s.state #>> '{work,repository,name}'` },
  session: { key: sql`coalesce(u.session, t.session_id)`, name: sql`s.state ->> 'title'` },
  agent: { key: sql`u.agent`, name: NO_NAME },
  model: { key: SAID_MODEL, name: NO_NAME },
  channel: { key: sql`u.channel`, name: NO_NAME },
};

/** All of them together. */
export function together(costs: readonly Costs[]): Costs {
  const all: Costs = {
    ...{ turns: 0, tokens: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
    ...{ dollars: 0, listDollars: 0, unpricedTurns: 0 },
  };
  for (const one of costs) for (const field of Object.keys(all) as (keyof Costs)[]) all[field] += one[field];
  return all;
}
