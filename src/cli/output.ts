/** Where a command prints: its words on stdout, unless stdout belongs to the one JSON document that `--json` promises. */
import { styleText } from "node:util";

export interface Output {
  json: boolean;
  /** Whether words may carry colours: they go to a terminal, and nobody has asked for none (NO_COLOR). */
  colour: boolean;
  /** Words for people, whole lines. */
  say(text: string): void;
  /** What a person must not overlook, and what is no part of the result: stderr. */
  warn(text: string): void;
  /** What the command found out; printed with `--json` only, once. */
  result(document: unknown): void;
}

export function openOutput(json: boolean): Output {
  const words = json ? process.stderr : process.stdout;
  return {
    json,
    colour: words.isTTY === true && words.hasColors(),
    say: (text) => void words.write(`${harmless(text)}\n`),
    warn: (text) => void process.stderr.write(`${harmless(text)}\n`),
    result: (document) => {
      if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    },
  };
}

/** What could steer the terminal, but line ends and tabs: titles, log lines and failures have words of others in them. */
const STEERS = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
/** The rest of a colour's sequence. */
const COLOUR = /\[[\d;]*m/y;

const harmless = (text: string): string =>
  text.replace(STEERS, (one, at: number) => {
    COLOUR.lastIndex = at + 1;
    return one === "\u001b" && COLOUR.test(text) ? one : "";
  });

type Style = Parameters<typeof styleText>[0];

/** `validateStream: false`, because `Output.colour` knows where it goes. */
export const paint = (style: Style, text: string, colour: boolean): string =>
  colour ? styleText(style, text, { validateStream: false }) : text;

/** Rows as aligned columns, two spaces apart; the last column keeps its width. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
