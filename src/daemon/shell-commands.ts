/**
 * The single commands of a shell line, for rules about them. No parser of the shell, on purpose: one that is nearly right is what an
 * attacker looks for (`$'\''`, a quote in a comment). Quotes are not understood, so a `;` in quotes cuts as well: the pieces that come of it
 * are allowed by no rule, and the line is asked about or denied once too often.
 */

/** Between two commands, or before and behind one that is put in or written to. `>` as well: `echo *` is no leave to write a file. */
const JOINTS = /&&|\|\||[;&|\n`()>]|\$\(/;
/** What is in nearly every line, and neither begins a command nor writes a file. */
const HARMLESS = /(?<![\w$])\d?>&\d(?!\w)|(?<![\w$])\d?>>?\s*\/dev\/null(?![\w/.-])/g;

export const hasJoint = (text: string): boolean => JOINTS.test(text);

/**
 * As they stand there, without the blanks around them. A line that goes on in the next one is read as one and as two: behind a `#` it does
 * not go on.
 */
export function commandsIn(line: string): string[] {
  const joined = line.replace(/\\\n/g, "");
  return [line, ...(joined === line ? [] : [joined])].flatMap(piecesOf);
}

function piecesOf(line: string): string[] {
  return line
    .replace(HARMLESS, " ")
    .split(JOINTS)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "");
}

/** Words that run what stands behind them, and words of the shell that do no more than begin a command. */
const BEFORE = new Set(
  [
    "sudo doas env command builtin exec eval nohup nice time timeout stdbuf setsid xargs watch busybox",
    "sh bash zsh dash ash ksh",
    "then do else elif if while until ! {",
  ].flatMap((words) => words.split(" ")),
);
const ASSIGNMENT = /^\w+\+?=/;
/** How many of the words behind are tried, and how much of what is behind each: an agent may write a megabyte, and the daemon has to answer. */
const MAX_TRIED = 50;
const MAX_TRIED_CHARS = 2_000;

/** Other readings of one command, by which it may be denied: without quotes, without what stands before it, by the name of its file. */
export function dressedDown(command: string): string[] {
  const words = command
    .replace(/\$\{?IFS\}?/g, " ")
    .replace(/\$?["']|\\/g, "")
    .trim()
    .split(/\s+/);
  const readings = [words.join(" ")];
  let from = 0;
  while (ASSIGNMENT.test(words[from] ?? "")) from += 1;
  if (from > 0) readings.push(words.slice(from).join(" "));
  // Which of the words behind are its own, each of them has a way to say: so every one may be the command.
  const runs = BEFORE.has(fileName(words[from] ?? ""));
  const last = runs ? Math.min(words.length, from + 1 + MAX_TRIED) : 0;
  for (let at = from + 1; at < last; at++) readings.push(words.slice(at).join(" ").slice(0, MAX_TRIED_CHARS));
  return readings.flatMap((reading) => [reading, reading.replace(/^\S*\//, "")]);
}

const fileName = (word: string): string => word.slice(word.lastIndexOf("/") + 1);
