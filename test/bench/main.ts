/**
 * `npm run bench [-- names...] [--quick] [--json FILE]`: how fast and how large it is, on this machine. Nothing here passes or
 * fails by its speed; a benchmark that cannot prove that nothing was lost fails, and then so does the whole run.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { acknowledgement } from "./acknowledgement.ts";
import { bots } from "./bots.ts";
import { stopChildren } from "./child.ts";
import { crowd } from "./crowd.ts";
import { firstSigns } from "./first-signs.ts";
import { folding } from "./folding.ts";
import { type Bench, prepareGround } from "./ground.ts";
import { growth } from "./growth.ts";
import { between, describeMachine, readTicks } from "./machine.ts";
import type { Grid, Row } from "./measure.ts";
import { memory } from "./memory.ts";
import { modal } from "./modal.ts";
import { receive } from "./receive.ts";
import { stream } from "./stream.ts";
import { printMachine, printTable, type Report, type Result } from "./table.ts";
import { takeOver } from "./take-over.ts";

const BENCHMARKS: Record<string, (bench: Bench) => Promise<Row[] | { rows: Row[]; grid: Grid }>> = {
  acknowledgement,
  receive,
  "first-signs": firstSigns,
  stream,
  crowd,
  bots,
  "take-over": takeOver,
  memory,
  growth,
  folding,
  modal,
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, json: { type: "string", default: "bench-results.json" } },
});

const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no benchmark ${unknown.join(", ")}; there are ${Object.keys(BENCHMARKS).join(", ")}.\n`,
  );
  process.exit(1);
}

const report = await measureAll(positionals.length > 0 ? positionals : Object.keys(BENCHMARKS));
printTable(report);
writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
process.stderr.write(`Written to ${options.json}.\n`);
const code = report.results.some(({ failed }) => failed !== null) ? 1 : 0;
// What a failed benchmark left open must not keep us; the table has to be out first.
process.stdout.write("", () => process.exit(code));

async function measureAll(names: string[]): Promise<Report> {
  const startedAt = new Date();
  const ticks = readTicks();
  const ground = await prepareGround();
  process.once("SIGINT", () => {
    stopChildren()
      .then(() => ground.close())
      .finally(() => process.exit(130));
  });
  const machine = describeMachine(ground.postgresVersion);
  printMachine(machine, options.quick);
  const results: Result[] = [];
  try {
    for (const name of names) results.push(await measureOne(name, ground));
  } finally {
    await stopChildren(); // of a benchmark that failed half-way
    await ground.close();
  }
  return {
    startedAt: startedAt.toISOString(),
    quick: options.quick,
    seconds: (Date.now() - startedAt.getTime()) / 1_000,
    machine,
    processors: between(ticks, readTicks()),
    results,
  };
}

async function measureOne(name: string, ground: Bench["ground"]): Promise<Result> {
  const beginAt = performance.now();
  const ticks = readTicks();
  const tell = (text: string): void => {
    const seconds = ((performance.now() - beginAt) / 1_000).toFixed(1).padStart(5);
    process.stderr.write(`${seconds} s  ${name}: ${text}\n`);
  };
  const ended = (rows: Row[], grid: Grid | null, failed: string | null): Result => ({
    name,
    seconds: (performance.now() - beginAt) / 1_000,
    processors: between(ticks, readTicks()),
    rows,
    grid,
    failed,
  });
  try {
    const measured = (await BENCHMARKS[name]?.({ ground, quick: options.quick, tell })) ?? [];
    return "grid" in measured ? ended(measured.rows, measured.grid, null) : ended(measured, null, null);
  } catch (thrown) {
    const failed = thrown instanceof Error ? thrown.message : String(thrown);
    tell(`FAILED: ${thrown instanceof Error ? thrown.stack : failed}`);
    return ended([], null, failed);
  }
}
