/**
 * How long somebody in Slack waits until the agent asks its model, when a sandbox at Modal is kept warm for them: the whole bot in its
 * own process, and before each mention a stock that is full again. Each is followed at once by pi alone.
 */
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { serveGit } from "../../src/cli/demo-git.ts";
import { DEMO_NAME, makeDemoRepository } from "../../src/cli/demo-repository.ts";
import { canonicalGitUrl } from "../../src/core/correlation.ts";
import type { Repository } from "../../src/core/types.ts";
import { defaultSandboxes, plainRepository } from "../../src/team-sandboxes.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { type BotProcess, startBotProcess } from "./bot.ts";
import type { Bench, BenchDatabase } from "./ground.ts";
import { check, checkEqual, inMs, type Row } from "./measure.ts";
import type { Cloud } from "./modal-cloud.ts";
import { rowsOfWaits, type Wait } from "./modal-mention-rows.ts";
import { type Model, SAID, startModel } from "./model.ts";
import { piAlone } from "./pi-alone.ts";

export async function mentionRows(bench: Bench, cloud: Cloud, times: number): Promise<Row[]> {
  await using opened = new AsyncDisposableStack();
  const slack = opened.adopt(
    await startSlack({ people: ["ada"], channels: [{ name: "web", members: ["ada"] }] }),
    ({ close }) => close(),
  );
  const model = opened.adopt(await startModel(), ({ close }) => close());
  const folder = await mkdtemp(join(bench.ground.folder, "warm-"));
  makeDemoRepository(join(folder, "git"));
  const git = opened.adopt(await serveGit(join(folder, "git")), ({ close }) => close());
  await cloud.ask(
    "allow",
    [model.url, git.url].map((url) => Number(new URL(url).port)),
  );
  const url = `${git.url}/${DEMO_NAME}.git`;
  await promisify(execFile)("git", ["clone", "--quiet", url, join(folder, "clone")]);
  const database = opened.adopt(await bench.ground.database(), ({ drop }) => drop());
  const repository = { id: canonicalGitUrl(url), name: DEMO_NAME, url, base: "main" };
  const stage: Stage = { bench, cloud, slack, model, database, repository };
  const bot = opened.adopt(await startBot(stage), ({ stop }) => stop());
  slack.deliverTo(`${bot.url}/slack/events`);
  opened.defer(() => slack.deliverTo(undefined));
  const waits: Wait[] = [];
  for (let n = 0; n < times; n++) waits.push(await mentionAndPi(stage, join(folder, "clone")));
  return rowsOfWaits(waits);
}

interface Stage {
  bench: Bench;
  cloud: Cloud;
  slack: SlackEmulator;
  model: Model;
  database: BenchDatabase;
  repository: Repository;
}

/** One warm sandbox, made from a golden snapshot. What was used sleeps at once, so that it does not compete with the next one. */
function startBot({ bench, cloud, slack, model, database, repository }: Stage): Promise<BotProcess> {
  return startBotProcess(bench.ground, database, {
    variables: {
      ...slack.environment,
      ANTHROPIC_API_KEY: "scripted",
      ANTHROPIC_BASE_URL: model.url,
      THREADBOX_PROVIDER: "modal",
      ...cloud.environment,
    },
    repositories: [repository],
    idleAfterMs: 1,
    sandboxes: {
      ...defaultSandboxes,
      repositories: { [repository.name]: { ...plainRepository, goldenEveryMs: 3_600_000, warm: 1 } },
    },
    caFile: cloud.caFile,
  });
}

async function mentionAndPi(stage: Stage, clone: string): Promise<Wait> {
  const { bench, model, database } = stage;
  await until(database, FULL, "the stock is not filled");
  // The bot asks for the next one at once. At Modal that costs processors of other machines, here it would be ours.
  await stage.cloud.ask("holdNext", null);
  const wait = await mention(stage).finally(() => stage.cloud.ask("letGo", null));
  await until(database, ASLEEP, "the sandbox does not fall asleep");
  await until(database, FULL, "the stock is not filled again");
  const alone = await piAlone(model, bench.ground.folder, clone);
  const piMs = await alone.start();
  await alone.end();
  bench.tell(`warm: model asked after ${inMs(wait.modelMs)}; pi alone: after ${inMs(piMs)}`);
  return { ...wait, piMs };
}

async function mention({ slack, model, database }: Stage): Promise<Omit<Wait, "piMs">> {
  const { botUserId } = slack.app;
  const asked = model.asked();
  const [beganAt, wallAt] = [performance.now(), Date.now()];
  const { ts } = slack.as("ada").says("#web", `<@${botUserId}> please fix it`).message;
  const ours = () =>
    slack
      .thread("#web", ts)
      .replies()
      .filter(({ message }) => message.author === botUserId);
  await slack.until(() => ours().length > 0, "the first message of progress");
  const progressMs = performance.now() - beganAt;
  const modelMs = (await asked) - beganAt;
  await slack.settled();
  await database.settled();
  const said = ours();
  checkEqual(said.length, 2, "messages of the bot, progress and answer");
  check(said[1]?.seen.includes(SAID) === true, `this is not the answer: ${said[1]?.seen}`);
  const [session] = await database.query<Seen>(SEEN, [ts]);
  checkEqual(session?.waited ?? "nothing", "warm", "what the mention waited for");
  const { turn = 0, clone = 0 } = session ?? {};
  return { progressMs, modelMs, turnMs: Number(turn) - wallAt, cloneMs: Number(clone) - wallAt };
}

interface Seen {
  waited: string | null;
  turn: string;
  clone: string;
}

const told = (type: string): string =>
  `(select entry ->> 'at' from transcript t where t.session_id = s.id and entry #>> '{event,type}' = '${type}' order by cursor desc limit 1)`;
const SEEN = `select state #>> '{waited,for}' waited, ${told("turn.started")} turn, ${told("workspace.ready")} clone
  from sessions s join keys k on k.session_id = s.id where key like '%/' || $1`;

/** One is warm, none is on its way, and the golden snapshot is there. */
const FULL = `select (select count(*) from sandboxes where kind = 'warm' and taken_by is null and url is not null) = 1
  and (select count(*) from sandboxes where url is null) = 0 and (select count(*) from snapshots) = 1 holds`;
const ASLEEP = `select bool_and(state #>> '{sandbox,is}' = 'asleep') holds from sessions`;
/** A golden snapshot, and a warm sandbox from it, on a machine that does other things as well. */
const WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

async function until(database: BenchDatabase, question: string, failure: string): Promise<void> {
  for (const end = performance.now() + WITHIN_MS; ; await pause(LOOK_EVERY_MS)) {
    const [answer] = await database.query<{ holds: boolean }>(question);
    if (answer?.holds) return database.settled();
    check(performance.now() < end, failure);
  }
}
