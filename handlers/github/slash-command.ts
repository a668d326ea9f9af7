/**
 * `/threadbox stop` at the start of a line: the grammar of `core/command.ts` under another salutation. What it says is a command whatever
 * stands above it; other bots' commands are theirs. Pure.
 */
import { parseCommand } from "../../src/core/command.ts";

/** `/threadbox` and nothing that makes it a path or another bot's (`/threadbox-dev`, `/threadbox/config`). */
export const slashPattern = (names: readonly string[]): RegExp =>
  new RegExp(`/(?:${anyOf(names)})(?=[\\s:]|$):?[ \\t]*`, "giu");

/** Any of these names, letter by letter, as part of a pattern. */
export const anyOf = (names: readonly string[]): string =>
  names.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");

/** More than three spaces would make it code. */
export const startsLine = (body: string, at: number): boolean =>
  /^ {0,3}$/.test(body.slice(body.lastIndexOf("\n", at - 1) + 1, at));

export interface Commanded {
  /** The comment without our name. */
  whole: string;
  /** What stands before the first `/threadbox`, and what behind it. */
  above: string;
  said: string;
}

/** What the comment asks. The words around an order belong to it; those around a `stop` do not. */
export function commandText({ whole, above, said }: Commanded): string {
  const line = (said.split("\n")[0] ?? "").trim();
  if (said === "") return whole;
  if (line !== "" && STANDS_ALONE.has(parseCommand(line).verb)) return line;
  const isTheSame = parseCommand(whole).verb === parseCommand(said).verb;
  if (above === "" || (isTheSame && parseCommand(said).verb === "ask")) return whole;
  // `queue` and its like are read at the beginning only.
  return `${said}\n\n${above}`;
}

const STANDS_ALONE = new Set<ReturnType<typeof parseCommand>["verb"]>([
  ...(["stop", "status", "retry", "help", "mute", "unmute", "unlink", "link", "raise", "aside"] as const),
]);

/** Said to a person or to another bot, and not to us: it begins with their name, or with a command of theirs. */
export const isToSomebodyElse = (visible: string): boolean => /^(?:@[a-z0-9]|\/[a-z][a-z-]*(?:\s|$))/i.test(visible);
