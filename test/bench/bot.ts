/** Starts the bot of a benchmark beside it, on a database and in a folder of its own. */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { defaultSandboxes } from "../../src/team-sandboxes.ts";
import type { BotTasks, BotWish } from "./bot-process.ts";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase, Ground } from "./ground.ts";

export interface BotProcess {
  url: string;
  ask: Child<BotTasks>["ask"];
  stop(): Promise<void>;
  processId: number;
}

const USUAL = { repositories: [], idleAfterMs: 3_600_000, sandboxes: defaultSandboxes, caFile: null };

export async function startBotProcess(
  ground: Ground,
  database: BenchDatabase,
  { variables, ...wish }: Partial<BotWish>,
): Promise<BotProcess> {
  const child = startChild<BotTasks>("./bot-process.ts");
  const THREADBOX_HOME = await mkdtemp(join(ground.folder, "bot-"));
  const given = { THREADBOX_HOME, DATABASE_URL: database.url, ...variables };
  const url = await child.ask("start", { ...USUAL, ...wish, variables: given });
  return { url, ask: child.ask, stop: child.stop, processId: child.processId };
}
