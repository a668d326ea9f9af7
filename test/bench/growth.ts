/**
 * What changes when there are ten, a hundred, a thousand, ten thousand sessions, all asleep: each time a bot that starts on them, is
 * left alone, is spoken to, and the command line beside it. What is the same everywhere is flat; what is not is named.
 */
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { claimSession } from "../../src/engine/claim.ts";
import { openDatabase } from "../../src/store/database.ts";
import { sessionPages } from "../../src/store/pages.ts";
import { createStore } from "../../src/store/store.ts";
import { quiet } from "../quiet.ts";
import { type BotProcess, startBotProcess } from "./bot.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import { check, checkEqual, type Grid, median, type Row, repeatable, spreadOf, valueRow } from "./measure.ts";
import { mentionIn, sleepers } from "./memory.ts";
import { postgresProcessorMs } from "./postgres-processes.ts";
import { cloneSessions, EVENTS_EACH } from "./sleeping-crowd.ts";
import { rounded } from "./table.ts";

interface Plan {
  sizes: number[];
  idleMs: number;
  mentions: number;
  looks: number;
  commands: number;
}

const FULL: Plan = { sizes: [10, 100, 1_000, 10_000], idleMs: 20_000, mentions: 300, looks: 300, commands: 5 };
const QUICK: Plan = { sizes: [10, 1_000], idleMs: 4_000, mentions: 100, looks: 100, commands: 1 };
const MENTION_EVERY_MS = 50;

/** One column. */
interface Seen {
  sessions: number;
  startMs: number;
  rssMb: number;
  heapMb: number;
  idlePercent: number;
  postgresIdlePercent: number;
  acceptedMs: number;
  claimedMs: number;
  listedMs: number;
  commandMs: number;
  diskKbEach: number;
}

export async function growth(bench: Bench): Promise<{ rows: Row[]; grid: Grid }> {
  const plan = bench.quick ? QUICK : FULL;
  const database = await bench.ground.database();
  try {
    const maker = await startBotProcess(bench.ground, database, {});
    await sleepers(maker, database, 10).finally(() => maker.stop());
    const seen: Seen[] = [];
    for (const sessions of plan.sizes) {
      await cloneSessions(database, sessions);
      bench.tell(`${sessions.toLocaleString("en")} sleeping sessions`);
      seen.push(await look(bench, database, plan, sessions));
    }
    return { rows: rowsOf(seen, plan), grid: gridOf(seen) };
  } finally {
    await database.drop();
  }
}

async function look({ ground }: Bench, database: BenchDatabase, plan: Plan, sessions: number): Promise<Seen> {
  const startedAt = performance.now();
  const bot = await startBotProcess(ground, database, {});
  const startMs = performance.now() - startedAt;
  try {
    const { rssBytes, heapUsedBytes } = await bot.ask("memory", null);
    const idle = await leaveAlone(bot, database, plan.idleMs);
    const acceptedMs = await accept(bot, database, plan, sessions);
    const stored = await ask(database, plan);
    const commandMs = await commands(database, plan.commands);
    const bytes = await database.count("select pg_database_size(current_database())");
    const memory = { rssMb: rssBytes / MB, heapMb: heapUsedBytes / MB };
    return {
      sessions,
      startMs,
      ...memory,
      ...idle,
      acceptedMs,
      ...stored,
      commandMs,
      diskKbEach: bytes / KB / sessions,
    };
  } finally {
    await bot.stop();
  }
}

const KB = 1024;
const MB = 1024 * KB;

async function leaveAlone(
  bot: BotProcess,
  database: BenchDatabase,
  forMs: number,
): Promise<Pick<Seen, "idlePercent" | "postgresIdlePercent">> {
  const backend = await database.count("select pg_backend_pid()");
  await bot.ask("load", null);
  const before = postgresProcessorMs(backend) ?? Number.NaN;
  await pause(forMs);
  const { processorMs } = await bot.ask("load", null);
  const postgresMs = (postgresProcessorMs(backend) ?? Number.NaN) - before;
  return { idlePercent: (100 * processorMs) / forMs, postgresIdlePercent: (100 * postgresMs) / forMs };
}

/** Mentions in threads that are known, anywhere among them, while the bot does what they ask for; p99. */
async function accept(bot: BotProcess, database: BenchDatabase, plan: Plan, sessions: number): Promise<number> {
  const before = await database.count("select count(*) from inbox");
  const random = repeatable(sessions);
  const mentions = Array.from({ length: plan.mentions }, (_, n) => {
    const mention = mentionIn(`t${Math.floor(random() * sessions)}`);
    return { ...mention, dedupe: `${mention.dedupe}/${sessions}/${n}` };
  });
  // The first ones load code.
  const tookMs = (await bot.ask("timed", { mentions, everyMs: MENTION_EVERY_MS })).slice(
    Math.floor(plan.mentions / 10),
  );
  await database.settled();
  checkEqual(await database.count("select count(*) from inbox"), before + plan.mentions, "mentions that are stored");
  checkEqual(await database.count("select count(*) from sessions"), sessions, "sessions, and no new one");
  const { p99, max } = spreadOf(tookMs);
  return p99 ?? max;
}

