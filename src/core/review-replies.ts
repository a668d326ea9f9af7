/**
 * What an agent says to single comments of a review: sections of its answer that begin with a line `[comment 2]` or `[comment 2: done]`. They
 * end where the next one begins, at a heading, at a line across the page, or with the answer. What stands in code is code: an agent that explains
 * these lines has not written them.
 */
import type { Reply } from "./review.ts";

/** The answer without those sections, and the sections, one for each comment. Lines about other numbers than `known` stay where they are. */
export function takeReplies(answer: string, known: ReadonlySet<number>): { rest: string; replies: Reply[] } {
  const rest: string[] = [];
  const replies = new Map<number, { lines: string[]; done: boolean }>();
  let open: { lines: string[] } | null = null;
  for (const { line, code } of inAndOutOfCode(answer)) {
    const begun = code ? null : beginningOf(line, known);
    if (begun) {
      const section = replies.get(begun.comment) ?? { lines: [], done: false };
      if (section.lines.length > 0) section.lines.push("");
      if (begun.text !== "") section.lines.push(begun.text);
      section.done ||= begun.done;
      replies.set(begun.comment, section);
      open = section;
      continue;
    }
    if (!code && ENDS_A_SECTION.test(line)) open = null;
    (open?.lines ?? rest).push(line);
  }
  return {
    rest: rest.join("\n").trim(),
    replies: [...replies].map(([comment, { lines, done }]) => ({ comment, text: lines.join("\n").trim(), done })),
  };
}

/** The mark of a heading, a list or emphasis before it, and what closes that after it. A link of that name is none. */
const BEGINNING =
  /^ {0,3}(?:#{1,6} {1,4}|[-*+] {1,4}|\d{1,3}[.)] {1,4})?([*_`~]{0,3})\[comment {1,4}#?(\d{1,6})(?: {0,4}[:,] {0,4}([^\]\n]{1,40}))?\](?![([])[*_`~]{0,3}[:.]?[*_]{0,2}(?: {1,4}(.*))?$/i;

function beginningOf(
  line: string,
  known: ReadonlySet<number>,
): { comment: number; done: boolean; text: string } | null {
  const [, emphasis = "", number, state = "", text = ""] = BEGINNING.exec(line) ?? [];
  const comment = Number(number);
  if (number === undefined || !known.has(comment)) return null;
  // `**[comment 1] renamed**`: what the emphasis began with is gone.
  const isOpen = emphasis !== "" && text.endsWith(emphasis) && text.split(emphasis).length % 2 === 0;
  return {
    comment,
    done: state.trim().toLowerCase() === "done",
    text: (isOpen ? text.slice(0, -emphasis.length) : text).trim(),
  };
}

const ENDS_A_SECTION = /^ {0,3}(?:#{1,6} |([-*_])[ \t]{0,4}(?:\1[ \t]{0,4}){2,}$)/;

/** A fence may stand in a list or a quote. One that is left open reaches to the end. */
function* inAndOutOfCode(text: string): Generator<{ line: string; code: boolean }> {
  let fence: string | null = null;
  for (const line of text.split("\n")) {
    const [, ticks = "", info = ""] = /^[ \t>*+-]{0,40}(?:\d{1,9}[.)][ \t]{1,4})?(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    const opens = fence === null && ticks !== "" && !(ticks.startsWith("`") && info.includes("`"));
    const closes = fence !== null && ticks.startsWith(fence) && info.trim() === "";
    yield { line, code: fence !== null || opens };
    if (opens) fence = ticks;
    else if (closes) fence = null;
  }
}
