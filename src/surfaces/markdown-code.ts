/** Markdown cut into code and prose: what GitHub and Slack make of names, comments and keywords holds in prose only. */
import type { Nodes, Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

export interface Part {
  code: boolean;
  text: string;
}

/** The parser needs a second for that much at worst (a table of thousands of rows). Anybody may write 65,000 characters in public. */
export const MAX_PARSED_CHARS = 20_000;
/** Syntax that decides nothing about code, and whose parsing takes quadratic time. */
const SLOW_SYNTAX = ["attention", "definition", "labelStartImage", "labelStartLink", "labelEnd"];
/** Also slow, and no matter here. */
const FOOTNOTES = ["gfmFootnoteCall", "gfmPotentialFootnoteCall"];

/** The parts in order; together they are the text again. A text too long to be parsed is all prose, which is the careful side. */
export function splitAtCode(text: string): Part[] {
  if (text.length > MAX_PARSED_CHARS) return [{ code: false, text }];
  const parts: Part[] = [];
  let from = 0;
  const cut = (end: number, code: boolean): void => {
    if (end > from) parts.push({ code, text: text.slice(from, end) });
    from = Math.max(from, end);
  };
  walk(parseQuickly(text), (node) => {
    if (node.type !== "code" && node.type !== "inlineCode") return;
    cut(node.position?.start.offset ?? 0, false);
    cut(node.position?.end.offset ?? 0, true);
  });
  cut(text.length, false);
  return parts;
}

/**
 * With tables, because their cells end before code spans do: two backticks in two cells are no code, and what stands between
 * them is prose. Positions are those of `text`.
 */
export function parseQuickly(text: string): Root {
  return fromMarkdown(shallow(text), {
    extensions: [gfm(), { disable: { null: [...SLOW_SYNTAX, ...FOOTNOTES, ...slowTildes(text), ...slowHtml(text)] } }],
    mdastExtensions: [gfmFromMarkdown()],
  });
}

/** Struck-out words take quadratic time too, but a text without this many tildes does not notice. */
const MAX_TILDES = 1_000;
const slowTildes = (text: string): string[] => (text.split("~").length > MAX_TILDES ? ["strikethrough"] : []);

/** Each comment, instruction or declaration that nothing ends is followed to the end of its paragraph: thousands of them took five seconds. */
const MAX_UNENDED = 100;
const slowHtml = (text: string): string[] => (text.split(/<[!?]/).length > MAX_UNENDED ? ["htmlText"] : []);

/** The same text, as long as before, whose lists, quotes and footnotes are at most twenty deep: deeper ones overflow the parser's stack. */
function shallow(text: string): string {
  return text.replace(DEEP, (_all, kept: string, deeper: string) => kept + "x".repeat(deeper.length));
}

const MARKER = "[ \\t]{0,9}(?:[>*+-]|\\d{1,9}[.)]|\\[\\^[^\\]\\s]{1,100}\\]:)";
const DEEP = new RegExp(`^((?:${MARKER}){20})((?:${MARKER})+)`, "gm");

function walk(node: Nodes, visit: (node: Nodes) => void): void {
  visit(node);
  if ("children" in node) for (const child of node.children) walk(child, visit);
}
