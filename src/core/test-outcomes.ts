/**
 * Which tests the agent ran in a turn, and how each ended last: read from the commands that it gave and not from what it says. Where a
 * command hides how the tests in it ended (`npm test | tail`, `npm test; echo done`), that is not known, and not guessed. Pure.
 */
import { commandsOf, type ShellCommand, type Word } from "./shell-line.ts";
import { testCommandIn } from "./test-commands.ts";
import type { TestOutcome } from "./types.ts";

/** A test run as a turn's progress keeps it: also which call it is, and what that call's outcome says of it. */
export interface KnownOutcome extends TestOutcome {
  call: string;
  /** A call that went well says that these went well; one that failed, that these failed. */
  passes: boolean;
  fails: boolean;
}

/** What people read of it; more is a crowd. */
const MAX_RUNS = 5;

/** The runs after one more call has begun: what it runs has no outcome until it has ended. */
export function testsBegun(
  runs: KnownOutcome[],
  { call, tool, input }: { call: string; tool: string; input: string },
  repository: string | null,
): KnownOutcome[] {
  const line = SHELL_TOOL.test(tool) ? lineOf(input) : null;
  const begun = line === null ? [] : testsIn(line, repository).map((one) => ({ ...one, call, ok: null }));
  const all = [...runs.filter(({ command }) => !begun.some((one) => one.command === command)), ...begun];
  while (all.length > MAX_RUNS) {
    // What failed is what people must not miss.
    const least = all.findIndex(({ ok }) => ok !== false);
    all.splice(Math.max(0, least), 1);
  }
  return all;
}

export const testsEnded = (runs: KnownOutcome[], { call, ok }: { call: string; ok: boolean }): KnownOutcome[] =>
  runs.map((run) => (run.call === call ? { ...run, ok: (ok ? run.passes : run.fails) ? ok : null } : run));

/** As answers have them. */
export const outcomesOf = (runs: KnownOutcome[]): TestOutcome[] => runs.map(({ command, ok }) => ({ command, ok }));

/** What agents call the tool that runs commands. */
const SHELL_TOOL = /bash|shell|exec|terminal|command/i;

/** The command line among the arguments of a tool; null where there is none, or where the arguments were cut. */
function lineOf(input: string): string | null {
  try {
    const { command, cmd, script } = JSON.parse(input);
    const line: unknown = command ?? cmd ?? script;
    if (Array.isArray(line))
      return line.map((word) => (/^[\w./:=@-]+$/.test(word) ? word : quoted(`${word}`))).join(" ");
    return typeof line === "string" ? line : null;
  } catch {
    return null;
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

type Found = Omit<KnownOutcome, "call" | "ok">;

/** The test runs of a command line, each once: of the same one twice, the last. */
export function testsIn(line: string, repository: string | null = null, depth = 0): Found[] {
  const commands = commandsOf(line);
  const found = new Map<string, Found>();
  let folder = "";
  for (const [i, { words }] of commands.entries()) {
    folder = folderAfter(folder, words, repository);
    const inner = depth === 0 ? scriptIn(words) : null;
    const tests = inner === null ? own(words) : testsIn(inner, repository, 1);
    const { passes, fails } = tests.length > 0 ? whatIsTold(commands, i) : NOTHING_TOLD;
    for (const test of tests) {
      const command = `${folder && `cd ${folder} && `}${test.command}`;
      found.delete(command);
      found.set(command, { command, passes: test.passes && passes, fails: test.fails && fails });
    }
  }
  return [...found.values()];
}

const NOTHING_TOLD = { passes: false, fails: false };
/** About half a line of small print. */
const MAX_COMMAND_CHARS = 80;

function own(words: Word[]): Found[] {
  const test = testCommandIn(words);
  if (!test) return [];
  const text = test.map(({ raw }) => raw.replace(/\s+/g, " ")).join(" ");
  const command = text.length > MAX_COMMAND_CHARS ? `${text.slice(0, MAX_COMMAND_CHARS - 3)}...` : text;
  return [{ command, passes: true, fails: true }];
}

/** `bash -lc "..."`. */
function scriptIn([shell, flag, script]: Word[]): string | null {
  const isScript = /^(.*\/)?(ba|z|da)?sh$/.test(shell?.value ?? "") && /^-\w*c$/.test(flag?.value ?? "");
  return isScript ? (script?.value ?? null) : null;
}

/** The same runner in another folder runs other tests. The clone itself, by its whole path, is no other folder. */
function folderAfter(before: string, [cd, to]: Word[], repository: string | null): string {
  if (cd?.value !== "cd" || !to) return before;
  const path = to.value.replace(/\/+$/, "");
  const clone = repository?.split("/").at(-1);
  if (clone && path.startsWith("/") && path.endsWith(`/${clone}`)) return "";
  if (path === "." || path === "") return before;
  return path.startsWith("/") || before === "" ? to.raw.replace(/\/+$/, "") : `${before}/${path}`;
}

/** What the outcome of the whole line says of the command at `i`. */
function whatIsTold(commands: ShellCommand[], i: number): { passes: boolean; fails: boolean } {
  if (commands.some(({ words: [one] }) => COMPOUND.test(one?.value ?? ""))) return NOTHING_TOLD;
  const { stops, pipes } = strictness(commands.slice(0, i));
  const isAnd = ({ joint }: ShellCommand): boolean => joint === "&&" || (stops && joint === ";");
  const isThrough = (one: ShellCommand): boolean => isAnd(one) || (pipes && one.joint === "|");
  const before = commands.slice(0, i);
  const [own, ...after] = endsWithExit(commands) ? commands.slice(i, -1) : commands.slice(i);
  if (!own) return NOTHING_TOLD;
  const isLast = after.length === 0 && own.joint !== "&";
  const goesOn = [own, ...after.slice(0, -1)].every(isThrough) && after.at(-1)?.joint !== "&";
  const passes = before.at(-1)?.joint !== "||" && (isLast || goesOn);
  const suspects = [...before.slice(before.findLastIndex((one) => !isThrough(one)) + 1), ...after];
  return { passes, fails: passes && suspects.every(({ words: [one] }) => HARMLESS.test(one?.value ?? "")) };
}

/** Branches and loops: nobody knows from outside which way it went. */
const COMPOUND = /^(if|then|else|elif|fi|for|while|until|do|done|case|esac|function|!|\[\[)$/;
/** What hardly ever fails by itself. */
const HARMLESS =
  /^(cd|pushd|export|set|unset|source|\.|echo|printf|mkdir|sleep|true|:|clear|pwd|date|cat|tee|tail|head|ulimit)$/;

/** `npm test || exit 1` fails as the tests do. */
function endsWithExit(commands: ShellCommand[]): boolean {
  const [before, last] = commands.slice(-2);
  const [exit, code] = last?.words ?? [];
  return (
    commands.length > 1 && before?.joint === "||" && exit?.value === "exit" && /^[1-9]\d*$/.test(code?.value ?? "")
  );
}

/** `set -e` stops at the first failure, and `set -o pipefail` lets none of a pipe's commands hide one. */
function strictness(before: ShellCommand[]): { stops: boolean; pipes: boolean } {
  const flags = before.filter(({ words: [one] }) => one?.value === "set").flatMap(({ words }) => words.slice(1));
  return {
    stops: flags.some(({ value }) => /^-[a-z]*e/.test(value)),
    pipes: flags.some(({ value }) => value === "pipefail"),
  };
}
