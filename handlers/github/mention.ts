/**
 * Is this comment addressed to us, and what does it ask? `@threadbox`, `@slug` and `@slug[bot]` count in plain words only:
 * not in code, quotes, struck-out words, links or HTML, so that nobody starts work by quoting somebody.
 */
import type { Nodes } from "mdast";
import { MAX_PARSED_CHARS, parseQuickly } from "../../src/surfaces/markdown-code.ts";

/** The whole comment without our name, or null when it names us nowhere. `names` come without the `@`. */
export function findMention(body: string, names: readonly string[]): { text: string } | null {
  const name = namePattern(names);
  if (!name.test(body)) return null;
  const found = plainWords(body).flatMap(({ start, end }) => occurrences(body, name, start, end));
  if (found.length === 0) return null;
  return { text: withoutPieces(body, found) };
}

interface Piece {
  start: number;
  end: number;
}

/**
 * Before the name nothing that makes it an address, a path or an escape; after it nothing that makes it another name
 * (`@threadbox-dev`, `@threadbox/team`, `@threadbox.dev`). A comma or colon behind it belongs to the salutation.
 */
function namePattern(names: readonly string[]): RegExp {
  const any = names.map((name) => name.replace(/[^\w]/g, "\\$&")).join("|");
  return new RegExp(
    `(?<![A-Za-z0-9@/\\\\=])@(?:${any})(?:\\[bot\\])?(?![A-Za-z0-9/]|[-_.][A-Za-z0-9]|\\[bot)[,:]?[ \\t]*`,
    "gi",
  );
}

/** Of a text that is longer than can be parsed, the beginning. */
function plainWords(body: string): Piece[] {
  const pieces: Piece[] = [];
  collect(parseQuickly(body.slice(0, MAX_PARSED_CHARS)), pieces);
  return pieces;
}

function collect(node: Nodes, pieces: Piece[]): void {
  if (node.type === "blockquote" || node.type === "delete" || node.type === "link") return;
  if (node.type === "text" && node.position) {
    pieces.push({ start: node.position.start.offset ?? 0, end: node.position.end.offset ?? 0 });
  }
  if ("children" in node) for (const child of node.children) collect(child, pieces);
}

/** The letter before `start` counts as well: `foo`@threadbox is a word of its own only for the parser. */
function occurrences(body: string, name: RegExp, start: number, end: number): Piece[] {
  const found: Piece[] = [];
  name.lastIndex = start;
  for (let match = name.exec(body); match && match.index < end; match = name.exec(body)) {
    found.push({ start: match.index, end: match.index + match[0].length });
  }
  name.lastIndex = 0;
  return found;
}

function withoutPieces(body: string, pieces: Piece[]): string {
  let text = "";
  let from = 0;
  for (const piece of pieces) {
    text += body.slice(from, piece.start);
    from = piece.end;
  }
  return (text + body.slice(from)).replace(/[ \t]+$/gm, "").trim();
}
