/**
 * What we may rewrite in the text of a pull request: only what stands between two hidden markers of ours, and only as long as it is what we
 * wrote there. The first marker has a check sum of what follows it, so whoever edits inside keeps what they wrote, without a word to us;
 * and nothing has to be remembered on our side. Pure.
 */
import { createHash } from "node:crypto";

/** Text that stands between markers. The name says what it is about. */
export const markedPart = (name: string, text: string): string =>
  `<!-- threadbox:part/${name}/${sumOf(text)} -->\n${withoutMarkers(text)}\n${END(name)}`;

/** The same text with these parts as they are now; null where there is nothing to change, or nothing that we may change. */
export function withParts(body: string, parts: ReadonlyMap<string, string>): string | null {
  const found = partsIn(body);
  let text = body;
  // From the end, so that what was found before still stands where it was found.
  for (const { name, sum, inner, start, end } of found.toReversed()) {
    const wanted = parts.get(name);
    const isOurs = sumOf(inner) === sum && found.filter((one) => one.name === name).length === 1;
    if (wanted === undefined || !isOurs || sumOf(wanted) === sum) continue;
    text = text.slice(0, start) + markedPart(name, wanted) + text.slice(end);
  }
  return text === body ? null : text;
}

interface Found {
  name: string;
  sum: string;
  inner: string;
  start: number;
  end: number;
}

function partsIn(body: string): Found[] {
  const found: Found[] = [];
  for (const { 0: begin, 1: name = "", 2: sum = "", index } of body.matchAll(BEGIN)) {
    const from = index + begin.length;
    const to = body.indexOf(END(name), from);
    if (to < 0) continue;
    found.push({ name, sum, inner: body.slice(from, to), start: index, end: to + END(name).length });
  }
  return found;
}

const BEGIN = /<!-- threadbox:part\/([a-z]{1,20})\/([0-9a-f]{12}) -->/g;
const END = (name: string): string => `<!-- threadbox:end/${name} -->`;

/** Editing anywhere on GitHub's page turns all line ends of the text into those of a form, and some editors take blanks away. */
const sumOf = (text: string): string =>
  createHash("sha256")
    .update(
      withoutMarkers(text)
        .replace(/[ \t]*\r?\n/g, "\n")
        .trim(),
    )
    .digest("hex")
    .slice(0, 12);

/** A part ends where we say, and not where an agent has written that it ends. */
export const withoutMarkers = (text: string): string => text.replace(/<!--(?=\s*threadbox:)/gi, "<!-\u200b-");
