/**
 * A repository's template for pull requests, filled in: what was done goes under the first heading that asks for it, how it was verified
 * under the one that asks for that. What the template tells the writer there gives way; its lists of boxes stay, unticked, because only
 * people tick them; its comments stay out. Pure.
 */
import { neutralise } from "./github-neutral.ts";

export interface Filling {
  /** What was done, and why. */
  what: string;
  /** How it was verified: for below a heading, and with a heading of its own. Null where nothing is to be said of it. */
  verified: { bare: string; headed: string } | null;
  /** At the very end. */
  about: string;
}

/** More than this is no template but a book. */
const MAX_TEMPLATE_CHARS = 15_000;

/** `template` is what stands in the repository; null where it has none. */
export function filledTemplate(template: string | null, { what, verified, about }: Filling): string {
  const sections = sectionsOf(cleaned(template ?? ""));
  const forWhat = WHAT.map((wanted) => asking(sections, wanted, NOT_WHAT)).find((at) => at >= 0) ?? -1;
  const forTests = asking(sections, TESTED);
  const filled = sections.map((section, i) => {
    if (i === forWhat) return underHeading(section, what);
    if (i === forTests && verified) return underHeading(section, verified.bare);
    return [section.line, section.text].filter(Boolean).join("\n\n");
  });
  const beside = forTests < 0 && verified ? [verified.headed] : [];
  // A template that asks for nothing that we can tell stands below ours.
  const parts = forWhat < 0 ? [what, ...beside, ...filled] : [...filled, ...beside];
  return [...parts, about].filter(Boolean).join("\n\n");
}

/** Those that ask for it first, then those that are near enough. */
const WHAT: readonly RegExp[] = [
  /\b(?:summary|descriptions?|what|overview|abstract)\b/i,
  /\b(?:purpose|changes|context|motivation|why|background|tl;?dr)\b/i,
];
/** "What type of change is this?", "Breaking changes", "What issue does it close?" */
const NOT_WHAT = /\b(?:type|kind|breaking|issues?|tickets?|changelog|release|tests?|tested|screenshots?|reviewers?)\b/i;
const TESTED = /\b(?:tests?|tested|testing|verif\w+|validation|qa|how (?:to|was|were|has|have|did|do|can))\b/i;

/** The first section whose heading asks for that; -1 where none does. */
const asking = (sections: Section[], wanted: RegExp, unlike: RegExp | null = null): number =>
  sections.findIndex(({ heading }) => heading !== null && wanted.test(heading) && !unlike?.test(heading));

interface Section {
  /** The heading's words; null before the first one. */
  heading: string | null;
  /** The heading as it stands there. */
  line: string;
  text: string;
}

function sectionsOf(template: string): Section[] {
  const sections: Section[] = [{ heading: null, line: "", text: "" }];
  let fence: string | null = null;
  for (const line of template.split("\n")) {
    fence = fenceAfter(fence, line);
    const heading = fence === null ? headingOf(line) : null;
    const last = sections.at(-1);
    if (heading !== null) sections.push({ heading, line, text: "" });
    else if (last) last.text += `${line}\n`;
  }
  return sections
    .map((section) => ({ ...section, text: section.text.trim() }))
    .filter(({ line, text }) => line !== "" || text !== "");
}

/** `## What`, or a line that is bold from its beginning to its end, as many write headings. */
function headingOf(line: string): string | null {
  const [, words = null] =
    /^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$/.exec(line) ?? /^\*\*([^*]{1,80})\*\*:?[ \t]*$/.exec(line) ?? [];
  return words;
}

function fenceAfter(open: string | null, line: string): string | null {
  const [, ticks = null] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
  if (ticks === null) return open;
  if (open === null) return ticks;
  return ticks.startsWith(open) ? null : open;
}

/** The boxes of the section stay: they are for people. */
function underHeading({ line, text }: Section, filling: string): string {
  const boxes = text.split("\n").filter((one) => BOX.test(one));
  return [line, filling, boxes.join("\n")].filter(Boolean).join("\n\n");
}

const BOX = /^\s*[-*+] \[[ xX]\] /;

/** As it may stand under our name: nothing in it pings or closes anything, or is hidden, and no box is ticked. */
function cleaned(template: string): string {
  const text = template
    .slice(0, MAX_TEMPLATE_CHARS)
    .replace(/^\ufeff/, "")
    .replace(/\r\n?/g, "\n")
    .replace(/^---\n[\s\S]{0,2000}?\n---\n/, "");
  return neutralise(text)
    .replace(/^(\s*[-*+] )\[[xX]\] /gm, "$1[ ] ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
