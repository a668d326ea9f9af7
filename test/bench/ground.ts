/**
 * What every benchmark stands on: a Postgres of this run alone (the embedded one, with the settings that the bot gives it, fsync
 * on; for those that compare, Debian's beside it), a database of its own for each, and a folder that is gone afterwards.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { quiet } from "../quiet.ts";
import { debianPrograms, startDebianPostgres } from "./debian-postgres.ts";
import { check } from "./measure.ts";

export interface Ground {
  folder: string;
  /** The embedded one. */
  postgresVersion: string;
  /** On the embedded Postgres, unless another server is named. */
  database(server?: Server): Promise<BenchDatabase>;
  /** The embedded one, and Debian's where it is installed: started by the first who asks. */
  servers(): Promise<Server[]>;
  /** Why there is no Postgres of Debian's; null when there is one. */
  noDebian: string | null;
  close(): Promise<void>;
}

export interface Server {
  /** As a row of the table names it. */
  name: string;
  connection: EmbeddedPostgres["connection"];
  admin: pg.Client;
}

export interface BenchDatabase {
  /** For DATABASE_URL. */
  url: string;
  connection: EmbeddedPostgres["connection"];
  query<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
  /** The single number that a query gives. */
  count(text: string, values?: unknown[]): Promise<number>;
  /** Resolves when no effect, turn or mention is open any more, and nobody holds a session. */
  settled(): Promise<void>;
  drop(): Promise<void>;
}

/** What a benchmark is given. */
export interface Bench {
  ground: Ground;
  /** Fewer and shorter, to see that everything works. */
  quick: boolean;
  /** Progress, on stderr. */
  tell(text: string): void;
}

export async function prepareGround(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), "threadbox-bench-"));
  // Started by root, Postgres runs as another user and has to get through.
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ home: folder, log: quiet });
  const open = new Set<pg.Client>();
  const embedded = await serverAt("embedded Postgres", postgres.connection, open);
  const programs = debianPrograms();
  const startDebian = async () => {
    const started = programs === null ? null : await startDebianPostgres(programs, folder);
    return started && { ...started, server: await serverAt("Debian's Postgres", started.connection, open) };
  };
  let debian: ReturnType<typeof startDebian> | null = null;
  return {
    folder,
    postgresVersion: await versionOf(embedded),
    noDebian: programs === null ? "there is no /usr/lib/postgresql/*/bin (apt-get install postgresql)" : null,
    database: (server = embedded) => makeDatabase(server, open),
    async servers() {
      debian ??= startDebian();
      const { server } = (await debian) ?? {};
      return server ? [embedded, server] : [embedded];
    },
    async close() {
      // Postgres is left running for as long as anybody is connected.
      for (const client of open) await client.end();
      await (await debian)?.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function serverAt(what: string, connection: Server["connection"], open: Set<pg.Client>): Promise<Server> {
  const admin = new pg.Client(connection);
  await admin.connect();
  open.add(admin);
  const server = { name: what, connection, admin };
  return { ...server, name: `${what} ${(await versionOf(server)).split(" ")[0]}` };
}

async function versionOf({ admin }: Server): Promise<string> {
  const { rows } = await admin.query<{ server_version: string }>("show server_version");
  return rows[0]?.server_version ?? "";
}

async function makeDatabase({ admin, ...server }: Server, open: Set<pg.Client>): Promise<BenchDatabase> {
  const name = `b_${randomBytes(6).toString("hex")}`;
  await admin.query(`create database ${name}`);
  const connection = { ...server.connection, database: name };
  const client = new pg.Client(connection);
  await client.connect();
  open.add(client);
  const query = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
    (await client.query<T>(text, values)).rows;
  const count = async (text: string, values: unknown[] = []): Promise<number> => {
    const [row] = await query<Record<string, unknown>>(text, values);
    return Number(Object.values(row ?? {})[0]);
  };
  return {
    url: `postgres:///${name}?user=${connection.user}&host=${encodeURIComponent(connection.host)}`,
    connection,
    query,
    count,
    settled: () => settled(query),
    async drop() {
      open.delete(client);
      await client.end();
      await admin.query(`drop database if exists ${name} with (force)`);
    },
  };
}

interface Open {
  effects: number;
  unassigned: number;
  held: number;
  turns: number;
  unchecked: number;
}

const OPEN = `select
  (select count(*)::int from effects where done_at is null) effects,
  (select count(*)::int from inbox where session_id is null) unassigned,
  (select count(*)::int from sessions where owner is not null) held,
  (select count(*)::int from sessions where state->>'turn' is not null) turns,
  (select count(*)::int from sessions where state->'checking' <> '[]') unchecked`;

const LOOK_EVERY_MS = 50;
/** Without any progress. The slowest single step is a sandbox that boots on a busy machine. */
const STUCK_AFTER_MS = 30_000;

async function settled(query: BenchDatabase["query"]): Promise<void> {
  let before = "";
  let progressAt = performance.now();
  for (;;) {
    const [open] = await query<Open>(OPEN);
    if (open && Object.values(open).every((count) => count === 0)) return;
    const now = JSON.stringify(open);
    if (now !== before) progressAt = performance.now();
    before = now;
    check(performance.now() - progressAt < STUCK_AFTER_MS, `this stays open, and nobody works on it: ${now}`);
    await pause(LOOK_EVERY_MS);
  }
}

export interface Sink {
  url: string;
  close(): Promise<void>;
}

/** Takes everything and says yes: lets an emulator make the deliveries that are sent to the bot later, at a rate of our own. */
export async function openSink(): Promise<Sink> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