/** What a holder does first, and what lists do, without a bot's other work; medians. */
async function ask(database: BenchDatabase, { looks }: Plan): Promise<Pick<Seen, "claimedMs" | "listedMs">> {
  const { db, close } = openDatabase(database.connection, 2, quiet);
  try {
    const store = createStore(db);
    const random = "select id from sessions order by md5(id) limit $1";
    const ids = (await database.query<{ id: string }>(random, [looks])).map(({ id }) => id);
    const claimedMs = await timedEach(ids, async (id) => {
      const { epoch, write } = await claimSession(store, { id, owner: "bench", isOurs: async () => true });
      check((await store.look(id, epoch)) !== null, `${id} was not seen`);
      await write((tx) => store.release(tx, id));
    });
    const listedMs = await timedEach(ids.slice(0, 30), async () => void (await sessionPages(db).list(20)));
    return { claimedMs, listedMs };
  } finally {
    await close();
  }
}

async function timedEach<T>(inputs: T[], work: (input: T) => Promise<void>): Promise<number> {
  const tookMs: number[] = [];
  for (const input of inputs) {
    const beganAt = performance.now();
    await work(input);
    tookMs.push(performance.now() - beganAt);
  }
  return median(tookMs);
}

const PROGRAM = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

async function commands(database: BenchDatabase, times: number): Promise<number> {
  const env = { PATH: process.env.PATH, DATABASE_URL: database.url };
  return timedEach(Array.from({ length: times }), async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, "sessions", "--json"], { env });
    check(stdout.includes('"sessions"'), `this is no list of sessions: ${stdout}`);
  });
}

function rowsOf(seen: Seen[], { idleMs }: Plan): Row[] {
  const thousand = seen.find(({ sessions }) => sessions === 1_000);
  if (!thousand) return [];
  const note = `Over ${idleMs / 1_000} s in which nobody spoke to it; Postgres took ${thousand.postgresIdlePercent.toFixed(2)} % beside it. Bound by the clocks that look for timers and lookups (each twice a second), for missed wake-ups and for leases that have run out (every 2 s); not by sessions: see the table of sizes.`;
  const what = "bot's processor time with 1,000 sessions asleep";
  return [valueRow({ what, note, aim: { says: "< 1 %", below: 1 } }, 1, thousand.idlePercent, "%")];
}

const LINES: { what: string; of: keyof Seen; unit: string }[] = [
  { what: "bot starts", of: "startMs", unit: "ms" },
  { what: "bot's RSS", of: "rssMb", unit: "MB" },
  { what: "  of it live objects", of: "heapMb", unit: "MB" },
  { what: "bot's processor, idle", of: "idlePercent", unit: "%" },
  { what: "Postgres' processor, idle", of: "postgresIdlePercent", unit: "%" },
  { what: "mention accepted, 20/s, p99", of: "acceptedMs", unit: "ms" },
  { what: "claim, look, release; median", of: "claimedMs", unit: "ms" },
  { what: "query of the newest 20; median", of: "listedMs", unit: "ms" },
  { what: "`threadbox sessions`; median", of: "commandMs", unit: "ms" },
  { what: "database on disk, each session", of: "diskKbEach", unit: "KB" },
];

/** Twice as much is more than the noise of a machine that others use as well. */
const STEEP = 2;

function gridOf(seen: Seen[]): Grid {
  const [first, last] = [seen[0], seen.at(-1)];
  if (!first || !last) throw new Error("there was no size");
  const steep = LINES.filter(({ of }) => last[of] > STEEP * first[of]);
  const named = steep.map(({ what, of }) => `${what.trim()} (${rounded(last[of] / first[of])} x)`).join("; ");
  const verdict = steep.length === 0 ? "Nothing has doubled from the first to the last" : `More than doubled: ${named}`;
  return {
    head: ["asleep in the store", ...seen.map(({ sessions }) => sessions.toLocaleString("en"))],
    lines: LINES.map(({ what, of, unit }) => [what, ...seen.map((one) => `${rounded(one[of])} ${unit}`)]),
    note: `${verdict}. Each session has a turn with ${EVENTS_EACH} events behind it. A new bot for each column; the disk of few sessions is that of an empty database.`,
  };
}
