import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { testStore } from "../database.ts";

test("a transaction that a bot was held still in is ended, and with it the lock that keeps others from a session", async () => {
  const { db, close } = await testStore();
  // From the session: poolers such as PgBouncer refuse connections that ask for it at their start.
  const { rows } = await sql<{ name: string; setting: string; unit: string; source: string }>`
    select name, setting, unit, source from pg_settings where name = 'idle_in_transaction_session_timeout'`.execute(db);
  await close();
  assert.deepEqual(rows, [
    { name: "idle_in_transaction_session_timeout", setting: "10000", unit: "ms", source: "session" },
  ]);
});
