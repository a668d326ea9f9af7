/** `npm run chaos`: kills a bot at every step of its way again and again, and says what that looked like from outside. */
import { Command, InvalidArgumentError } from "commander";
import type { Step } from "../../src/engine/steps.ts";
import { testPostgres } from "../database.ts";
import { chaosGround, type Ground } from "./ground.ts";
import { type Findings, STORIES, type Story, scripts } from "./stories.ts";

interface Options {
  kills: number;
  json?: boolean;
}

type Row = { kills: number } & Record<keyof Findings, number>;

const program = new Command("chaos")
  .description(
    "Kills a bot (SIGKILL) at every step of a mention's way, and looks from outside what was lost or doubled.",
  )
  .option("--kills <number>", "go on until that many", wholeNumber, 200)
  .option("--json", "one JSON document on stdout")
  .addHelpText(
    "after",
    "\nExamples:\n  npm run chaos                  at least 200 kills, about five minutes\n  npm run chaos -- --kills 90    every step once",
  );

program.parse();
const { kills, json = false } = program.opts<Options>();
const rows = new Map<Step, Row>();
const wrong: string[] = [];
const ground = await chaosGround(scripts);
try {
  for (let round = 1; sum() < kills; round++)
    for (const story of STORIES) {
      await lived(story, ground);
      process.stderr.write(`round ${round}: ${sum()} kills\n`);
    }
} finally {
  await ground.close();
  await (await testPostgres()).stop();
}
if (json) console.log(JSON.stringify({ kills: sum(), steps: Object.fromEntries(rows), wrong }, null, 2));
else console.log(tableOf());
process.exitCode = wrong.length > 0 ? 1 : 0;

/** One telling; what is wrong after it counts for every step that the bot died at. */
async function lived({ steps, tell }: Story, on: Ground): Promise<void> {
  const bot = await on.bot(steps);
  const found = await tell(on);
  await bot.stop();
  wrong.push(...Object.values(found).flat());
  for (const step of bot.deaths()) {
    const row = rows.get(step) ?? { kills: 0, lost: 0, doubled: 0, outOfOrder: 0 };
    row.kills += 1;
    for (const kind of ["lost", "doubled", "outOfOrder"] as const) row[kind] += found[kind].length;
    rows.set(step, row);
  }
}

function sum(): number {
  return [...rows.values()].reduce((all, row) => all + row.kills, 0);
}

function tableOf(): string {
  const line = (cells: (string | number)[]): string => `| ${cells.join(" | ")} |`;
  const body = [...rows].map(([step, row]) => line([step, row.kills, row.lost, row.doubled, row.outOfOrder]));
  const all = line(["all", sum(), ...(["lost", "doubled", "outOfOrder"] as const).map(total)]);
  return [
    line(["step", "kills", "lost", "doubled", "out of order"]),
    line(["---", "---:", "---:", "---:", "---:"]),
    ...body,
    all,
    ...wrong,
  ].join("\n");
}

function total(kind: keyof Findings): number {
  return [...rows.values()].reduce((all, row) => all + row[kind], 0);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("A whole number, please.");
  return Number(text);
}
