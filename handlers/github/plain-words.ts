/**
 * Which pieces of a comment are plain words of whoever wrote it, in which a name or a command counts: not code, quotes, struck-out words,
 * links and HTML, not what is folded away, not footnotes (GitHub leaves out those that nothing refers to), and not the older mails
 * under an answer by mail.
 */
import type { Nodes } from "mdast";
import { MAX_PARSED_CHARS, parseQuickly } from "../../src/surfaces/markdown-code.ts";

export interface Piece {
  start: number;
  end: number;
}

/** Of a text that is longer than can be parsed, the beginning. */
export function plainWords(body: string): Piece[] {
  const own = withoutOlderMails(body.slice(0, MAX_PARSED_CHARS));
  const read: Reading = { pieces: [], folded: 0 };
  collect(parseQuickly(own), read);
  return read.pieces;
}

interface Reading {
  pieces: Piece[];
  /** How many `<details>` are open. */
  folded: number;
}

const NOT_PLAIN = new Set<Nodes["type"]>(["blockquote", "delete", "link", "footnoteDefinition"]);

function collect(node: Nodes, read: Reading): void {
  if (NOT_PLAIN.has(node.type)) return;
  if (node.type === "html") read.folded = Math.max(0, read.folded + foldsIn(node.value));
  if (node.type === "text" && node.position && read.folded === 0) {
    read.pieces.push({ start: node.position.start.offset ?? 0, end: node.position.end.offset ?? 0 });
  }
  if ("children" in node) for (const child of node.children) collect(child, read);
}

const foldsIn = (html: string): number =>
  (html.match(/<details\b/gi)?.length ?? 0) - (html.match(/<\/details\b/gi)?.length ?? 0);

/** Most mail programs quote with `>`; Outlook and its like copy the older mails as they are, under a head. */
const OLDER_MAILS =
  /^(?:-{3,}[ \t]?Original Message[ \t]?-{3,}[ \t]*$|_{10,}[ \t]*\n+(?:\*{0,2})From:|\*{0,2}From:\*{0,2} [^\n]{1,300}\n\*{0,2}(?:Sent|Date):)/im;

function withoutOlderMails(body: string): string {
  const found = OLDER_MAILS.exec(body);
  return found ? body.slice(0, found.index) : body;
}

/** No label of a link is longer that anybody would read. */
const MAX_LABEL_CHARS = 500;

/** Is that place in the label or the target of a link? The parser does not look for links with labels either. */
export function isInLink(body: string, at: number): boolean {
  const before = body.slice(Math.max(0, at - MAX_LABEL_CHARS), at);
  if (/\]\([^()\n]*$/.test(before)) return true;
  if (opened(before) <= 0) return false;
  return /^[^[\]\n]*(?:\[[^[\]\n]*\][^[\]\n]*)*\][([]/.test(body.slice(at, at + MAX_LABEL_CHARS));
}

/** How many brackets of its last line are not closed. */
function opened(before: string): number {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  let depth = 0;
  for (const letter of line) depth = letter === "[" ? depth + 1 : letter === "]" ? Math.max(0, depth - 1) : depth;
  return depth;
}
