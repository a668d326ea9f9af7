/** Opens the one database, embedded or given, brought up to date; and closes it again. */
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Connection, type Database, openDatabase } from "./database.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { type Listener, listen } from "./listen.ts";
import { migrate } from "./migrate.ts";

export interface OpenStore {
  db: Database;
  /** Connections of its own for what comes in: behind the work of a thousand sessions nobody is acknowledged in time. */
  inbox: Database;
  connection: Connection;
  listener: Listener;
  /** One line for people: which database, where. */
  where: string;
  /** True when it answers a question now; rejects when it does not. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

/** How often we look whether our own Postgres still runs; a given one is somebody else's to watch. */
const WATCH_EVERY_MS = 1_000;
/** Of the 200 connections that the embedded server allows, so that several bots fit. */
const POOL_SIZE = 12;
/** A transaction of the inbox takes a few milliseconds; more would only make them wait for each other's locks. */
const INBOX_POOL_SIZE = 4;

/** Throws `database.unavailable` or `database.newer`; nothing is left running then. */
export async function openStore(options: { home: string; databaseUrl: string | null; log: Log }): Promise<OpenStore> {
  const { log } = options;
  const embedded = options.databaseUrl ? null : await startEmbeddedPostgres({ home: options.home, log });
  const connection: Connection = embedded ? embedded.connection : { connectionString: options.databaseUrl ?? "" };
  const { db, close } = openDatabase(connection, POOL_SIZE, log);
  const inbox = openDatabase(connection, INBOX_POOL_SIZE, log);
  const listener = await begin(db, connection, log).catch(async (thrown: unknown) => {
    await inbox.close();
    await close();
    await embedded?.stop();
    throw unusable(thrown);
  });
  const watch =
    embedded &&
    setInterval(
      () => void embedded.ensureRunning().catch((error: unknown) => log.error({ err: error }, "postgres.down")),
      WATCH_EVERY_MS,
    );
  watch?.unref();
  return {
    db,
    inbox: inbox.db,
    connection,
    listener,
    where: embedded ? `embedded ${embedded.where}` : `Postgres at ${placeOf(options.databaseUrl ?? "")}`,
    async answers() {
      // Asked where mentions are stored: behind the work of a busy bot it would seem to be away.
      await inbox.db.selectFrom("settings").select("name").limit(1).execute();
      return true;
    },
    async close() {
      if (watch) clearInterval(watch);
      await listener.close();
      await inbox.close();
      await close();
      await embedded?.stop();
    },
  };
}

async function begin(db: Database, connection: Connection, log: Log): Promise<Listener> {
  await migrate(db);
  return listen(connection, log);
}

/** Host and database without the password; a socket's folder stands in the query. */
function placeOf(databaseUrl: string): string {
  const { host, pathname, searchParams } = new URL(databaseUrl);
  return `${host || (searchParams.get("host") ?? "localhost")}${pathname}`;
}

/** The first questions to the database: what fails here is its address, its password or the server. */
function unusable(thrown: unknown): ThreadboxError {
  if (thrown instanceof ThreadboxError) return thrown;
  // A host name with several addresses fails with all of them, and has no words of its own.
  const { detail } = toThreadboxError(thrown instanceof AggregateError ? thrown.errors[0] : thrown);
  return new ThreadboxError("database.unavailable", `The database cannot be used: ${detail}.`, { cause: thrown });
}
