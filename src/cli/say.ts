/** `threadbox say`: one thing said from a terminal, and what comes back. To the bot that runs here, or to one that lives as long as the turn. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { parseCommand } from "../core/command.ts";
import type { TurnResult } from "../core/types.ts";
import { command, run } from "./command.ts";
import { INTERRUPTED, Refused } from "./failure.ts";
import { type Output, paint } from "./output.ts";
import { runningBot } from "./running-bot.ts";
import type { sayHere } from "./say-here.ts";
import { sayThere } from "./say-there.ts";
import { readSettings } from "./settings.ts";

interface Options {
  json?: boolean;
  thread?: string;
  repo?: string;
}

/** What was said, in words that either way understands. */
export interface Saying {
  thread: string;
  /** The thread has to be there already. */
  known: boolean;
  text: string;
}

/** What came back. `result` is null where there was no turn: a refusal, a line of help. */
export interface Heard {
  session: string;
  result: TurnResult | null;
  pullRequest: string | null;
  /** Somebody pressed ctrl-c. */
  interrupted: boolean;
}

export function sayCommand(): Command {
  return command({
    name: "say",
    summary: "Say something to the bot, and follow what it does until it answers. Ctrl-C says stop; twice leaves.",
    examples: [
      ['say "the login test fails, please fix it"', "start a new thread"],
      ['say --thread ID "use tabs"', "go on in a thread"],
      ['say --repo acme/api "update the docs"', "say which repository"],
      ['say --json "what does this do?"', "print the outcome as JSON"],
    ],
  })
    .argument("<text...>", "what to say")
    .option("--thread <id>", "go on in this thread; its id is printed at the end of every answer")
    .option("--repo <name>", "the repository to work on, as threadbox.yml calls it")
    .action((words: string[], options: Options) => run(options, (output) => say(words.join(" "), options, output)));
}

async function say(words: string, { thread, repo }: Options, output: Output): Promise<number> {
  if (!words.trim())
    throw new Refused("There is nothing to say.", 'Say something: threadbox say "fix the login test".');
  const { config, log } = readSettings();
  const text = repo ? `repo="${repo.replaceAll('"', "")}" ${words}` : words;
  const saying = { thread: thread ?? randomUUID(), known: thread !== undefined, text };
  const url = await runningBot(config);
  const heard = url ? await sayThere(url, saying, output) : await here({ config, log }, saying, output);

  output.say(paint(["dim"], `Go on with: threadbox say --thread ${saying.thread} "..."`, output.colour));
  const ok = isFine(words, heard.result);
  output.result(document(ok, saying, heard));
  if (ok) return 0;
  return heard.interrupted ? INTERRUPTED : 1;
}

/** Loaded only then: a bot takes half a second, and whoever speaks to one that runs needs none. */
const here: typeof sayHere = async (...saying) => (await import("./say-here.ts")).sayHere(...saying);

/** Somebody who asked for work and got none was not served; `help` and `stop` are. */
function isFine(words: string, result: TurnResult | null): boolean {
  if (result) return result.outcome === "done";
  const { verb } = parseCommand(words);
  return verb !== "ask" && verb !== "queue" && verb !== "retry";
}

function document(ok: boolean, { thread }: Saying, { session, result, pullRequest }: Heard): object {
  const { outcome = null, answer = null, branch = null, commit = null, failure = null } = result ?? {};
  return { ok, thread, session, outcome, answer, failure, branch, commit, pullRequest };
}
