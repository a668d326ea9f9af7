/** Several bots on one Postgres: how much more two do than one. */
import { type Child, startChild } from "./child.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import { check, checkEqual, median, type Row, valueRow } from "./measure.ts";
import type { Answerer, Mentions } from "./mentions.ts";
import type { SenderTasks } from "./sender.ts";
import { slackMentions } from "./slack-mentions.ts";
import type { ThrottleTasks } from "./throttle-process.ts";

export async function bots(bench: Bench): Promise<Row[]> {
  const [free, throttled] = bench.quick ? [quickly(FREE), quickly(THROTTLED)] : [FREE, THROTTLED];
  return [...(await compare(bench, free)), ...(await compare(bench, throttled))];
}

interface Plan {
  mentions: number;
  warmUp: number;
  rounds: number;
  /** Of the time that each bot may run; null: as it comes. */
  share: number | null;
}

const FREE: Plan = { mentions: 1_200, warmUp: 200, rounds: 2, share: null };
const THROTTLED: Plan = { mentions: 400, warmUp: 100, rounds: 1, share: 0.2 };
const quickly = (plan: Plan): Plan => ({
  ...plan,
  mentions: plan.share === null ? 100 : 40,
  warmUp: 10,
  rounds: 1,
});

async function compare(bench: Bench, plan: Plan): Promise<Row[]> {
  const runs: Record<1 | 2, Run[]> = { 1: [], 2: [] };
  for (let round = 0; round < plan.rounds; round++)
    for (const count of [1, 2] as const) {
      const run = await measure(bench, plan, count);
      runs[count].push(run);
      bench.tell(`${count} of ${nameOf(plan)}: ${run.perSecond.toFixed(1)} mentions a second`);
    }
  return rowsOf(runs, plan);
}

interface Run {
  perSecond: number;
  /** Of all bots, of one processor. */
  processorPercent: number;
}

async function measure(bench: Bench, plan: Plan, count: number): Promise<Run> {
  const database = await bench.ground.database();
  const all = plan.warmUp + plan.mentions;
  const mentions = await slackMentions(bench, database, { threads: Math.ceil(all / 2), mentions: all });
  const sender = startChild<SenderTasks>("./sender.ts");
  const throttle = startChild<ThrottleTasks>("./throttle-process.ts");
  const started: Answerer[] = [];
  try {
    for (let n = 0; n < count; n++) started.push(await mentions.startBot());
    const scene = { database, mentions, sender, started };
    await push(scene, 0, plan.warmUp);
    if (plan.share !== null)
      await throttle.ask("begin", { processIds: started.map(({ processId }) => processId), share: plan.share });
    for (const bot of started) await bot.load();
    const tookMs = await push(scene, plan.warmUp, all);
    await throttle.ask("end", null);
    const loads = await Promise.all(started.map((bot) => bot.load()));
    await prove(database, mentions, all);
    const processorMs = loads.reduce((sum, load) => sum + load.processorMs, 0);
    return { perSecond: (1_000 * plan.mentions) / tookMs, processorPercent: (100 * processorMs) / tookMs };
  } finally {
    await throttle.stop();
    await sender.stop();
    for (const bot of started) await bot.stop();
    await mentions.close();
    await database.drop();
  }
}

interface Scene {
  database: BenchDatabase;
  mentions: Mentions;
  sender: Child<SenderTasks>;
  started: Answerer[];
}

/** As fast as they are taken; resolves, when all of it is answered, with how long that took. */
async function push({ database, mentions, sender, started }: Scene, from: number, to: number): Promise<number> {
  const beganAt = performance.now();
  const { statuses } = await sender.ask("send", {
    urls: started.map(({ url }) => url),
    parcels: mentions.parcels.slice(from, to),
    perSecond: 1e6,
    slackSecret: mentions.slackSecret,
  });
  checkEqual(statuses[200] ?? 0, to - from, `acknowledged, of ${JSON.stringify(statuses)}`);
  await database.settled();
  return performance.now() - beganAt;
}

async function prove(database: BenchDatabase, mentions: Mentions, count: number): Promise<void> {
  checkEqual(await database.count("select count(*) from inbox"), count, "mentions that are stored");
  checkEqual(await database.count("select count(*) from effects where error is not null"), 0, "effects given up");
  mentions.proveAnswered();
}

const nameOf = ({ share }: Plan): string =>
  share === null ? "bots" : `bots that may run ${(100 * share).toFixed(0)} % of the time`;

function rowsOf(runs: Record<1 | 2, Run[]>, plan: Plan): Row[] {
  const rate = (count: 1 | 2): number => median(runs[count].map(({ perSecond }) => perSecond));
  const used = (count: 1 | 2): string =>
    `${median(runs[count].map(({ processorPercent }) => processorPercent)).toFixed(0)} %`;
  const bound =
    plan.share === null
      ? "Bound by the processors: bots, Postgres, the emulated Slack and the sender share them"
      : "Each bot is stopped most of the time, so that neither the processors nor the emulated Slack bind: what is left is how the bots are in each other's way at Postgres";
  const note =
    `${plan.mentions.toLocaleString("en")} \`status\` mentions in half as many threads, sent at once, until all are answered; ${plan.rounds} round(s) each, in turns. ` +
    `One bot took ${used(1)} of a processor, two together ${used(2)}. ${bound}.`;
  const row = (count: 1 | 2, what: string): Row =>
    valueRow({ what: `mentions to their answers, ${what}`, note }, plan.mentions * plan.rounds, rate(count), "/s");
  check(rate(1) > 0, "nothing was answered");
  return [
    row(1, `1 of ${nameOf(plan)}`),
    row(2, `2 of ${nameOf(plan)}`),
    valueRow(
      { what: `two ${nameOf(plan)} against one`, note, aim: { says: ">= 1.8 x", atLeast: 1.8 } },
      plan.rounds,
      rate(2) / rate(1),
      "x",
    ),
  ];
}
