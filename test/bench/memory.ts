/**
 * What sessions cost while nobody speaks to them. They live in Postgres, so the bot should hold next to nothing for each: measured
 * in a bot that has worked on all of them, and in one that finds them there when it starts.
 */
import type { NewMention } from "../../src/core/types.ts";
import { type BotProcess, startBotProcess } from "./bot.ts";
import type { Memory } from "./bot-process.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import { checkEqual, type Row, valueRow } from "./measure.ts";
import { postgresPss } from "./postgres-processes.ts";

interface Seen extends Memory {
  sessions: number;
  postgresBytes: number | null;
  databaseBytes: number;
}

export async function memory({ ground, quick, tell }: Bench): Promise<Row[]> {
  const [few, many] = quick ? [100, 200] : [100, 1_000];
  const database = await ground.database();
  const bot = await startBotProcess(ground, database, {});
  let grown: Seen[];
  try {
    tell("an idle bot");
    grown = [await look(bot, database)];
    for (const sessions of [few, many]) {
      tell(`${sessions} sessions through receive, to their end, and asleep`);
      await sleepers(bot, database, sessions);
      grown.push(await look(bot, database));
    }
  } finally {
    await bot.stop();
  }
  tell(`a bot that starts with ${many} sleeping sessions`);
  const restarted = await startBotProcess(ground, database, {});
  try {
    return rowsOf(grown, await look(restarted, database));
  } finally {
    await restarted.stop();
    await database.drop();
  }
}

/** Makes as many sessions as are missing, lets the bot do what there is to do for each, and puts their sandboxes to sleep. */
export async function sleepers(bot: BotProcess, database: BenchDatabase, sessions: number): Promise<void> {
  const there = await database.count("select count(*) from sessions");
  const mentions = Array.from({ length: sessions - there }, (_, n) => mentionIn(`t${there + n}`));
  checkEqual(await bot.ask("receive", mentions), mentions.length, "mentions that were accepted");
  await database.settled();
  const asleep = JSON.stringify({ is: "asleep", since: 1_700_000_000_000, token: "s0001" });
  await database.query("update sessions set state = jsonb_set(state, '{sandbox}', $1::jsonb)", [asleep]);
  checkEqual(await database.count("select count(*) from sessions"), sessions, "sessions in the store");
  const said = "select count(*) from effects where effect->>'do' = 'say' and done_at is not null and error is null";
  checkEqual(await database.count(said), sessions, "sessions that were answered");
}

export const mentionIn = (thread: string): NewMention => ({
  dedupe: `terminal:${thread}`,
  keys: [`api:terminal/${thread}`],
  thread: { surface: "terminal", id: thread },
  author: { surface: "terminal", id: "1", name: "ada" },
  text: "status",
  addressed: true,
  at: 1_700_000_000_000,
  message: thread,
});

async function look(bot: BotProcess, database: BenchDatabase): Promise<Seen> {
  return {
    ...(await bot.ask("memory", null)),
    sessions: await database.count("select count(*) from sessions"),
    postgresBytes: postgresPss(await database.count("select pg_backend_pid()")),
    databaseBytes: await database.count("select pg_database_size(current_database())"),
  };
}

const KB = 1024;
const MB = 1024 * 1024;

function rowsOf(grown: Seen[], restarted: Seen): Row[] {
  const [idle, few, many] = grown as [Seen, Seen, Seen];
  const each = (of: "heapUsedBytes" | "rssBytes" | "databaseBytes"): number =>
    (many[of] - few[of]) / (many.sessions - few.sessions) / KB;
  const heap = ({ heapUsedBytes }: Seen): string =>
    `${(heapUsedBytes / MB).toFixed(1)} MB of it live objects after a full collection`;
  const count = (seen: Seen): string => seen.sessions.toLocaleString("en");
  const rss = (what: string, seen: Seen, note: string): Row =>
    valueRow({ what: `bot's RSS, ${what}`, note: `${heap(seen)}. ${note}` }, seen.sessions, seen.rssBytes / MB, "MB");
  return [
    rss(
      "idle",
      idle,
      "A process of its own on the embedded Postgres; bound by the code that is loaded (Slack's and GitHub's SDKs).",
    ),
    rss(`${count(few)} sessions asleep`, few, "The first work: compiled code, pools and buffers that stay."),
    rss(
      `${count(many)} sessions asleep`,
      many,
      "RSS is what V8 and the allocator keep of the burst; the live objects, and the row below, tell what a session costs.",
    ),
    rss(
      `started with ${count(restarted)} asleep`,
      restarted,
      "No more than an idle bot: sessions live in Postgres, and nothing of one is loaded before somebody speaks to it.",
    ),
    valueRow(
      {
        what: "bot's heap for each sleeping session",
        aim: { says: "< 20 KB", below: 20 },
        note: `Live objects at ${count(many)} minus those at ${count(few)} sessions, each; RSS grew by ${each("rssBytes").toFixed(1)} KB each.`,
      },
      many.sessions - few.sessions,
      each("heapUsedBytes"),
      "KB",
    ),
    ...postgresRows(idle, many),
    valueRow(
      {
        what: "database on disk for each session of one mention",
        note: "Rows, indexes and pg-boss's finished jobs (kept for ten minutes); grows with what is said and done, not with time.",
      },
      many.sessions - few.sessions,
      each("databaseBytes"),
      "KB",
    ),
  ];
}

function postgresRows(idle: Seen, many: Seen): Row[] {
  const row = ({ postgresBytes, sessions }: Seen, what: string, note: string): Row[] =>
    postgresBytes === null
      ? []
      : [valueRow({ what: `embedded Postgres' PSS, ${what}`, note }, sessions, postgresBytes / MB, "MB")];
  return [
    ...row(
      idle,
      "idle bot",
      "All its processes, shared memory counted once. One process for each connection of bot and benchmark.",
    ),
    ...row(
      many,
      `${many.sessions.toLocaleString("en")} sessions asleep`,
      "More connections were opened by the work, and buffers (64 MB at most) are in use.",
    ),
  ];
}
