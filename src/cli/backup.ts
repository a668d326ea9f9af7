/** `threadbox backup`: a copy of the embedded database, while the bot goes on. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { environment, readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { backUp } from "../store/backup.ts";
import { startEmbeddedPostgres } from "../store/embedded-postgres.ts";
import { command, run } from "./command.ts";
import { Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import { size } from "./sandbox-words.ts";

export function backupCommand(): Command {
  return command({
    name: "backup",
    summary: "Copy the embedded database into a new folder, while the bot goes on.",
    examples: [
      ["backup /backups/monday", "sessions, keys and transcripts; not the files of sandboxes"],
      ["backup /backups/monday --json", "the same; says where and how much"],
    ],
  })
    .argument("<folder>", "is made; a bot starts from it with THREADBOX_HOME=<folder>")
    .action((folder: string, options: { json?: boolean }) => run(options, (output) => backup(resolve(folder), output)));
}

async function backup(folder: string, output: Output): Promise<number> {
  const { databaseUrl, home } = readConfig(environment());
  if (databaseUrl) throw new Refused("DATABASE_URL is a server of yours.", "Use what it has for this: pg_dump, say.");
  if (!existsSync(join(home, "postgres")))
    throw new Refused(`There is no database in ${home}.`, "Start the bot first, or set THREADBOX_HOME.");
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new Refused(`${folder} is a file.`, "Name a folder that is not there yet.");
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Refused(`${folder} is not empty.`, "Name a folder that is not there yet.");
  if (!isOurs(folder))
    throw new Refused(
      `Others own ${folder}, or may write in it.`,
      "They could read the copy, or have it written elsewhere. Name another folder.",
    );
  makeFolder(folder);
  const postgres = await startEmbeddedPostgres({ home, log: createLog("silent") });
  try {
    const { bytes } = await backUp(postgres, folder);
    output.say(`${size(bytes)} in ${folder}. Start from it: THREADBOX_HOME=${folder} npm start`);
    output.result({ ok: true, folder, bytes });
    return 0;
  } catch (thrown) {
    // Half a copy must not be taken for one.
    rmSync(join(folder, "postgres"), { recursive: true, force: true });
    throw refusalOf(thrown, folder) ?? thrown;
  } finally {
    await postgres.stop();
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 }); // PostgreSQL's user passes through; what is below is closed
  } catch (thrown) {
    throw refusalOf(thrown, folder) ?? thrown;
  }
}

/** A disk that is full or closed to us is no defect. Null for what has nothing to do with files. */
function refusalOf(thrown: unknown, folder: string): Refused | null {
  if (!(thrown instanceof Error && "code" in thrown && "syscall" in thrown && "path" in thrown)) return null;
  return new Refused(
    `It cannot be written to ${folder} (${thrown.code}).`,
    "Name a place with room, where you may write.",
  );
}

/** A folder that is made is. One that was there already, in /tmp say, can be somebody's who waits for a copy by root. */
function isOurs(folder: string): boolean {
  if (!existsSync(folder)) return true;
  const { uid, mode } = statSync(folder);
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}
