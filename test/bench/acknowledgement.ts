/**
 * How long a vendor waits for its acknowledgement while mentions keep coming. Every request is a real mention, `@threadbox status`,
 * by somebody who may ask: signature, parsing, one transaction, 200; and behind that, on the same processors and the same
 * Postgres, everything that follows for it: the check of the person, eyes, and the answer in its thread. No sandbox.
 * Beside it, the same requests at the same rate to a bot that stores nothing and only answers.
 */

import { type Child, startChild } from "./child.ts";
import { githubMentions } from "./github-mentions.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import type { Load } from "./load.ts";
import { checkEqual, inMs, type Row, type Spread, spreadOf, timesRow, valueRow } from "./measure.ts";
import type { Answerer, Mentions, MentionsWish } from "./mentions.ts";
import type { SenderTasks, Sent } from "./sender.ts";
import { slackMentions } from "./slack-mentions.ts";

/** One after the other on the same bot, each when the one before is done with: the first only warms it up. */
interface Phase {
  perSecond: number;
  seconds: number;
}

const WARM_UP: Phase = { perSecond: 100, seconds: 3 };
const GENTLE: Phase = { perSecond: 20, seconds: 5 };
const BUSY: Phase = { perSecond: 100, seconds: 15 };
const quickly = ({ perSecond, seconds }: Phase): Phase => ({
  perSecond,
  seconds: Math.max(1, Math.round(seconds / 8)),
});

interface Vendor {
  /** As the table says it. */
  name: string;
  prepare(bench: Bench, database: BenchDatabase, wish: MentionsWish): Promise<Mentions>;
}

/** Whom it is sent to. */
interface Target {
  name: string;
  is: "bot" | "echo";
  database: BenchDatabase;
}

export async function acknowledgement(bench: Bench): Promise<Row[]> {
  const slack = await measureVendor(bench, { name: "Slack event", prepare: slackMentions });
  const github = await measureVendor(bench, { name: "GitHub webhook", prepare: githubMentions });
  if (bench.ground.noDebian) bench.tell(`not on Debian's Postgres: ${bench.ground.noDebian}`);
  return [...slack, ...github];
}

async function measureVendor(bench: Bench, vendor: Vendor): Promise<Row[]> {
  const { ground } = bench;
  const rows: Row[] = [];
  const busy: Spread[] = [];
  for (const [index, server] of (await ground.servers()).entries()) {
    const database = await ground.database(server);
    const phases = index === 0 && !bench.quick ? [WARM_UP, GENTLE, BUSY] : [WARM_UP, BUSY];
    const target: Target = { name: `bot on ${server.name}`, is: "bot", database };
    const measured = await measure(bench, vendor, target, phases).finally(() => database.drop());
    rows.push(...measured.map((one) => rowOf(vendor, target, one)));
    busy.push(spreadOf(measured.at(-1)?.sent.ackedAfterMs ?? []));
  }
  const unused = await ground.database();
  const target: Target = { name: "an echo that stores nothing", is: "echo", database: unused };
  const [echo] = await measure(bench, vendor, target, [WARM_UP, BUSY]).finally(() => unused.drop());
  if (echo) rows.push(rowOf(vendor, target, echo), rowOfRatio(vendor, busy, spreadOf(echo.sent.ackedAfterMs)));
  return rows;
}

/** Of every phase but the first. */
async function measure(bench: Bench, vendor: Vendor, target: Target, slow: Phase[]): Promise<Measured[]> {
  const { quick, tell } = bench;
  const phases = quick ? slow.map(quickly) : slow;
  const count = phases.reduce((sum, phase) => sum + countOf(phase), 0);
  tell(`${vendor.name} to ${target.name}: writing ${count} mentions`);
  const threads = quick ? 100 : 1_000;
  const mentions = await vendor.prepare(bench, target.database, { threads, mentions: count });
  const answerer = await (target.is === "bot" ? mentions.startBot() : mentions.startEcho());
  const sender = startChild<SenderTasks>("./sender.ts");
  try {
    const measured: Measured[] = [];
    for (const phase of phases) {
      tell(`${vendor.name} to ${target.name}: ${phase.perSecond} a second for ${phase.seconds} s`);
      const first = measured.flatMap(({ sent }) => sent.lateMs).length;
      measured.push(await send({ answerer, sender, mentions }, phase, first));
    }
    await prove(target, mentions, vendor, measured);
    return measured.slice(1);
  } finally {
    await sender.stop();
    await answerer.stop();
    await mentions.close();
  }
}

