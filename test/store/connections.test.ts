import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Database } from "../../src/store/database.ts";
import { testStore } from "../database.ts";

const backendOf = async (db: Database): Promise<number> =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid ?? 0;
const isThere = async (db: Database, pid: number): Promise<boolean> =>
  (await sql`select 1 from pg_stat_activity where pid = ${pid}`.execute(db)).rows.length > 0;

test("a connection that breaks in the middle of a transaction fails that transaction, and not the bot", async () => {
  const { db, close } = await testStore();
  const broken = db.transaction().execute(async (tx) => {
    const pid = await backendOf(tx);
    await sql`select pg_terminate_backend(${pid})`.execute(db);
    while (await isThere(db, pid)) await new Promise((resolve) => setImmediate(resolve));
    await backendOf(tx);
  });
  await assert.rejects(broken);
  assert.ok((await backendOf(db)) > 0);
  await close();
});
