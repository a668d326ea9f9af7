/**
 * A copy of the embedded database while it runs and is written to, by PostgreSQL's own protocol for that: it is told that a copy begins,
 * its files are copied as they are, and it says what the copy needs to become whole. PostgreSQL mends it at its first start there.
 */
import * as fs from "node:fs/promises";
import { basename, join } from "node:path";
import pg from "pg";
import type { EmbeddedPostgres } from "./embedded-postgres.ts";

export interface Backup {
  bytes: number;
}

/** What belongs to the server that runs, or is made anew at a start; of the folders only what is in them. */
const LEFT_OUT = /^(?:postmaster\.(?:pid|opts)|pgsql_tmp.*)$/;
const EMPTIED = new Set([
  ...["pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"],
]);
const WAL_FILE = /^(?:[0-9A-F]{24}|[0-9A-F]{8}\.history)$/;

/** Makes `<folder>/postgres/data`, so that the folder can be a THREADBOX_HOME. It must not be there yet, or be empty. */
export async function backUp({ connection }: Pick<EmbeddedPostgres, "connection">, folder: string): Promise<Backup> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<{ data: string }>("select current_setting('data_directory') as data");
    const from = rows[0]?.data ?? "";
    const to = join(folder, "postgres", "data");
    await fs.mkdir(join(folder, "postgres"), { recursive: true, mode: 0o700 });
    await sameOwner(from, join(folder, "postgres"));
    // Keeps the log from the copy's beginning to its end, which a busy server would otherwise write over meanwhile.
    await client.query("select pg_create_physical_replication_slot('threadbox_backup', true, true)");
    await client.query("select pg_backup_start('threadbox', true)");
    let bytes = await copyFolder(from, to, "");
    const { rows: ended } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    await fs.writeFile(join(to, "backup_label"), ended[0]?.labelfile ?? "", { mode: 0o600 });
    await sameOwner(from, join(to, "backup_label"));
    for (const name of await fs.readdir(join(from, "pg_wal")))
      if (WAL_FILE.test(name)) bytes += await copyFile(join(from, "pg_wal", name), join(to, "pg_wal", name));
    return { bytes };
  } finally {
    // The slot ends with its connection.
    await client.end();
  }
}

async function copyFolder(from: string, to: string, inside: string): Promise<number> {
  await fs.mkdir(to, { mode: 0o700 });
  await sameOwner(from, to);
  let bytes = 0;
  for (const entry of await fs.readdir(from, { withFileTypes: true })) {
    if (LEFT_OUT.test(entry.name) || (EMPTIED.has(inside) && !entry.isDirectory())) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory() && inside === "pg_replslot") continue;
    if (entry.isDirectory()) bytes += await copyFolder(source, target, inside || entry.name);
    else if (entry.isFile()) bytes += await copyFile(source, target);
  }
  return bytes;
}

/** Tables and log files come and go while it runs; the log of what happened has what a copy of them would miss. */
async function copyFile(from: string, to: string): Promise<number> {
  try {
    await fs.copyFile(from, to);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT" && basename(from) !== "pg_control")
      return 0;
    throw error;
  }
  await sameOwner(from, to);
  const file = await fs.open(to, "r");
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Of root's bot PostgreSQL runs as another user, who has to own the copy, too. */
async function sameOwner(from: string, to: string): Promise<void> {
  const of = await fs.stat(from).catch(() => null);
  if (of && process.getuid?.() === 0) await fs.chown(to, of.uid, of.gid);
}
