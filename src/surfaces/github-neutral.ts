/**
 * Text that an agent wrote, made harmless before it stands on GitHub under our name: it pings nobody, closes no issue,
 * hides nothing from readers, shows no token, and loads no picture, because the address of a picture can carry a secret out
 * without a click. Code stays as it is: GitHub reads no names and keywords there. But for what looks like a marker of ours, which we read.
 */
import { blankTokens } from "../wire/secrets.ts";
import { clip } from "./figures.ts";
import { withoutMarkers } from "./github-pull-parts.ts";
import { splitAtCode } from "./markdown-code.ts";

/** The same Markdown to the eye. */
export function neutralise(markdown: string): string {
  const text = blankTokens(markdown);
  const parts = isDoubtful(text) ? [{ code: false, text }] : splitAtCode(text);
  const posted = parts.map((part) => (part.code ? part.text : inert(part.text))).join("");
  return withoutMarkers(posted + closingFence(posted));
}

/**
 * A grave accent in the address or the title of a link begins no code for GitHub, and for our parser, which reads no links, it does: what
 * comes after it would be code to us and prose to everybody else. Such a text is all prose, which is the careful side.
 */
const isDoubtful = (text: string): boolean => text.split(/\n[ \t]*\n/).some((paragraph) => ODD_LINK.test(paragraph));

/** Addresses without anything in which an accent could hide are passed over. */
const ODD_LINK = /\](?:\((?![^\s()<>"'`\\]{0,2000}\))|:)[^`]{0,4000}`/;

/** What closes a fence that was left open; it would swallow whatever we add below. */
function closingFence(markdown: string): string {
  let open: string | null = null;
  for (const [, ticks = "", rest = ""] of markdown.matchAll(/^ {0,3}(`{3,}|~{3,})(.*)$/gm)) {
    if (open === null) open = ticks.startsWith("`") && rest.includes("`") ? null : ticks;
    else if (ticks.startsWith(open) && rest.trim() === "") open = null;
  }
  return open === null ? "" : `\n${open}`;
}

/** For one line that is not Markdown, such as a title. */
export const neutraliseLine = (text: string): string => inert(blankTokens(text.replace(/\s+/g, " ").trim()));

/** At most so many characters. A token is blanked first: half of one looks like none, and is worth something all the same. */
export const shortened = (text: string, maxChars: number): string => clip(blankTokens(text).trim(), maxChars);

/** Breaks a name or a keyword for GitHub; people do not see it. */
const BREAK = "\u200b";

function inert(prose: string): string {
  return prose
    .replace(/<!--[\s\S]*?-->/g, "")
    .replaceAll("<!--", "&lt;!--")
    .replace(/!\[(\s{0,10}\])?/g, (_all, empty: string | undefined) => (empty ? "[image]" : "["))
    .replace(/<(?=\/?(?:img|picture|source|video|audio)\b)/gi, "&lt;")
    .replace(LINK_OR_NAME, (found) => (found === "@" ? `@${BREAK}` : found))
    .replace(CLOSING_KEYWORD, (keyword) => keyword.charAt(0) + BREAK + keyword.slice(1));
}

/** A whole web address (GitHub reads no names in it, and a break would spoil it), or the sign before a name. */
const LINK_OR_NAME =
  /https?:\/\/[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+(?:[/?#:][^\s<>"')\]]*)?|(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])/g;

/** GitHub closes an issue for any of these words before its number, its address or `owner/name#1`. */
const CLOSING_KEYWORD =
  /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?=\s{0,20}:?\s{0,20}[*_[<(]{0,4}(?:#\d|GH-\d|https?:\/\/|[\w.-]{1,100}\/[\w.-]{1,100}#\d))/gi;
