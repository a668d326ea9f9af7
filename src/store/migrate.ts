/** Runs the numbered SQL files once each, in order, one bot at a time; refuses a database that a newer bot has written. */
import { readdir, readFile } from "node:fs/promises";
import { sql } from "kysely";
import { ThreadboxError } from "../errors.ts";
import type { Database } from "./database.ts";

const FOLDER = new URL("./migrations/", import.meta.url);
/** Any number that nobody else locks: "threadbox" on a phone's keys, cut to an int4. */
const LOCK = 847_323_268;

export async function migrate(db: Database): Promise<void> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".sql")).sort();
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(tx);
    await sql`create table if not exists migrations (name text primary key, at timestamptz not null default now())`.execute(
      tx,
    );
    const { rows } = await sql<{ name: string }>`select name from migrations`.execute(tx);
    const done = new Set(rows.map((row) => row.name));
    refuseNewer(done, files);
    for (const name of files.filter((file) => !done.has(file))) {
      await sql.raw(await readFile(new URL(name, FOLDER), "utf8")).execute(tx);
      await sql`insert into migrations (name) values (${name})`.execute(tx);
    }
  });
}

function refuseNewer(done: Set<string>, files: string[]): void {
  const unknown = [...done].filter((name) => !files.includes(name)).sort();
  if (unknown.length === 0) return;
  throw new ThreadboxError("database.newer", `The database was written by a newer Threadbox (${unknown.join(", ")}).`);
}
