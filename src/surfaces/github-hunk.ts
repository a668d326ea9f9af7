/** The piece of a diff that an inline comment stands on; its last line is the line of the comment. Pure. */

/** What stands nearest to the comment. The agent has the files. */
const MAX_LINES = 12;
const MAX_CHARS = 1_200;

/** The end of it. */
export const hunkTail = (hunk: string): string => hunk.split("\n").slice(-MAX_LINES).join("\n").slice(-MAX_CHARS);

/**
 * The number of its last line: in the new file, or in the old one where that line was taken away. Where GitHub lists the comments of a single
 * review it leaves the number out. Null where there is none to be counted from.
 */
export function lineOf(hunk: string): number | null {
  const [head = "", ...lines] = hunk.split("\n");
  const [, before, after] = /^@@ -(\d{1,9})(?:,\d+)? \+(\d{1,9})(?:,\d+)? @@/.exec(head) ?? [];
  const shown = lines.filter((line) => !line.startsWith("\\"));
  const last = shown.at(-1);
  if (before === undefined || last === undefined) return null;
  const isGone = last.startsWith("-");
  const counted = shown.filter((line) => !line.startsWith(isGone ? "+" : "-")).length;
  return Number(isGone ? before : after) + counted - 1;
}
