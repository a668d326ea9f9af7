/**
 * A thousand sessions with a turn in flight at once, in one bot: how late people see what the agents tell, what the bot takes of
 * processor and memory for it, and how often it calls Slack. The agents are scripted and tell at a steady pace; daemons, their
 * streams, the store and the way into Slack are the real ones.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type CrowdSeen, type CrowdSize, rowsOfCrowd } from "./crowd-rows.ts";
import { type CrowdStage, crowdStage, inFlight, proveTold } from "./crowd-stage.ts";
import type { Bench } from "./ground.ts";
import { check, checkEqual, type Row } from "./measure.ts";
import { rowsOfPace } from "./pace.ts";

/** Slower than an agent talks, and slower than progress is edited at first: what is looked at is the way, not the pauses on it. */
const FULL: CrowdSize = { sessions: 1_000, tellEveryMs: 15_000, forMs: 45_000 };
const QUICK: CrowdSize = { sessions: 100, tellEveryMs: 5_000, forMs: 10_000 };

export async function crowd(bench: Bench): Promise<Row[]> {
  const size = bench.quick ? QUICK : FULL;
  bench.tell(`${size.sessions} daemons`);
  const stage = await crowdStage(bench, { ...size, shares: 1 });
  try {
    const seen = await measure(bench, stage, size);
    return [...rowsOfCrowd(seen, size), ...(await rowsOfPace(fixedCalls(seen, size)))];
  } finally {
    await stage.close();
  }
}

async function measure({ tell }: Bench, { daemons, slack, shares }: CrowdStage, size: CrowdSize): Promise<CrowdSeen> {
  const [share] = shares;
  check(share !== undefined, "there is no crowd");
  const { database, mentions } = share;
  const bot = await share.startBot();
  // Its first turn is warm-up: code is loaded and compiled by it.
  const [first, ...others] = mentions;
  check(first !== undefined, "there are no mentions");
  await bot.ask("receive", [first]);
  await inFlight(database, 1);
  const before = await bot.ask("memory", null);
  tell(`${size.sessions} turns begin`);
  const beganAt = performance.now();
  checkEqual(await bot.ask("receive", others), others.length, "mentions that were accepted");
  await inFlight(database, size.sessions);
  const rampMs = performance.now() - beganAt;
  await pause(size.tellEveryMs); // the burst is over, and everybody has told once
  const during = await bot.ask("memory", null);
  tell(`all in flight after ${(rampMs / 1_000).toFixed(1)} s; ${size.forMs / 1_000} s of that`);
  for (const load of [bot.ask("load", null), slack.ask("load", null)]) await load;
  const toldBefore = (await daemons.ask("seen", null)).told;
  const since = Date.now();
  await pause(size.forMs);
  const [botLoad, slackLoad] = [await bot.ask("load", null), await slack.ask("load", null)];
  const until = Date.now();
  const { told, ...daemonsLoad } = await daemons.ask("seen", null);
  await pause(5_000); // what was told last is on its way
  const shownAfterMs = await slack.ask("shownAfterMs", { since, until });
  tell("the turns end");
  const finishAt = performance.now();
  await daemons.ask("finish", null);
  await database.settled();
  const finishMs = performance.now() - finishAt;
  await proveTold(database, size.sessions);
  const calls = await slack.ask("calls", null);
  const loads = { bot: botLoad, slack: slackLoad, daemons: daemonsLoad };
  return { before, during, ...loads, shownAfterMs, told: told - toldBefore, rampMs, finishMs, calls };
}

/** Whatever is not the progress message, of which there are as many as a turn is long. */
function fixedCalls({ calls }: CrowdSeen, { sessions }: CrowdSize): number {
  const { "chat.update": _, "chat.postMessage": posts = 0, ...others } = calls;
  const rest = Object.values(others).reduce((sum, often) => sum + often, 0);
  return (posts - sessions + rest) / sessions;
}
