/** One pool to one Postgres, the same for the embedded one and for DATABASE_URL. */
import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import type { Log } from "../log.ts";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;
export type Tx = Transaction<Tables>;
/** What `pg` connects with: a URL, or a unix socket's folder with user and database. */
export type Connection = { connectionString: string } | { host: string; port: number; user: string; database: string };

// int8 as number: our counters stay far below 2^53, and text would compare wrongly ("10" < "9").
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export function openDatabase(connection: Connection, max: number, log: Log): { db: Database; close(): Promise<void> } {
  const pool = new pg.Pool({ ...connection, max, application_name: "threadbox" });
  // Without a listener an idle client that loses its server ends the process.
  pool.on("error", (error) => log.warn({ error: error.message }, "database.connection-lost"));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { db, close: () => db.destroy() };
}
