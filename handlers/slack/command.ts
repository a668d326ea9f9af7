/** `/threadbox`: what the bot can do, told to whoever asks alone, also where the bot is not. A command belongs to no thread, so nothing begins here. */
import { z } from "zod";
import { helpText, parseCommand } from "../../src/core/command.ts";
import { escapeMrkdwn, plainText } from "../../src/surfaces/slack-text.ts";

const Command = z.object({ text: z.string().nullish() });

/** The answer, in Slack's own format. */
export function commandAnswer(body: unknown, name: string, agents: readonly string[] = []): string {
  const parsed = Command.safeParse(body);
  const text = plainText(parsed.success ? (parsed.data.text ?? "") : "").trim();
  const { verb } = parseCommand(text);
  if (verb === "help") return helpText(name, agents);
  if (verb === "ask" || verb === "queue" || verb === "aside")
    return [
      `I work in threads, so that everybody there can follow. Write this in a channel that I am in, or to me directly:\n>@${name} ${escapeMrkdwn(onOneLine(text))}`,
      `Not in that channel yet? \`/invite @${name}\`. For a message that stands there already: its menu, *Fix with Threadbox*.`,
    ].join("\n");
  const word = verb === "raise" ? text : verb;
  return `A command does not know which thread you mean. Write \`${word}\` in the thread, or mention me there: \`@${name} ${word}\`.`;
}

/** Enough to be copied; a whole log is better written where it is meant to go. */
const MAX_SHOWN_CHARS = 500;

function onOneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > MAX_SHOWN_CHARS ? `${line.slice(0, MAX_SHOWN_CHARS)}…` : line;
}
