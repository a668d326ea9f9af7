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
  | { verb: "ask" | "queue"; text: string; options: Options }
  | { verb: "stop" | "status" | "retry" | "help" }
  /** People talking among themselves: nothing happens. */
  | { verb: "aside" };

/** A map and no object, in which `constructor` would be a verb too. */
const ALONE = new Map<string, "stop" | "status" | "retry" | "help">([
  ["stop", "stop"],
  ["cancel", "stop"],
  ["abort", "stop"],
  ["status", "status"],
  ["retry", "retry"],
  ["try again", "retry"],
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
  const queued = /^queue[:\s]\s*([\s\S]+)$/i.exec(text);
  if (queued?.[1]) return { verb: "queue", text: queued[1].trim(), options };
  return { verb: "ask", text, options };
}

const OPTION = /(?:^|\s)(repo|branch|base|agent|model)=("[^"\n]*"|\S+)/gi;

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

/** The short help, in Markdown. `name` is what people call the bot. */
export function helpText(name: string): string {
  return [
    `Tell me what to do and I do it in a sandbox of this thread's own: \`@${name} the login test fails, please fix it\`.`,
    "",
    "- reply while I work: it is passed on to the agent at once",
    "- `queue ...`: do it after what runs now",
    "- `stop`, `status`, `retry`, `help`",
    "- `repo=owner/name`, `branch=`, `base=`, `agent=`, `model=` on the first or last line choose what I work with",
    "- `(aside) ...`: I do not listen to this line",
  ].join("\n");
}
