/** `threadbox why`: the story of a session, from what is stored: what came in, what was decided, what was done, when, and by which bot. */
import { type Command, InvalidArgumentError } from "commander";
import { openStore } from "../store/open.ts";
import { command, run } from "./command.ts";
import { Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import { readSettings } from "./settings.ts";
import { storyDocument } from "./why-document.ts";
import { findStory } from "./why-find.ts";
import { storyLines } from "./why-story.ts";

interface Options {
  json?: boolean;
  limit: number;
}

export function whyCommand(): Command {
  return command({
    name: "why",
    summary: "Tell the story of a session: what came in, what was decided, what was done, when, by which bot.",
    examples: [
      ["why s1a2", "the session whose id begins with s1a2"],
      ["why m7k2q9x0c1d", "the session of a mention or a turn, by the id that the log has"],
      ["why https://acme.slack.com/archives/C012AB/p1700000000000100", "the session of a thread in Slack"],
      ["why https://github.com/acme/api/pull/7", "the session of a pull request or an issue"],
      ["why git:branch:4711:threadbox/fix-login-k0tkf", "the session that holds a key"],
      ["why s1a2 --json", "the same as one JSON document"],
    ],
  })
    .argument("<key>", "a key, a link, or the id of a session, a turn, a mention or an effect")
    .option("--limit <number>", "how many of the newest of each kind", count, 500)
    .action((key: string, options: Options) => run(options, (output) => why(key, options, output)));
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 100_000) return number;
  throw new InvalidArgumentError("It has to be a number from 1 to 100000.");
}

async function why(key: string, { limit }: Options, output: Output): Promise<number> {
  const { config, log } = readSettings();
  const store = await openStore({ ...config, log });
  try {
    const story = await findStory(store.db, key, limit);
    if (!story) throw new Refused(`There is no session of ${key}.`, "`threadbox sessions` lists them.");
    output.say(storyLines(story, { colour: output.colour, now: Date.now() }).join("\n"));
    output.result(storyDocument(story));
    return 0;
  } finally {
    await store.close();
  }
}
