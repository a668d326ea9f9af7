/**
 * How long a vendor waits for its acknowledgement while mentions keep coming. Every request is a real mention, `@threadbox status`,
 * by somebody who may ask: signature, parsing, one transaction, 200; and behind that, on the same processors and the same
 * Postgres, everything that follows for it: the check of the person, eyes, and the answer in its thread. No sandbox.
 */

import type { BotProcess } from "./bot.ts";
import { type Child, startChild } from "./child.ts";
import { githubMentions } from "./github-mentions.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import type { Load } from "./load.ts";
import { checkEqual, inMs, type Row, spreadOf, timesRow } from "./measure.ts";
import type { Mentions, MentionsWish } from "./mentions.ts";
import type { SenderTasks, Sent } from "./sender.ts";
import { slackMentions } from "./slack-mentions.ts";

/** One after the other on the same bot, each when the one before is done with: the first only warms it up. */
interface Phase {
  perSecond: number;
  seconds: number;
}

const PHASES: Phase[] = [
  { perSecond: 100, seconds: 3 },
  { perSecond: 20, seconds: 5 },
  { perSecond: 100, seconds: 15 },
];
const QUICK: Phase[] = [
  { perSecond: 100, seconds: 1 },
  { perSecond: 20, seconds: 1 },
  { perSecond: 100, seconds: 2 },
];

export async function acknowledgement(bench: Bench): Promise<Row[]> {
  const slack = await measure(bench, "Slack event", slackMentions);
  return [...slack, ...(await measure(bench, "GitHub webhook", githubMentions))];
}

type Prepare = (bench: Bench, database: BenchDatabase, wish: MentionsWish) => Promise<Mentions>;

async function measure(bench: Bench, name: string, prepare: Prepare): Promise<Row[]> {
  const { quick, tell, ground } = bench;
  const phases = quick ? QUICK : PHASES;
  const count = phases.reduce((sum, phase) => sum + countOf(phase), 0);
  const database = await ground.database();
  tell(`${name}: writing ${count} mentions`);
  const mentions = await prepare(bench, database, { threads: quick ? 200 : 1_000, mentions: count });
  const bot = await mentions.startBot();
  const sender = startChild<SenderTasks>("./sender.ts");
  try {
    const measured: Measured[] = [];
    for (const phase of phases) {
      tell(`${name}: ${phase.perSecond} a second for ${phase.seconds} s`);
      measured.push(
        await send({ bot, sender, database, mentions }, phase, measured.flatMap(({ sent }) => sent.lateMs).length),
      );
    }
    await prove(database, mentions, name, measured);
    return measured.slice(1).map((one) => rowOf(name, mentions.threads, one));
  } finally {
    await sender.stop();
    await bot.stop();
    await mentions.close();
    await database.drop();
  }
}

const countOf = ({ perSecond, seconds }: Phase): number => perSecond * seconds;

interface Scene {
  bot: BotProcess;
  sender: Child<SenderTasks>;
  database: BenchDatabase;
  mentions: Mentions;
}

interface Measured {
  phase: Phase;
  sent: Sent;
  load: Load;
  /** From the last acknowledgement until everything that was asked for is done. */
  drainedAfterMs: number;
}

async function send({ bot, sender, database, mentions }: Scene, phase: Phase, first: number): Promise<Measured> {
  const { parcels, slackSecret } = mentions;
  await bot.ask("load", null);
  const sent = await sender.ask("send", {
    url: bot.url,
    parcels: parcels.slice(first, first + countOf(phase)),
    perSecond: phase.perSecond,
    slackSecret,
  });
  const load = await bot.ask("load", null);
  const lastAt = performance.now();
  await database.settled();
  return { phase, sent, load, drainedAfterMs: performance.now() - lastAt };
}

/** Everything was acknowledged, everything that was acknowledged is stored, and everything that is stored was answered. */
async function prove(database: BenchDatabase, mentions: Mentions, name: string, measured: Measured[]): Promise<void> {
  const statuses = measured.flatMap(({ sent }) => Object.entries(sent.statuses));
  const taken = statuses.filter(([status]) => status.startsWith("2")).reduce((sum, [, often]) => sum + often, 0);
  const count = measured.reduce((sum, { phase }) => sum + countOf(phase), 0);
  checkEqual(taken, count, `acknowledged, of ${JSON.stringify(statuses)}`);
  checkEqual(await database.count("select count(*) from inbox"), count, `${name}s that are stored`);
  const sessions = await database.count("select count(*) from sessions");
  checkEqual(sessions, mentions.threads, "sessions, one for each thread");
  checkEqual(await database.count("select count(*) from effects where error is not null"), 0, "effects given up");
  mentions.proveAnswered();
}

function rowOf(name: string, threads: number, { phase, sent, load, drainedAfterMs }: Measured): Row {
  const late = spreadOf(sent.lateMs);
  const what = `${name} to acknowledgement, ${phase.perSecond}/s over ${threads.toLocaleString("en")} threads`;
  const note =
    "Open loop from another process, counted from when each was due " +
    `(the sender itself was ${inMs(late.p50)} late at the median, ${inMs(late.max)} at most), on a bot that is warm. ` +
    "All are real `status` mentions on the full path (stored, checked, eyes, answered), and the last answer was in its " +
    `thread ${inMs(drainedAfterMs)} after the last acknowledgement. The bot took ${inMs(load.processorMs / sent.lateMs.length)} of processor ` +
    `time for each mention from end to end, and its event loop was ${load.loopPercent.toFixed(0)} % busy: bound by that one thread, by the ` +
    "processors that emulator, Postgres and sender share with it, and by the commit's fsync.";
  return timesRow({ what, note, aim: { says: "p99 < 50 ms", below: 50 } }, sent.ackedAfterMs);
}
