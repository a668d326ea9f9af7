/**
 * How long somebody in Slack waits: until they see that it works (the first message of progress), and until the agent asks its model.
 * Cold (a new sandbox and a fresh clone), with a sandbox that sleeps, and with one that is ready; each followed at once by pi alone.
 */
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { serveGit } from "../../src/cli/demo-git.ts";
import { DEMO_NAME, makeDemoRepository } from "../../src/cli/demo-repository.ts";
import { canonicalGitUrl } from "../../src/core/correlation.ts";
import type { Repository } from "../../src/core/types.ts";
import type { JournalEntry } from "../../src/wire/events.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { startBotProcess } from "./bot.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import type { Row } from "./measure.ts";
import { check, checkEqual } from "./measure.ts";
import { type Model, SAID, startModel } from "./model.ts";
import { type PiAlone, piAlone } from "./pi-alone.ts";
import { rowsOfSigns, type Sign, type Signs } from "./signs-rows.ts";

export async function firstSigns(bench: Bench): Promise<Row[]> {
  const times = bench.quick ? 1 : 6;
  const stage = await prepareStage(bench);
  try {
    const signs: Signs = { cold: [], woken: [], ready: [] };
    await withBot(stage, { idleAfterMs: 3_600_000 }, async (act) => {
      for (let n = 0; n < times; n++) await coldAndReady(stage, act, signs);
    });
    await withBot(stage, { idleAfterMs: 1 }, async (act) => {
      await woken(stage, act, signs, times);
    });
    return rowsOfSigns(signs);
  } finally {
    await stage.close();
  }
}

interface Stage {
  bench: Bench;
  slack: SlackEmulator;
  model: Model;
  repository: Repository;
  /** A clone for pi alone. */
  clone: string;
  close(): Promise<void>;
}

async function prepareStage(bench: Bench): Promise<Stage> {
  const folder = await mkdtemp(join(bench.ground.folder, "signs-"));
  makeDemoRepository(join(folder, "git"));
  const git = await serveGit(join(folder, "git"));
  const slack = await startSlack({ people: ["ada"], channels: [{ name: "web", members: ["ada"] }] });
  const model = await startModel();
  const url = `${git.url}/${DEMO_NAME}.git`;
  const clone = join(folder, "clone");
  await promisify(execFile)("git", ["clone", "--quiet", url, clone]);
  return {
    bench,
    slack,
    model,
    repository: { id: canonicalGitUrl(url), name: DEMO_NAME, url, base: "main" },
    clone,
    async close() {
      await slack.close();
      await model.close();
      await git.close();
    },
  };
}

/** Says something in a thread (a new one without `ts`), and waits until everything that follows is over. */
type Act = (ts: string | null) => Promise<{ ts: string; sign: Omit<Sign, "piMs">; asleep(): Promise<void> }>;

async function withBot(
  stage: Stage,
  { idleAfterMs }: { idleAfterMs: number },
  work: (act: Act) => Promise<void>,
): Promise<void> {
  const { bench, slack, model, repository } = stage;
  const database = await bench.ground.database();
  const variables = {
    ...slack.environment,
    ANTHROPIC_API_KEY: "scripted",
    ANTHROPIC_BASE_URL: model.url,
  };
  const bot = await startBotProcess(bench.ground, database, { variables, repositories: [repository], idleAfterMs });
  slack.deliverTo(`${bot.url}/slack/events`);
  try {
    await work((ts) => mention(stage, database, ts));
  } finally {
    slack.deliverTo(undefined);
    await bot.stop();
    await database.drop();
  }
}

async function mention({ slack, model }: Stage, database: BenchDatabase, thread: string | null): ReturnType<Act> {
  const { botUserId } = slack.app;
  const ours = (ts: string) =>
    slack
      .thread("#web", ts)
      .replies()
      .filter(({ message }) => message.author === botUserId);
  const before = thread === null ? 0 : ours(thread).length;
  const asked = model.asked();
  const [at, wallAt] = [performance.now(), Date.now()];
  const { message } = slack.as("ada").says("#web", `<@${botUserId}> please fix it`, thread === null ? {} : { thread });
  const ts = thread ?? message.ts;
  await slack.until(() => ours(ts).length > before, "the first message of progress");
  const progressMs = performance.now() - at;
  const modelMs = (await asked) - at;
  await slack.settled();
  await database.settled();
  const [progress, answer, ...more] = ours(ts).slice(before);
  checkEqual(more.length, 0, "messages beyond progress and answer");
  check(progress !== undefined && progress.edits > 0, "the progress was never edited");
  check(answer?.seen.includes(SAID) === true, `this is not the answer: ${answer?.seen}`);
  const toldMs = await tellings(database, ts, wallAt);
  return { ts, sign: { progressMs, modelMs, toldMs }, asleep: () => asleep(database, ts) };
}

/** What the daemon told since then, by the first of each kind. */
async function tellings(database: BenchDatabase, ts: string, since: number): Promise<Record<string, number>> {
  const text = "select entry from transcript join keys using (session_id) where key like '%/' || $1 order by cursor";
  const entries = (await database.query<{ entry: JournalEntry }>(text, [ts])).map(({ entry }) => entry);
  const told: Record<string, number> = {};
  for (const { at, event } of entries) if (at >= since) told[event.type] ??= at - since;
  return told;
}

async function asleep(database: BenchDatabase, ts: string): Promise<void> {
  const text = `select count(*) from sessions join keys on session_id = id
    where key like '%/' || $1 and state->'sandbox'->>'is' = 'asleep'`;
  for (const until = performance.now() + 30_000; (await database.count(text, [ts])) === 0; ) {
    check(performance.now() < until, "the sandbox does not fall asleep");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await database.settled();
}

async function coldAndReady(stage: Stage, act: Act, signs: Signs): Promise<void> {
  const cold = await act(null);
  const alone = await aloneIn(stage);
  signs.cold.push({ ...cold.sign, piMs: await alone.start() });
  const ready = await act(cold.ts);
  signs.ready.push({ ...ready.sign, piMs: await alone.prompt() });
  await alone.end();
  stage.bench.tell(
    `cold: model asked after ${cold.sign.modelMs.toFixed(0)} ms; ready: after ${ready.sign.modelMs.toFixed(0)} ms`,
  );
}

async function woken(stage: Stage, act: Act, signs: Signs, times: number): Promise<void> {
  const { ts, asleep } = await act(null);
  const alone = await aloneIn(stage);
  await alone.start();
  await alone.end();
  for (let n = 0; n < times; n++) {
    await asleep();
    const { sign } = await act(ts);
    await asleep();
    signs.woken.push({ ...sign, piMs: await alone.start() });
    await alone.end();
    stage.bench.tell(`woken: model asked after ${sign.modelMs.toFixed(0)} ms`);
  }
}

const aloneIn = ({ model, bench, clone }: Stage): Promise<PiAlone> => piAlone(model, bench.ground.folder, clone);
