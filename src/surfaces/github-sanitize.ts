/**
 * What a person sees of a Markdown text on GitHub, and nothing else: an order that only the machine can read is not an order.
 * Gone are HTML comments, unused link definitions, image descriptions, link titles, attributes of tags, and characters
 * without a glyph. Code keeps every letter, because there even a comment is shown.
 * Every pattern is bounded: anybody may write a public comment made to keep us busy.
 */
import { splitAtCode } from "./markdown-code.ts";

/** What a person sees of it. */
export function visibleText(markdown: string): string {
  const text = markdown
    .replace(/\r\n?/g, "\n")
    .replace(HIDDEN_ENTITY, dropHiddenEntity)
    .replace(BROKEN_NAME, "$1 ")
    .replace(HIDDEN, "");
  const used = usedLabels(text);
  return splitAtCode(text)
    .map((part) => (part.code ? part.text : visibleProse(part.text, used)))
    .join("")
    .replace(/\n[ \t]*\n[ \t]*\n\s*/g, "\n\n")
    .trim();
}

/**
 * Characters that show nothing: controls, soft hyphen, fillers, zero-width and bidirectional marks, variation selectors
 * (text can be smuggled in them; U+FE0F stays, it makes emoji coloured), tag characters. A joiner stays between two
 * letters that are not ASCII: Persian words and composed emoji need it.
 */
const HIDDEN = new RegExp(
  [
    "[\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F]",
    "[\\u200B\\u200E\\u200F\\u2028-\\u202E\\u2060-\\u206F\\u3164\\uFE00-\\uFE0E\\uFEFF\\uFFA0\\uFFF9-\\uFFFB]",
    "[\\u{1D173}-\\u{1D17A}\\u{E0000}-\\u{E0FFF}]",
    "(?<![^\\u0000-\\u007F\\u200C\\u200D])[\\u200C\\u200D]",
    "[\\u200C\\u200D](?![^\\u0000-\\u007F\\u200C\\u200D])",
    "(?<=\\uFE0F)\\uFE0F",
  ].join("|"),
  "gu",
);

/** That is how people and bots, we among them, write a name that calls nobody: without the character it would. */
const BROKEN_NAME = new RegExp(`(@[A-Za-z0-9_-]{0,60})(?:${HIDDEN.source})+`, "gu");

/** `&#x200b;` and its kind: the same characters, spelled. */
const HIDDEN_ENTITY = /&(?:#(x[0-9a-f]{1,6}|[0-9]{1,7})|ZeroWidthSpace|zwnj|zwj|shy|lrm|rlm|NoBreak);?/gi;

function dropHiddenEntity(entity: string, number: string | undefined): string {
  if (number === undefined) return ZERO_WIDTH;
  const code = number.toLowerCase().startsWith("x") ? Number.parseInt(number.slice(1), 16) : Number(number);
  if (code > 0x10ffff) return "";
  return String.fromCodePoint(code).replace(HIDDEN, "") === "" ? ZERO_WIDTH : entity;
}

/** Shows nothing, and is taken out like all its kind. */
const ZERO_WIDTH = "\u200b";

/** Labels that some link names, so that their definition is of use; images by reference are taken out anyway. */
function usedLabels(text: string): Set<string> {
  return new Set(
    [...text.replace(IMAGE, "").matchAll(/\[([^[\]]{1,200})\](?!:)/g)].map(([, label]) => normalLabel(label)),
  );
}
const normalLabel = (label = ""): string => label.trim().replace(/\s+/g, " ").toLowerCase();

function visibleProse(prose: string, used: Set<string>): string {
  return (
    withoutComments(prose)
      .replace(/^[ \t>*+-]{0,20}<!--[\s\S]*/m, "")
      // Line by line as far as its last `>`, so that each has an end.
      .replace(/^.*>/gm, (line) => line.replace(/<[?!][^>\n]*>/g, ""))
      .replace(TAG, visibleTag)
      .replace(DEFINITION, (all, start: string, label: string, target: string) => {
        if (label.startsWith("^")) return all;
        return used.has(normalLabel(label)) ? `${start}[${label}]: ${target}` : start;
      })
      .replace(IMAGE, (_all, target: string | undefined) => (target ? `![](${target})` : ""))
      .replace(SHORTCUT_IMAGE, (all, label: string) => (isDefined(prose, label) ? "" : all))
      .replace(LINK_TITLE, "$1)")
  );
}

/** As far as the last one ends: thousands that nobody ends would each be followed to the end of the text. */
function withoutComments(prose: string): string {
  const last = Math.max(prose.lastIndexOf("-->") + "-->".length, prose.lastIndexOf("--!>") + "--!>".length);
  const closed = prose
    .slice(0, last)
    .replace(/(@[A-Za-z0-9_-]{0,60})?<!--[\s\S]*?--!?>/g, (_all, name?: string) => (name ? `${name} ` : ""));
  return closed + prose.slice(last);
}

const TAG = /<(\/?[a-z][a-z0-9-]{0,40})((?:"[^"]{0,4000}"|'[^']{0,4000}'|[^'"<>]){0,500})>/gi;

/** Of a tag stay its name and where it leads. Addresses in angle brackets are no tags. */
function visibleTag(tag: string, name: string, rest: string): string {
  if (/^[^\s/]/.test(rest)) return tag;
  const target = /\s(src|href)\s*=\s*["']?(https?:\/\/[^\s"'<>]+)/i.exec(rest);
  return target ? `<${name} ${target[1]}="${target[2]}">` : `<${name}>`;
}

const TARGET = "<[^<>\\n]{0,2000}>|[^\\s()<>]{1,2000}";
const TITLE = "\"[^\"]{0,2000}\"|'[^']{0,2000}'|\\([^()]{0,2000}\\)";
const LABEL = "(?:[^[\\]]|\\[[^[\\]]{0,200}\\]){0,1000}";
const DEFINITION = new RegExp(
  `^([ \\t>*+-]{0,20})\\[([^[\\]]{1,200})\\]:\\s{0,20}(${TARGET}|[^\\s]{1,2000})(?:\\s{1,20}(?:${TITLE}))?[ \\t]*$`,
  "gm",
);
const IMAGE = new RegExp(
  `!\\[${LABEL}\\](?:\\(\\s{0,20}(${TARGET})?\\s{0,20}(?:${TITLE})?\\s{0,20}\\)|\\[[^[\\]]{0,200}\\])`,
  "g",
);
const SHORTCUT_IMAGE = /!\[([^[\]]{1,200})\](?![[(:])/g;
const LINK_TITLE = new RegExp(`(\\]\\(\\s{0,20}(?:${TARGET}))\\s{1,20}(?:${TITLE})\\s{0,20}\\)`, "g");

const isDefined = (prose: string, label: string): boolean => prose.toLowerCase().includes(`[${label.toLowerCase()}]:`);
