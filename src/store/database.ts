/** One pool to one Postgres, the same for the embedded one and for DATABASE_URL. */
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import type { Log } from "../log.ts";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;
export type Tx = Transaction<Tables>;
/** What `pg` connects with: a URL, or a unix socket's folder with user and database. */
export type Connection = { connectionString: string } | { host: string; port: number; user: string; database: string };

// int8 as number: our counters stay far below 2^53, and text would compare wrongly ("10" < "9").
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A bot that is held still in the middle of a transaction loses it: its lock on a session would keep everybody else from that session. */
const HELD_STILL_MS = 10_000;

export function openDatabase(connection: Connection, max: number, log: Log): { db: Database; close(): Promise<void> } {
  const pool = new pg.Pool({
    ...{ ...connection, max, application_name: "threadbox" },
    // Asked for once it is open: PgBouncer refuses a connection that brings this along.
    onConnect: (client) => client.query(`set idle_in_transaction_session_timeout = ${HELD_STILL_MS}`),
  });
  // Without listeners a server that goes away ends the process: of the pool for idle clients, of each client for those in use.
  pool.on("error", (error) => log.warn({ error: error.message }, "database.connection-lost"));
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { db, close: () => db.destroy() };
}

/** One at a time, over all bots, until the transaction ends. What is asked after it sees what the one before has written. */
export async function alone(tx: Tx, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}
