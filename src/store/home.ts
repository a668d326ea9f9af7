/** What App Home lists: somebody's turns, those of a workspace, and what they have chosen for themselves. */
import { type RawBuilder, sql } from "kysely";
import type { DayOfTeam, HomeRecords, HomeTurn } from "../core/home.ts";
import type { Membership } from "../core/identity.ts";
import { titleOf } from "../core/naming.ts";
import type { PullRequest, Turn, TurnResult, Work } from "../core/types.ts";
import type { Database } from "./database.ts";
import { preferenceQuestions } from "./preferences.ts";

export function homeRecords(db: Database): HomeRecords {
  const turns = async (which: RawBuilder<unknown>, limit: number): Promise<HomeTurn[]> => {
    const { rows } = await sql<Row>`
      select t.id, t.session_id as session, t.turn, t.started_at as "startedAt", t.result ->> 'outcome' as outcome,
        s.state -> 'work' as work, s.state -> 'pullRequest' as "pullRequest",
        coalesce(s.state #>> '{turn,id}' = t.id and s.state #>> '{turn,phase,is}' = 'stopping', false) as "isStopping"
      from usage u join turns t on t.id = u.turn join sessions s on s.id = t.session_id
      where ${which} order by u.at desc limit ${limit}`.execute(db);
    return rows.map(homeTurn);
  };
  const { preferencesOf, prefer } = preferenceQuestions(db);
  return {
    preferencesOf,
    prefer,
    running: (person, limit) => turns(sql`${of(person)} and t.ended_at is null`, limit),
    last: (person, limit) => turns(sql`${of(person)} and t.ended_at is not null`, limit),
    runningIn: (team, limit) => turns(sql`u.organisation = ${`slack:${team}`} and t.ended_at is null`, limit),
    async dayOf(team, since) {
      const { rows } = await sql<DayOfTeam>`
        select count(*)::int as turns, coalesce(sum(tokens), 0)::float8 as tokens, coalesce(sum(dollars), 0)::float8 as dollars
        from usage where organisation = ${`slack:${team}`} and at >= ${new Date(since)}`.execute(db);
      return rows[0] ?? { turns: 0, tokens: 0, dollars: 0 };
    },
    async threadOf(turn) {
      const row = await db
        .selectFrom("turns")
        .select("turn")
        .where("id", "=", turn)
        .where("ended_at", "is", null)
        .executeTakeFirst();
      return row?.turn.thread ?? null;
    },
  };
}

/** A turn is counted on its asker's account, and on that of the workspace: see `limits.ts`. */
const of = ({ surface, team, id }: Membership): RawBuilder<unknown> =>
  sql`u.person = ${`${surface}:${id}`} and u.organisation = ${`${surface}:${team}`}`;

interface Row {
  id: string;
  session: string;
  turn: Turn;
  startedAt: Date;
  outcome: TurnResult["outcome"] | null;
  work: Work | null;
  pullRequest: PullRequest | null;
  isStopping: boolean;
}

function homeTurn({ id, session, turn, startedAt, outcome, work, pullRequest, isStopping }: Row): HomeTurn {
  const [ask] = turn.asks;
  return {
    ...{ turn: id, session, thread: turn.thread, pullRequest, outcome, isStopping },
    title: titleOf(ask?.subject ?? ask?.text ?? ""),
    by: ask?.author.id ?? "",
    link: ask?.link ?? null,
    repository: work?.repository.name ?? null,
    branch: work?.branch ?? null,
    startedAt: startedAt.getTime(),
  };
}
