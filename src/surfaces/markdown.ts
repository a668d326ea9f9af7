/**
 * Markdown that a model wrote, cut for places where messages have a length: on block boundaries, so that every piece renders
 * by itself. Pure. Cut after neutralising (`slack-neutral.ts`, `github-neutral.ts`), because neutralising lengthens.
 */
import type { Root } from "mdast";
import { MAX_PARSED_CHARS, parseQuickly } from "./markdown-code.ts";

/**
 * Pieces of at most `maxChars` UTF-16 units that together say the same. Blocks stay whole where they fit; a longer list is cut between
 * items, a table between rows (the head is repeated), anything else between lines, and a fence that is cut is closed and opened again.
 */
export function split(markdown: string, maxChars: number): string[] {
  const text = markdown.trim();
  if (text === "") return [];
  if (text.length <= maxChars) return [text];
  // The parser takes minutes for some texts of this length, and an answer is whatever the agent was talked into saying.
  if (text.length > MAX_PARSED_CHARS) return cutLines(text, maxChars).filter((one) => one.trim() !== "");
  const pieces: string[] = [];
  let piece = "";
  for (const { text: part, glue } of parseQuickly(text).children.flatMap((block) => cutBlock(block, text, maxChars))) {
    if (piece !== "" && piece.length + glue.length + part.length > maxChars) {
      pieces.push(piece);
      piece = "";
    }
    piece = piece === "" ? part : piece + glue + part;
  }
  return [...pieces, piece].filter((one) => one.trim() !== "");
}

type Block = Root["children"][number];

/** A part of a block, and what stands between it and the part before when both fit into one piece. */
interface Part {
  text: string;
  glue: "\n\n" | "\n";
}

function cutBlock(block: Block, source: string, maxChars: number): Part[] {
  const text = sourceOf(block, source);
  if (text.length <= maxChars) return [{ text, glue: "\n\n" }];
  if (block.type === "list") {
    const items = block.children.flatMap((item) => cutLines(sourceOf(item, source), maxChars));
    return items.map((item, i) => ({ text: item, glue: i === 0 ? "\n\n" : "\n" }));
  }
  const parts = block.type === "table" ? cutTable(text, maxChars) : cutLines(text, maxChars);
  return parts.map((part) => ({ text: part, glue: "\n\n" }));
}

function sourceOf(node: Block | { position?: Block["position"] }, source: string): string {
  return source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? source.length);
}

/** A table without its head is a row of pipes, so every piece gets the head and the line under it. */
function cutTable(table: string, maxChars: number): string[] {
  const [head = "", rule = "", ...rows] = table.split("\n");
  const top = `${head}\n${rule}`;
  if (rows.some((row) => top.length + 1 + row.length > maxChars)) return cutLines(table, maxChars);
  const pieces: string[] = [];
  let piece = top;
  for (const row of rows) {
    if (piece.length + 1 + row.length > maxChars) {
      pieces.push(piece);
      piece = top;
    }
    piece += `\n${row}`;
  }
  return [...pieces, piece];
}

interface Fence {
  /** What opens it again in the next piece. */
  opener: string;
  closer: string;
}

function cutLines(text: string, maxChars: number): string[] {
  const lines = text.split("\n");
  const fences = lines.filter((line) => FENCE.test(line)).map((line) => 2 * (line.length + 1));
  // Room for a fence line above and below a cut; a piece keeps half of its length for text, however long the fence lines are.
  const room = Math.max(Math.ceil(maxChars / 2), maxChars - Math.max(0, ...fences));
  const pieces: string[] = [];
  let piece: string | null = null;
  let fence: Fence | null = null;
  for (const line of lines.flatMap((whole) => cutLine(whole, room))) {
    const closes = fence !== null && closesFence(line, fence);
    const reserved: number = fence === null || closes ? 0 : fence.closer.length + 1;
    if (piece !== null && piece.length + 1 + line.length + reserved > maxChars) {
      pieces.push(fence ? `${piece}\n${fence.closer}` : piece);
      piece = fence ? fence.opener : null;
    }
    piece = piece === null ? line : `${piece}\n${line}`;
    if (closes) fence = null;
    else if (fence === null) fence = opensFence(line);
  }
  return piece === null ? pieces : [...pieces, piece];
}

/** Indented, quoted (`> `) or first in a list item (`- `), then the ticks, then the language. */
const FENCE = /^((?:[\s>]|[-*+]\s|\d+[.)]\s)*)(`{3,}|~{3,})(.*)$/;

function opensFence(line: string): Fence | null {
  const match = FENCE.exec(line);
  if (!match) return null;
  const [, before = "", ticks = "", info = ""] = match;
  if (ticks.startsWith("`") && info.includes("`")) return null; // inline code that happens to begin the line
  const indent = before.replace(/[^\s>]/g, " "); // the list marker belongs to the first piece alone
  return { opener: `${indent}${ticks}${info}`, closer: `${indent}${ticks}` };
}

function closesFence(line: string, fence: Fence): boolean {
  const match = FENCE.exec(line);
  const ticks = fence.closer.trimStart().replace(/^[>\s]*/, "");
  return match !== null && (match[3] ?? "").trim() === "" && (match[2] ?? "").startsWith(ticks);
}

/** A single line that is too long: after a sentence, else between words, else anywhere but in a `<token>` or half a character. */
function cutLine(line: string, maxChars: number): string[] {
  const parts: string[] = [];
  let rest = line;
  while (rest.length > maxChars) {
    const at = cutAt(rest, maxChars);
    parts.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at);
  }
  return [...parts, rest];
}

function cutAt(text: string, maxChars: number): number {
  const half = maxChars / 2;
  const spaced = text.slice(0, maxChars + 1); // the space itself is dropped at the cut
  const sentence = spaced.lastIndexOf(". ") + 2;
  if (sentence > half) return sentence;
  const word = spaced.lastIndexOf(" ") + 1;
  if (word > half) return word;
  const window = text.slice(0, maxChars);
  const token = window.lastIndexOf("<");
  if (token > half && !window.slice(token).includes(">")) return token;
  const isHalfACharacter = /[\ud800-\udbff]$/.test(window);
  return isHalfACharacter ? maxChars - 1 : maxChars;
}
