/**
 * How long a vendor waits for its acknowledgement while mentions keep coming. Every request is a real mention, `@threadbox status`,
 * by somebody who may ask: signature, parsing, one transaction, 200; and behind that, on the same processors and the same
 * Postgres, everything that follows for it: the check of the person, eyes, and the answer in its thread. No sandbox.
 */
import type { BotProcess } from "./bot.ts";
import { startChild } from "./child.ts";
import { githubMentions } from "./github-mentions.ts";
import type { Bench } from "./ground.ts";
import type { Load } from "./load.ts";
import { checkEqual, inMs, type Row, spreadOf, timesRow } from "./measure.ts";
import type { Parcel, SenderTasks, Sent } from "./sender.ts";
import { slackMentions } from "./slack-mentions.ts";

const PER_SECOND = 100;

/** A vendor with threads, and deliveries that were made by it and not sent yet. */
export interface Mentions {
  threads: number;
  parcels: Parcel[];
  slackSecret: string | null;
  /** Starts the bot that they are for; `url` is where they go. */
  startBot(): Promise<BotProcess>;
  /** Throws unless each mention has exactly one answer, in its own thread. */
  proveAnswered(): void;
  close(): Promise<void>;
}

export interface MentionsWish {
  threads: number;
  mentions: number;
}

export async function acknowledgement(bench: Bench): Promise<Row[]> {
  return [await measure(bench, "Slack event", slackMentions), await measure(bench, "GitHub webhook", githubMentions)];
}

type Prepare = (
  bench: Bench,
  database: Awaited<ReturnType<Bench["ground"]["database"]>>,
  wish: MentionsWish,
) => Promise<Mentions>;

async function measure(bench: Bench, name: string, prepare: Prepare): Promise<Row> {
  const { quick, tell, ground } = bench;
  const seconds = quick ? { warm: 1, measured: 3 } : { warm: 3, measured: 15 };
  const count = (seconds.warm + seconds.measured) * PER_SECOND;
  const database = await ground.database();
  tell(`${name}: writing ${count} mentions`);
  const mentions = await prepare(bench, database, { threads: quick ? 200 : 1_000, mentions: count });
  const bot = await mentions.startBot();
  const sender = startChild<SenderTasks>("./sender.ts");
  try {
    const deliver = (parcels: Parcel[]): Promise<Sent> =>
      sender.ask("send", { url: bot.url, parcels, perSecond: PER_SECOND, slackSecret: mentions.slackSecret });
    tell(`${name}: ${PER_SECOND} a second for ${seconds.warm} s to warm up, then ${seconds.measured} s`);
    const warmed = await deliver(mentions.parcels.slice(0, seconds.warm * PER_SECOND));
    await bot.ask("load", null);
    const sent = await deliver(mentions.parcels.slice(seconds.warm * PER_SECOND));
    const load = await bot.ask("load", null);
    const lastSentAt = performance.now();
    await database.settled();
    const drainedAfterMs = performance.now() - lastSentAt;
    proveTaken([warmed, sent], count);
    checkEqual(await database.count("select count(*) from inbox"), count, `${name}s that are stored`);
    checkEqual(
      await database.count("select count(*) from sessions"),
      mentions.threads,
      "sessions, one for each thread",
    );
    checkEqual(await database.count("select count(*) from effects where error is not null"), 0, "effects given up");
    mentions.proveAnswered();
    return rowOf({ name, threads: mentions.threads, seconds, sent, load, drainedAfterMs });
  } finally {
    await sender.stop();
    await bot.stop();
    await mentions.close();
    await database.drop();
  }
}

function proveTaken(all: Sent[], count: number): void {
  const statuses = all.flatMap((sent) => Object.entries(sent.statuses));
  const taken = statuses.filter(([status]) => status.startsWith("2")).reduce((sum, [, often]) => sum + often, 0);
  checkEqual(taken, count, `acknowledged, of ${JSON.stringify(statuses)}`);
}

interface Measured {
  name: string;
  threads: number;
  seconds: { warm: number; measured: number };
  sent: Sent;
  load: Load;
  drainedAfterMs: number;
}

function rowOf({ name, threads, seconds, sent, load, drainedAfterMs }: Measured): Row {
  const late = spreadOf(sent.lateMs);
  return timesRow(
    {
      what: `${name} to acknowledgement, ${PER_SECOND}/s over ${threads.toLocaleString("en")} threads`,
      aim: { says: "p99 < 50 ms", below: 50 },
      note:
        `Open loop from another process, counted from when each was due (the sender itself was ${inMs(late.p50)} late at the median, ` +
        `${inMs(late.max)} at most), after ${seconds.warm} s of warming up. All are real \`status\` mentions on the full path (stored, checked, ` +
        `eyes, answered), and all answers were in their threads ${inMs(drainedAfterMs)} after the last acknowledgement. The bot took ` +
        `${inMs(load.processorMs / sent.ackedAfterMs.length)} of processor time for each mention from end to end, and its event loop was ` +
        `${load.loopPercent.toFixed(0)} % busy: bound by that one thread, by the processors that emulator, Postgres and sender share with ` +
        "it, and by the commit's fsync.",
    },
    sent.ackedAfterMs,
  );
}
