/** The true programs of the agents that the product's own lockfile leaves out. `npm run test:agents` installs them. */
import { existsSync } from "node:fs";
import { join } from "node:path";

const INSTALLED = join(import.meta.dirname, "node_modules");

const FILES = {
  claude: "@anthropic-ai/claude-code-linux-x64/claude",
  codex: ".bin/codex",
  opencode: "opencode-linux-x64/bin/opencode",
} as const;
export type HeavyAgent = keyof typeof FILES;
export const HEAVY_AGENTS = Object.keys(FILES) as HeavyAgent[];

/** The program itself, under the very name that an agent's PATH is searched for: its folder (`dirname`) is what to put there. */
export function binary(agent: HeavyAgent): string {
  const file = join(INSTALLED, FILES[agent]);
  if (!existsSync(file)) throw new Error(`${agent} is not installed for tests: npm run test:agents`);
  return file;
}
