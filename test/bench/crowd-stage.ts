/** A Slack, a crowd of daemons and a database, and bots between them: what the benchmarks of turns in flight have in common. */
import { setTimeout as pause } from "node:timers/promises";
import type { NewMention } from "../../src/core/types.ts";
import { type Child, startChild } from "./child.ts";
import type { CrowdBotTasks } from "./crowd-bot-process.ts";
import type { CrowdTasks } from "./crowd-daemons-process.ts";
import type { CrowdSlack, CrowdSlackTasks } from "./crowd-slack-process.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import { check, checkEqual } from "./measure.ts";

export interface CrowdBot extends Child<CrowdBotTasks> {
  /** As it stands in the database. */
  owner: string;
}

/** A part of the crowd. */
export interface Share {
  database: BenchDatabase;
  /** One for each thread, each in its own; as many daemons wait for them. */
  mentions: NewMention[];
  startBot(): Promise<CrowdBot>;
}

export interface CrowdStage {
  slack: Child<CrowdSlackTasks>;
  daemons: Child<CrowdTasks>;
  /** Each on a database of its own. */
  shares: Share[];
  close(): Promise<void>;
}

export interface StageWish {
  /** In all shares together. */
  sessions: number;
  shares: number;
  tellEveryMs: number;
}

export async function crowdStage({ ground }: Bench, wish: StageWish): Promise<CrowdStage> {
  const slack = startChild<CrowdSlackTasks>("./crowd-slack-process.ts");
  const daemons = startChild<CrowdTasks>("./crowd-daemons-process.ts");
  const crowd = await slack.ask("start", { threads: wish.sessions });
  const { urls, token } = await daemons.ask("start", { daemons: wish.sessions, tellEveryMs: wish.tellEveryMs });
  const each = Math.floor(wish.sessions / wish.shares);
  const bots: CrowdBot[] = [];
  const shareOf = async (n: number): Promise<Share> => {
    const database = await ground.database();
    const [from, to] = [n * each, (n + 1) * each];
    const given = { urls: urls.slice(from, to), token };
    return {
      database,
      mentions: mentionsIn({ ...crowd, threads: crowd.threads.slice(from, to) }),
      async startBot() {
        const child = startChild<CrowdBotTasks>("./crowd-bot-process.ts");
        const bot = { ...child, owner: `bench/${bots.length}` };
        bots.push(bot);
        await child.ask("start", { databaseUrl: database.url, owner: bot.owner, slack: crowd, daemons: given });
        return bot;
      },
    };
  };
  const shares: Share[] = [];
  for (let n = 0; n < wish.shares; n++) shares.push(await shareOf(n));
  return {
    ...{ slack, daemons, shares },
    async close() {
      await daemons.stop();
      await Promise.all(bots.map((bot) => bot.stop()));
      await slack.stop();
      for (const { database } of shares) await database.drop();
    },
  };
}

function mentionsIn({ threads, team, ada }: CrowdSlack): NewMention[] {
  return threads.map(({ channel, ts }) => ({
    dedupe: `slack:${channel}/${ts}`,
    keys: [`slack:thread:${team}/${channel}/${ts}`],
    thread: { surface: "slack", team, channel, threadTs: ts },
    author: { surface: "slack", id: ada, name: "ada" },
    text: "what time is it?",
    addressed: true,
    at: Date.now(),
    message: ts,
  }));
}

const BEGUN_WITHIN_MS = 180_000;

/** Resolves when so many turns run, and the bot has heard of each that it does. */
export async function inFlight(database: BenchDatabase, sessions: number): Promise<void> {
  const running = "select count(*) from sessions where state #>> '{turn,phase,is}' = 'running' and stream_cursor > 1";
  for (const until = performance.now() + BEGUN_WITHIN_MS; (await database.count(running)) < sessions; ) {
    check(performance.now() < until, `not all of ${sessions} turns have begun`);
    await pause(100);
  }
}

/** Each turn was answered once, and what was stored of each stream has no holes. */
export async function proveTold(database: BenchDatabase, sessions: number): Promise<void> {
  const turns = "select count(*) from turns where result->>'outcome' = 'done'";
  checkEqual(await database.count(turns), sessions, "turns done");
  const answers =
    "select count(*) from effects where effect->>'do' = 'answer' and done_at is not null and error is null";
  checkEqual(await database.count(answers), sessions, "answers");
  const holes = `select count(*) from (select (entry->>'cursor')::int - lag((entry->>'cursor')::int)
    over (partition by session_id order by cursor) as step from transcript) as steps where step <> 1`;
  checkEqual(await database.count(holes), 0, "holes in what was stored of the streams");
}
