/** Starts the bot of a benchmark beside it, on a database and in a folder of its own. */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { BotTasks, BotWish } from "./bot-process.ts";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase, Ground } from "./ground.ts";

export interface BotProcess {
  url: string;
  ask: Child<BotTasks>["ask"];
  stop(): Promise<void>;
}

export async function startBotProcess(
  ground: Ground,
  database: BenchDatabase,
  { variables = {}, repositories = [], idleAfterMs = 3_600_000 }: Partial<BotWish>,
): Promise<BotProcess> {
  const child = startChild<BotTasks>("./bot-process.ts");
  const THREADBOX_HOME = await mkdtemp(join(ground.folder, "bot-"));
  const wish = { variables: { THREADBOX_HOME, DATABASE_URL: database.url, ...variables }, repositories, idleAfterMs };
  const url = await child.ask("start", wish);
  return { url, ask: child.ask, stop: child.stop };
}
