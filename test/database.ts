/**
 * A database of its own for every test, in one real Postgres that all test files share: the embedded one, started by whoever
 * comes first and adopted by the others. `npm test` stops it at the end (`test/setup.ts`), and makes the tables only once:
 * every database of its tests is a copy of that one. In a file that is run by itself they are empty, and the tests make them.
 */
import { randomBytes } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { CorrelationKey, Session } from "../src/core/types.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/store/embedded-postgres.ts";
import { migrate } from "../src/store/migrate.ts";
import { createStore, type Store } from "../src/store/store.ts";
import { quiet } from "./quiet.ts";

const HOME = join(tmpdir(), `threadbox-test-${userInfo().uid}`);

/** Inherited by the processes of the test files: the database that theirs are copies of. */
const VARIABLE = "THREADBOX_TEST_TEMPLATE";

/**
 * What tests store need not survive a power cut, nor last until it has to be tidied up: with these on, a database takes twice as
 * long to make and to drop. Processes that are killed lose nothing by it.
 */
const OFF = ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"];

let running: Promise<EmbeddedPostgres> | null = null;

export function testPostgres(): Promise<EmbeddedPostgres> {
  running ??= startPostgres();
  return running;
}

async function startPostgres(): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ home: HOME, log: quiet });
  // Kept in its folder: who adopts one finds it so.
  if (!postgres.adopted) {
    const settings = OFF.map((name) => `alter system set ${name} = off`);
    await admin(postgres.connection, ...settings, "select pg_reload_conf()");
  }
  return postgres;
}

/** Until it is removed, `testDatabase` gives copies of it, in this process and in those that it starts. */
export async function makeTemplate(): Promise<void> {
  const { connection } = await testDatabase();
  const { db, close } = openDatabase(connection, 1, quiet);
  await migrate(db);
  await close();
  // Not loaded by the files that want no jobs.
  const { startJobs } = await import("../src/engine/jobs.ts");
  await (await startJobs({ connection, log: quiet })).stop();
  process.env[VARIABLE] = connection.database;
}

export async function removeTemplate(): Promise<void> {
  const template = process.env[VARIABLE];
  delete process.env[VARIABLE];
  if (template) await admin((await testPostgres()).connection, drop(template));
}

export interface TestDatabase {
  connection: EmbeddedPostgres["connection"];
  drop(): Promise<void>;
}

/** As a bot finds it that has run before, or empty. */
export async function testDatabase(): Promise<TestDatabase> {
  const { connection } = await testPostgres();
  const database = `t_${randomBytes(6).toString("hex")}`;
  const template = process.env[VARIABLE] ?? "template1";
  await admin(connection, `create database ${database} template ${template} strategy file_copy`);
  return { connection: { ...connection, database }, drop: () => admin(connection, drop(database)) };
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

const drop = (database: string): string => `drop database if exists ${database} with (force)`;

async function admin(connection: EmbeddedPostgres["connection"], ...statements: string[]): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
