/**
 * A database of its own for every test, in one real Postgres that all test files share: the embedded one, started by whoever
 * comes first and adopted by the others. `npm test` stops it at the end (`test/setup.ts`).
 */
import { randomBytes } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { CorrelationKey, Session } from "../src/core/types.ts";
import { type Connection, type Database, openDatabase } from "../src/store/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/store/embedded-postgres.ts";
import { migrate } from "../src/store/migrate.ts";
import { createStore, type Store } from "../src/store/store.ts";
import { quiet } from "./quiet.ts";

const HOME = join(tmpdir(), `threadbox-test-${userInfo().uid}`);

let running: Promise<EmbeddedPostgres> | null = null;

export function testPostgres(): Promise<EmbeddedPostgres> {
  running ??= startEmbeddedPostgres({ home: HOME, log: quiet });
  return running;
}

export interface TestDatabase {
  connection: Connection & { host: string };
  drop(): Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const { connection } = await testPostgres();
  const database = `t_${randomBytes(6).toString("hex")}`;
  await admin(connection, `create database ${database}`);
  return {
    connection: { ...connection, database },
    drop: () => admin(connection, `drop database if exists ${database} with (force)`),
  };
}

export interface TestStore {
  db: Database;
  store: Store;
  connection: TestDatabase["connection"];
  /** As if no session and no sandbox had ever been. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** The bot's own tables in a database of their own. */
export async function testStore(): Promise<TestStore> {
  const { connection, drop } = await testDatabase();
  const { db, close } = openDatabase(connection, 8, quiet);
  await migrate(db);
  return {
    ...{ db, connection },
    store: createStore(db),
    async empty() {
      for (const table of ["sandboxes", "snapshots", "sessions"] as const) await db.deleteFrom(table).execute();
    },
    async close() {
      await close();
      await drop();
    },
  };
}

/** A session as it is, whatever would have brought it there. */
export async function storeSession(store: Store, session: Session, keys: CorrelationKey[] = []): Promise<void> {
  const held = keys.map((key) => ({ key, session: session.id }));
  const entry = { receipts: [], minted: [session], keys: held, inbox: [], told: [] };
  await store.transaction((tx) => store.enter(tx, entry, null));
}

async function admin(connection: EmbeddedPostgres["connection"], statement: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(statement);
  await client.end();
}