const countOf = ({ perSecond, seconds }: Phase): number => perSecond * seconds;

interface Scene {
  answerer: Answerer;
  sender: Child<SenderTasks>;
  mentions: Mentions;
}

interface Measured {
  phase: Phase;
  threads: number;
  sent: Sent;
  load: Load;
  /** From the last acknowledgement until everything that was asked for is done. */
  drainedAfterMs: number;
}

async function send({ answerer, sender, mentions }: Scene, phase: Phase, first: number): Promise<Measured> {
  const { parcels, slackSecret, threads } = mentions;
  await answerer.load();
  const sent = await sender.ask("send", {
    urls: [answerer.url],
    parcels: parcels.slice(first, first + countOf(phase)),
    perSecond: phase.perSecond,
    slackSecret,
  });
  const load = await answerer.load();
  const lastAt = performance.now();
  await answerer.settled();
  return { phase, threads, sent, load, drainedAfterMs: performance.now() - lastAt };
}

/** Everything was acknowledged, everything that was acknowledged is stored, and everything that is stored was answered. */
async function prove(
  { is, database }: Target,
  mentions: Mentions,
  { name }: Vendor,
  measured: Measured[],
): Promise<void> {
  const statuses = measured.flatMap(({ sent }) => Object.entries(sent.statuses));
  const taken = statuses.filter(([status]) => status.startsWith("2")).reduce((sum, [, often]) => sum + often, 0);
  const count = measured.reduce((sum, { phase }) => sum + countOf(phase), 0);
  checkEqual(taken, count, `acknowledged, of ${JSON.stringify(statuses)}`);
  mentions.proveAnswered();
  if (is === "echo") return; // it has no more to show
  checkEqual(await database.count("select count(*) from inbox"), count, `${name}s that are stored`);
  const sessions = await database.count("select count(*) from sessions");
  checkEqual(sessions, mentions.threads, "sessions, one for each thread");
  checkEqual(await database.count("select count(*) from effects where error is not null"), 0, "effects given up");
}

const PATH: Record<Target["is"], string> = {
  bot: "All are real `status` mentions on the full path (stored, checked, eyes, answered)",
  echo: "Bolt, or octokit's webhooks, by itself: acknowledged at once, then one answer, nothing else",
};
const BOUND: Record<Target["is"], string> = {
  bot: "bound by that one thread, by the processors that emulator, Postgres and sender share with it, and by the commit's fsync",
  echo: "bound by that one thread, and by the processors that emulator and sender share with it",
};

function rowOf(vendor: Vendor, { name, is }: Target, { phase, threads, sent, load, drainedAfterMs }: Measured): Row {
  const late = spreadOf(sent.lateMs);
  const what = `${vendor.name} to acknowledgement, ${phase.perSecond}/s over ${threads.toLocaleString("en")} threads, ${name}`;
  const note =
    "Open loop from another process, counted from when each was due " +
    `(the sender itself was ${inMs(late.p50)} late at the median, ${inMs(late.max)} at most), on a bot that is warm. ` +
    `${PATH[is]}, and the last answer was in its ` +
    `thread ${inMs(drainedAfterMs)} after the last acknowledgement. The bot took ${inMs(load.processorMs / sent.lateMs.length)} of processor ` +
    `time for each mention from end to end, and its event loop was ${load.loopPercent.toFixed(0)} % busy: ${BOUND[is]}.`;
  const aim = is === "bot" ? { aim: { says: "p99 < 50 ms", below: 50 } } : {};
  return timesRow({ what, note, ...aim }, sent.ackedAfterMs);
}

function rowOfRatio({ name }: Vendor, bots: Spread[], echo: Spread): Row {
  const slowest = ({ p99, max }: Spread): number => p99 ?? max;
  const [first, ...others] = bots.map((bot) => slowest(bot) / slowest(echo));
  const medians = bots.map((bot) => (bot.p50 / echo.p50).toFixed(1)).join(" and ");
  const note =
    `Ratios of the p99s above; of the medians: ${medians} x.` +
    `${others.map((ratio) => ` On the second Postgres: ${ratio.toFixed(1)} x.`).join("")} Bound by the commit, which the echo has none of, ` +
    "and by what our bot does behind its acknowledgements on the same thread: some 31 statements, four transactions among them (the seven of receive are one, shared under load), and two calls to the vendor, where the echo makes one call.";
  return valueRow(
    { what: `${name}: p99 of the bot against the echo`, note, aim: { says: "<= 3 x", below: 3.000_1 } },
    bots.length,
    first ?? Number.NaN,
    "x",
  );
}
