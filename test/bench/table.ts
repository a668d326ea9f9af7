/** The report for people: the machine, one line for each row, and below the table what each number means and what it is bound by. */

import type { Machine, Processors } from "./machine.ts";
import type { Grid, Row } from "./measure.ts";

export interface Result {
  name: string;
  seconds: number;
  processors: Processors | null;
  rows: Row[];
  grid: Grid | null;
  /** Why there are no rows. */
  failed: string | null;
}

export interface Report {
  startedAt: string;
  quick: boolean;
  seconds: number;
  machine: Machine;
  processors: Processors | null;
  results: Result[];
}

const HEAD = ["", "what", "n", "p50", "p99", "max", "value", "aim"];
/** Columns of numbers stand right. */
const RIGHT = new Set([0, 2, 3, 4, 5, 6]);

export function printMachine(machine: Machine, quick: boolean): void {
  const { cores, processor, memoryGb, freeGb, system, node, postgres, loadBefore } = machine;
  print(`${cores} cores (${processor}), ${memoryGb} GB (${freeGb} free), ${system}`);
  print(
    `Node ${node}, PostgreSQL ${postgres} (embedded, fsync on), load before ${loadBefore.toFixed(2)}${quick ? ", --quick" : ""}`,
  );
  if (loadBefore > cores / 2)
    print("This machine has other work: read times as upper bounds, and rates as lower ones.");
  print("");
}

export function printTable({ results, seconds, processors }: Report): void {
  const rows = results.flatMap((result) => result.rows);
  const lines = rows.map((row, index) => [String(index + 1), row.what, String(row.n), ...figures(row), aimOf(row)]);
  printAligned([HEAD, ...lines], RIGHT);
  print("");
  printNotes(rows);
  print("");
  for (const { grid } of results) if (grid) printGrid(grid);
  for (const result of results) print(ofMachine(result));
  const steal = processors ? `, steal ${processors.stealPercent} %` : "";
  print(`All in ${seconds.toFixed(0)} s${steal}.`);
}

function printGrid({ head, lines, note }: Grid): void {
  printAligned([head, ...lines], new Set([...head.keys()].slice(1)));
  print(`${note}\n`);
}

/** The first line is the head. */
function printAligned(lines: string[][], right: Set<number>): void {
  const [head = []] = lines;
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const aligned = (cells: string[]): string =>
    cells
      .map((cell, column) =>
        right.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  for (const line of [head, widths.map((width) => "-".repeat(width)), ...lines.slice(1)]) print(aligned(line));
}

/** Rows that follow each other and have the same to say share a note. */
function printNotes(rows: Row[]): void {
  for (let first = 0; first < rows.length; ) {
    const { note } = rows[first] ?? { note: "" };
    const other = rows.findIndex((row, index) => index > first && row.note !== note);
    const next = other < 0 ? rows.length : other;
    print(`${next - first > 1 ? `${first + 1}-${next}` : first + 1}. ${note}`);
    first = next;
  }
}

function figures({ spread, value, unit }: Row): string[] {
  const shown = (figure: number | null): string => (figure === null ? "" : `${rounded(figure)} ${unit}`);
  return [shown(spread?.p50 ?? null), shown(spread?.p99 ?? null), shown(spread?.max ?? null), shown(value)];
}

export function rounded(figure: number): string {
  const size = Math.abs(figure);
  const digits = size < 10 ? 2 : size < 100 ? 1 : 0;
  return Number(figure.toFixed(digits)).toLocaleString("en");
}

const aimOf = ({ aim }: Row): string => (aim ? `${aim.says}${aim.met ? "" : " (not here)"}` : "");

function ofMachine({ name, seconds, processors, failed }: Result): string {
  const shares = processors ? `, processors ${processors.busyPercent} % busy, steal ${processors.stealPercent} %` : "";
  return `${name}: ${seconds.toFixed(0)} s${shares}${failed === null ? "" : `, FAILED: ${failed}`}`;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
