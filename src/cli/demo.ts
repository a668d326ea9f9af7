/** `threadbox demo`: the whole way once, from a mention to a tested branch, on a repository of its own that is gone afterwards. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { type Config, environment, readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import type { Bot } from "../main.ts";
import { PI_ALONE } from "../team-agents.ts";
import { defaultSandboxes } from "../team-sandboxes.ts";
import { command, run } from "./command.ts";
import { type GitRemote, serveGit } from "./demo-git.ts";
import { openGround } from "./demo-ground.ts";
import { demoModel } from "./demo-model.ts";
import { DEMO_ASK, testBranch } from "./demo-repository.ts";
import { Interrupted } from "./failure.ts";
import { type Output, paint } from "./output.ts";
import { onInterrupt } from "./signals.ts";
import { spoken } from "./spoken.ts";
import { isAtRest, resultOf } from "./stored.ts";
import { demoRepository } from "./team.ts";
import { until } from "./watch.ts";

interface Options {
  json?: boolean;
  keep?: boolean;
}

export function demoCommand(): Command {
  return command({
    name: "demo",
    summary: "Let the bot fix a failing test in a repository made for this: real sandbox, agent, git and tests.",
    examples: [
      ["demo", "needs no key: without one the language model is scripted, and says so"],
      ["demo --keep", "keep the folder, to look at what was made"],
      ["demo --json", "print the outcome as JSON"],
    ],
  })
    .option("--keep", "keep the demo's folder and print where it is")
    .action((options: Options) => run(options, (output) => demo(options, output)));
}

async function demo({ keep = false }: Options, output: Output): Promise<number> {
  const startedAt = Date.now();
  const interrupted = new AbortController();
  await using closing = new AsyncDisposableStack();
  closing.defer(onInterrupt(() => interrupted.abort()));

  const variables = environment();
  const model = closing.adopt(await demoModel(variables), ({ close }) => close());
  output.say(paint(["bold"], model.about, output.colour));
  // Nothing of the real bot's settings but its model: the demo says nothing in Slack and touches nobody's database.
  const ground = closing.adopt(openGround(), ({ remove }) => (keep ? undefined : remove()));
  const home = { THREADBOX_HOME: ground.home, PORT: "0", LOG_LEVEL: variables.LOG_LEVEL || "warn" };
  const config = readConfig({ ...model.variables, ...home });
  const remote = closing.adopt(await serveGit(ground.repositories), ({ close }) => close());
  const bot = closing.adopt(await demoBot(config, remote, output), async ({ stop, destroySandboxes }) => {
    await stop();
    await destroySandboxes();
  });

  const outcome = await journey(bot, remote, output, interrupted.signal);
  if (interrupted.signal.aborted)
    throw new Interrupted("The demo was interrupted.", "Nothing of it is left; start it again.");
  const durationMs = Date.now() - startedAt;
  output.result({ ...outcome, scripted: model.scripted, durationMs, ...(keep ? { folder: ground.folder } : {}) });
  if (keep) output.say(`Kept in ${ground.folder}`);
  return outcome.ok ? 0 : 1;
}

async function demoBot(config: Config, { url }: GitRemote, output: Output): Promise<Bot> {
  const team = {
    repositories: [demoRepository(url)],
    labels: {},
    slack: {},
    github: {},
    idleAfterMs: 3_600_000,
    turnLimitMs: 15 * 60_000,
    sandboxes: defaultSandboxes,
    agents: PI_ALONE,
    found: false,
  };
  const log = createLog(config.logLevel);
  const write = (text: string): void => output.say(text.trimEnd());
  // Only here: whoever asks for --help needs nothing of it.
  const { startBot } = await import("../main.ts");
  return startBot({ config, team, log, listening: false, write, colour: output.colour });
}

interface Outcome {
  ok: boolean;
  branch: string | null;
  commit: string | null;
  answer: string;
  tests: { before: "failed" | "passed"; after: "failed" | "passed" | null };
}

/** Tests fail, somebody asks, an answer comes with a branch, tests pass there. */
async function journey(bot: Bot, remote: GitRemote, output: Output, signal: AbortSignal): Promise<Outcome> {
  const { url } = demoRepository(remote.url);
  const before = await tests(url, "main", output);
  output.say(`\n> @threadbox ${DEMO_ASK}\n`);
  const receipt = await bot.inbox.receive(spoken(randomUUID(), DEMO_ASK));
  if (receipt.is !== "accepted") throw new Error(`The demo's own mention was not taken: ${receipt.is}`);
  await until(bot.store, () => isAtRest(bot.store, receipt.session), signal);

  const result = await resultOf(bot.store, receipt.session, receipt.mention);
  const after = result?.branch ? await tests(url, result.branch, output) : null;
  const ok = before === "failed" && after === "passed" && result?.outcome === "done";
  const { branch = null, commit = null, answer = "" } = result ?? {};
  if (!signal.aborted) output.say(`\nThe demo ${ok ? "worked." : "did not work; LOG_LEVEL=debug shows more."}`);
  return { ok, branch, commit, answer, tests: { before, after } };
}

async function tests(url: string, branch: string, output: Output): Promise<"passed" | "failed"> {
  const { passed } = await testBranch(url, branch);
  const sign = passed ? paint(["green"], "✓", output.colour) : paint(["red"], "✗", output.colour);
  output.say(`${sign} The tests on a fresh clone of ${branch} ${passed ? "pass" : "fail"}.`);
  return passed ? "passed" : "failed";
}
