/** Where the room goes: the database and its largest tables, the bot's folder, and what is left on its disk. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { sql } from "kysely";
import type { Database } from "../store/database.ts";
import { postgresFolder } from "../store/postgres-place.ts";
import { type Finding, ok, warn } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";
import { size } from "./sandbox-words.ts";

const execute = promisify(execFile);

/** A clone and what its tests build fit in; with less the next turn may fail in the middle of a write. */
const LITTLE_BYTES = 2e9;
const LITTLE_SHARE = 0.1;
/** A folder with a hundred clones has millions of files. */
const MEASURE_WITHIN_MS = 20_000;
const TABLES_SHOWN = 3;

const REMEDY =
  "docs/operating.md says what takes room: shorten `retention.days` in threadbox.yml, destroy sandboxes and snapshots that nobody needs, or give it a larger disk.";

/** Of a database that is open. */
export async function databaseSize(db: Database): Promise<Finding> {
  const { rows } = await sql<{ name: string; bytes: number; whole: number }>`
    select c.relname as name, pg_total_relation_size(c.oid) as bytes, pg_database_size(current_database()) as whole
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname in ('public', 'pgboss')
    order by 2 desc limit ${TABLES_SHOWN}`.execute(db);
  const tables = rows.map(({ name, bytes }) => `${name} ${size(bytes)}`);
  return ok("database size", `${size(rows[0]?.whole ?? 0)}; most of it ${tables.join(", ")}`);
}

export async function checkDisk({ config }: Checked): Promise<Finding[]> {
  const home = existing(config.home);
  const parts: [string, string][] = [
    ["sandboxes", join(config.home, "sandboxes")],
    ["snapshots", join(config.home, "snapshots")],
    ["postgres", postgresFolder(config.home)],
  ];
  const measured = await Promise.all(parts.map(async ([name, folder]) => `${name} ${await sizeOf(folder)}`));
  const { bavail, blocks, bsize } = await statfs(home);
  return [ok("disk use", `${config.home}: ${measured.join(", ")}`), leftOn(home, bavail * bsize, blocks * bsize)];
}

/** `free` is what is left for whoever is not root. */
export function leftOn(folder: string, free: number, whole: number): Finding {
  const share = whole > 0 ? free / whole : 1;
  const detail = `${size(free)} of ${size(whole)} (${Math.floor(share * 100)} %) at ${folder}`;
  return free < LITTLE_BYTES || share < LITTLE_SHARE
    ? warn("disk free", `Little is left: ${detail}.`, REMEDY)
    : ok("disk free", detail);
}

/** The nearest folder above that is there: a bot that never ran has none of its own. */
const existing = (folder: string): string =>
  existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));

async function sizeOf(folder: string): Promise<string> {
  if (!existsSync(folder)) return "none";
  const options = { timeout: MEASURE_WITHIN_MS, env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } };
  // What vanishes while it is looked at (a sandbox at work) makes it fail, with a sum all the same.
  const said = await execute("du", ["-sk", "--", folder], options).then(
    ({ stdout }) => stdout,
    (failed: { stdout?: string }) => failed.stdout ?? "",
  );
  const kib = Number.parseInt(said, 10);
  return Number.isNaN(kib) ? "not measured in time" : size(kib * 1024);
}
