/** What this machine has: Node, git, walls for sandboxes, a database, a free port. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import about from "../../package.json" with { type: "json" };
import type { Config } from "../config.ts";
import { localProvider } from "../sandboxes/local.ts";
import { openStore } from "../store/open.ts";
import { databaseSize } from "./doctor-disk.ts";
import { type Finding, fail, ok, tried, warn } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";
import { runningBot } from "./running-bot.ts";

const execute = promisify(execFile);

export async function checkNode(): Promise<Finding[]> {
  const needed = about.engines.node.replace(/[^\d.]/g, "");
  const have = process.versions.node;
  const remedy = `Install Node ${needed} or newer: https://nodejs.org`;
  return [isAtLeast(have, needed) ? ok("Node", have) : fail("Node", `${have} is too old.`, remedy)];
}

function isAtLeast(have: string, needed: string): boolean {
  return have.localeCompare(needed, "en", { numeric: true }) >= 0;
}

export async function checkGit(): Promise<Finding[]> {
  const version = await execute("git", ["--version"]).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
  return [version ? ok("git", version) : fail("git", "There is none on the PATH.", "Install git.")];
}

export async function checkWalls({ config, log }: Checked): Promise<Finding[]> {
  if (config.provider !== "local") return [];
  return tried("sandboxes", "Try again.", async () => {
    const warning = await localProvider({ home: config.home, log }).warning();
    return [
      warning
        ? warn("sandboxes", warning, "docs/local.md says what they keep apart, and what forbids them.")
        : ok("sandboxes", "on this machine, behind bubblewrap's walls"),
    ];
  });
}

export async function checkDatabase({ config, log }: Checked): Promise<Finding[]> {
  return tried("database", "Try again.", async () => {
    const store = await openStore({ ...config, log });
    try {
      return [ok("database", store.where), await databaseSize(store.db)];
    } finally {
      await store.close();
    }
  });
}

export async function checkPort({ config }: Checked): Promise<Finding[]> {
  const what = `port ${config.port}`;
  const code = await triedToListen(config);
  if (code === null) return [ok(what, `free on ${config.host}`)];
  const url = await runningBot(config);
  if (url) return [ok(what, `a bot answers at ${url}`)];
  if (code === "EADDRINUSE") return [fail(what, "Another program has it.", "Set PORT to another one.")];
  return [fail(what, `Nobody can listen on ${config.host} there (${code}).`, "Set HOST and PORT to what is allowed.")];
}

function triedToListen({ host, port }: Config): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
