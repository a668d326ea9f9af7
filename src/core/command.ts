/**
 * The deterministic grammar: what a person can say to the bot itself, read before any model sees the text.
 * A verb counts only when it is the whole first line (`stop`) or its first word with something behind it (`queue fix the docs`),
 * so that "stop the flaky test from failing" goes to the agent.
 */

export interface Options {
  repo?: string;
  branch?: string;
  base?: string;
  agent?: string;
  model?: string;
}

export type Command =
  /** `fork`: to be done in a session that goes on from this one; the text may be empty. */
  | { verb: "ask" | "queue" | "fork"; text: string; options: Options }
  /** The thread is given to a new session; `anew` is what to ask it, with its options, or empty. */
  | { verb: "fresh"; anew: string }
  /** The thread is to hear of that pull request or issue. */
  | { verb: "link"; url: string }
  /** What the session may cost is to be raised by that many dollars. */
  | { verb: "raise"; dollars: number }
  | { verb: Alone }
  /** People talking among themselves: nothing happens. */
  | { verb: "aside" };

type Alone = "stop" | "status" | "retry" | "help" | "mute" | "unmute" | "unlink";

/** A map and no object, in which `constructor` would be a verb too. */
const ALONE = new Map<string, Alone>([
  ["stop", "stop"],
  ["cancel", "stop"],
  ["abort", "stop"],
  ["status", "status"],
  ["retry", "retry"],
  ["try again", "retry"],
  ["mute", "mute"],
  ["unmute", "unmute"],
  ["unlink", "unlink"],
  ["help", "help"],
  ["", "help"],
]);
/** With room for some exclamation marks. Longer texts are not looked at: 65,000 of those took four seconds. */
const MAX_ALONE_CHARS = 40;

/** Reads a mention's text; our own name is removed already. */
export function parseCommand(said: string): Command {
  const { text, options } = takeOptions(said.trim());
  if (/^(\(aside\)|!aside\b)/i.test(text)) return { verb: "aside" };
  const alone = text.length <= MAX_ALONE_CHARS ? ALONE.get(text.toLowerCase().replace(/[.!?\s]+$/, "")) : undefined;
  if (alone === "help" && Object.keys(options).length > 0 && text === "") return { verb: "ask", text: "", options };
  if (alone) return { verb: alone };
  const fresh = /^fresh(?:[:\s]\s*([\s\S]+))?$/i.exec(text);
  if (fresh)
    return { verb: "fresh", anew: fresh[1] === undefined ? "" : [...optionWords(options), fresh[1].trim()].join(" ") };
  const fork = /^fork(?:[:\s]\s*([\s\S]+))?$/i.exec(text);
  if (fork) return { verb: "fork", text: fork[1]?.trim() ?? "", options };
  const raise = /^(?:budget\s*\+|raise\s)\s*\$?(\d{1,4}(?:[.,]\d{1,2})?)(?:\s*(?:\$|dollars?))?[.!\s]*$/i.exec(
    text.slice(0, MAX_ALONE_CHARS + 1),
  );
  if (raise?.[1] && text.length <= MAX_ALONE_CHARS)
    return { verb: "raise", dollars: Number(raise[1].replace(",", ".")) };
  const link = /^link\s+<?(https?:\/\/[^\s>]+)>?$/i.exec(text);
  if (link?.[1]) return { verb: "link", url: link[1] };
  const queued = /^queue[:\s]\s*([\s\S]+)$/i.exec(text);
  if (queued?.[1]) return { verb: "queue", text: queued[1].trim(), options };
  return { verb: "ask", text, options };
}

const OPTION = /(?:^|\s)(repo|branch|base|agent|model)=("[^"\n]*"|\S+)/gi;

const optionWords = (options: Options): string[] =>
  Object.entries(options).map(([name, value]) => `${name}="${value}"`);

/**
 * Words that mean this when they are read again, to be done later where `later` says so. The options stand on a line of their own, so that
 * nothing on the last line of the text is taken for one; and what would be a word to the bot stays what is to be done.
 */
export function spelled(text: string, options: Options, later = false): string {
  const isWord = text !== "" && parseCommand(text).verb !== "ask";
  return `${later || isWord ? "queue " : ""}${text}\n${optionWords(options).join(" ")}`;
}

/** Options stand on the first or the last line; elsewhere `model=x` is part of what somebody quotes. */
function takeOptions(said: string): { text: string; options: Options } {
  const options: Options = {};
  const lines = said.split("\n");
  const last = lines.length - 1;
  const kept = lines.map((line, index) => {
    if (index !== 0 && index !== last) return line;
    return line.replace(OPTION, (_all, name: string, value: string) => {
      options[name.toLowerCase() as keyof Options] = value.replace(/^"|"$/g, "");
      return "";
    });
  });
  return { text: kept.join("\n").trim(), options };
}

/** The short help, in Markdown. `name` is what people call the bot; `agents` can be chosen, where there are several. */
export function helpText(name: string, agents: readonly string[] = []): string {
  const choice = agents.length > 1 ? ` (\`agent=\` is one of ${agents.map((one) => `\`${one}\``).join(", ")})` : "";
  return [
    `Tell me what to do and I do it in a sandbox of this thread's own: \`@${name} the login test fails, please fix it\`.`,
    "",
    "- reply while I work: it is passed on to the agent at once; where the agent has asked something, it is the answer",
    "- `queue ...`: do it after what runs now",
    "- `stop`, `status`, `retry`, `help`",
    "- `fresh ...`: do it from the start, in a new sandbox and on a new branch; `unlink`: this thread is done with me",
    "- `fork ...`: do it in a thread of its own, from what is done here so far; this one stays as it is",
    "- `link <URL of a pull request or an issue>`: what is said there comes to this thread's session",
    "- `budget +5`: five dollars more for this thread's session, from those who may say so; what was stopped for its budget goes on",
    "- `mute`: I leave replies alone that do not mention me, until `unmute`",
    "- `repo=owner/name`, `branch=`, `base=`, `agent=`, `model=` on the first or last line choose what I work with" +
      choice,
    "- `(aside) ...`: I do not listen to this line",
  ].join("\n");
}
