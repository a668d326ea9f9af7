/**
 * What the rules of a team say to one use of a tool: allowed, denied, or to be asked about. Pure.
 * A guard rail, and no wall: whoever may run a shell can do in it what no pattern sees (a script that was written before, a command that
 * is put together while it runs). What must not happen is kept away by the sandbox, its credentials and its network; rules keep an agent
 * that means well from what nobody wants without being asked. So wherever a line can be read in two ways, the stricter one counts.
 */
import { posix } from "node:path";
import type { Permissions } from "../wire/routes.ts";
import { commandsIn, dressedDown, hasJoint } from "./shell-commands.ts";

/** What an agent wants to do: the tool by the agent's own name, and the command, path (one a line) or address. */
export interface Use {
  tool: string;
  subject: string;
  /** Where it works: paths in rules are from there. */
  cwd: string;
}

type Rule = Permissions["rules"][number];
export interface Verdict {
  decide: Rule["decide"];
  /** The rule that decided, as people read it. */
  rule: string;
}

export type ToolClass = "run" | "edit" | "read" | "fetch";

/** The agents' own names, in small letters. What is in no class is met by rules that name it, or name no tool. */
const CLASSES: Record<ToolClass, string[]> = {
  run: ["bash", "shell", "powershell", "exec_command", "write_stdin", "commandexecution", "execute"],
  edit: ["write", "edit", "multiedit", "notebookedit", "apply_patch", "patch", "filechange", "delete", "move"],
  read: ["read", "notebookread", "view_image", "grep", "glob", "find", "ls", "list", "search"],
  fetch: ["webfetch", "websearch", "web_search", "fetch", "codesearch"],
};

export function classOf(tool: string): ToolClass | null {
  const name = tool.toLowerCase();
  const found = Object.entries(CLASSES).find(([kind, names]) => kind === name || names.includes(name));
  return found ? (found[0] as ToolClass) : null;
}

/** A line of several commands is as free as the least free of them. */
export function decide(permissions: Permissions, use: Use): Verdict {
  const rules = permissions.rules.filter((rule) => isAbout(rule, use.tool));
  const otherwise: Verdict = { decide: permissions.otherwise, rule: "where no rule fits" };
  const parts = partsOf(use);
  const whole = wholeOf(use);
  const exact = rules.findIndex((rule) => rule.decide === "allow" && rule.pattern === whole.plain);
  const before = exact < 0 ? null : rules.slice(0, exact).filter((rule) => rule.decide !== "allow");
  // Said of this very line, word for word, and nothing before it says otherwise.
  if (before && ![whole, ...parts].some((part) => verdictOn(before, part))) return verdictOf(rules[exact]) ?? otherwise;
  const verdicts = parts.map((part) => verdictOn(rules, part) ?? otherwise);
  const onWhole = classOf(use.tool) === "run" ? verdictOn(aboutLines(rules), whole) : null;
  return strictest([...(onWhole ? [onWhole] : []), ...verdicts]) ?? otherwise;
}

/** Those that name a joint ("curl * | sh"). No `*` allows a line: it would take in whatever is joined to it. */
function aboutLines(rules: Rule[]): Rule[] {
  const all = rules.findIndex(({ decide, pattern = "*" }) => decide === "allow" && pattern === "*");
  const before = all < 0 ? rules : rules.slice(0, all);
  return before.filter(({ decide, pattern = "" }) => decide !== "allow" && hasJoint(pattern));
}

/** One thing that is done, in every reading of it: how it stands there, and how it might be meant. */
interface Part {
  /** The one reading by which it may be allowed. */
  plain: string;
  /** The others, by which it may be denied or asked about. */
  also: string[];
}

function partsOf({ tool, subject, cwd }: Use): Part[] {
  switch (classOf(tool)) {
    case "run":
      return commandsIn(subject).map((command) => ({ plain: command, also: dressedDown(command) }));
    case "edit":
    case "read":
      return subject.split("\n").map((path) => pathPart(path.trim(), cwd));
    case "fetch":
      return [addressPart(subject.trim())];
    default:
      return [{ plain: subject, also: [oneLine(subject)] }];
  }
}

const wholeOf = ({ subject }: Use): Part => ({ plain: subject.trim(), also: [oneLine(subject)] });

const STRICT = { deny: 2, ask: 1, allow: 0 } as const;
const strictest = (verdicts: Verdict[]): Verdict | undefined =>
  verdicts.toSorted((a, b) => STRICT[b.decide] - STRICT[a.decide])[0];

function verdictOn(rules: Rule[], { plain, also }: Part): Verdict | null {
  const fitting = rules.find(({ pattern, decide }) => {
    const readings = decide === "allow" ? [plain] : [plain, ...also];
    return pattern === undefined || readings.some((reading) => fits(pattern, reading));
  });
  return verdictOf(fitting);
}

const verdictOf = (rule: Rule | undefined): Verdict | null =>
  rule ? { decide: rule.decide, rule: [rule.tool, rule.pattern].filter(Boolean).join(" ") || "everything" } : null;

/** By its own name or its class. Agents spell one name in small and in large letters. */
function isAbout({ tool: wanted }: Rule, tool: string): boolean {
  if (wanted === undefined) return true;
  const name = wanted.toLowerCase();
  return name === classOf(tool) || fits(name, tool.toLowerCase());
}

/** Seen from where the agent works, with and without what leads there; a link that leads elsewhere is not followed. */
function pathPart(path: string, cwd: string): Part {
  const full = posix.resolve(cwd, path.replace(/^@/, ""));
  const inside = posix.relative(cwd, full);
  const isInside = inside !== "" && inside !== ".." && !inside.startsWith("../");
  const plain = isInside ? inside : full;
  return { plain, also: [path, full, inside, `./${inside}`, posix.basename(full)] };
}

/** Without a name and password before the host, which look like the host to whoever reads quickly. */
function addressPart(address: string): Part {
  if (!URL.canParse(address)) return { plain: address, also: [] };
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return { plain: url.href, also: [address, url.href.replace(/\/$/, ""), url.host] };
}

/** `*` is anything, also nothing and also `/`. By hand and not as an expression: those take for ever on what somebody made for that. */
export function fits(pattern: string, text: string): boolean {
  let [at, from] = [0, 0];
  let star: { at: number; from: number } | null = null;
  while (from < text.length) {
    if (pattern[at] === "*") star = { at: at++, from };
    else if (at < pattern.length && pattern[at] === text[from]) {
      at += 1;
      from += 1;
    } else if (star) {
      at = star.at + 1;
      from = ++star.from;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
