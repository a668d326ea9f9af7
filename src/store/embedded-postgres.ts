/**
 * A real PostgreSQL of our own, so that a checkout runs without any set-up: on a unix socket that only we may enter, no
 * port, fsync on. It outlives the bot on purpose: after a kill -9 the next start finds it running and goes on with it.
 *
 *   programs (postgres-files) + folder (postgres-place) -> initdb once -> adopt the one that runs, else start it
 *
 * Two bots may do this at once. The data folder appears in one step (a rename), and of two postmasters Postgres itself
 * lets only one live, by its postmaster.pid; whoever loses either race goes on with what the winner made.
 */
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { asUser, type PostgresFiles, postgresFiles, SHELTER } from "./postgres-files.ts";
import { type PostgresPlace, postgresPlace } from "./postgres-place.ts";
import { isAlive, type Postmaster, readPostmaster } from "./postgres-postmaster.ts";

export interface EmbeddedPostgres {
  connection: { host: string; port: number; user: string; database: string };
  /** One line for people: which version, where its files are. */
  where: string;
  /** It ran already when we came. */
  adopted: boolean;
  /** Starts it again if it died. Cheap when it runs; calls at the same time share one try. */
  ensureRunning(): Promise<void>;
  /** Shuts it down, unless another bot is connected to it. Close your own connections first. */
  stop(): Promise<void>;
}

/** Crash recovery after a power cut reads the whole log again, so this is generous. */
const READY_WITHIN_MS = 60_000;
/** A shutdown writes everything that is still in memory. */
const STOPPED_WITHIN_MS = 30_000;
/** The processes of a killed postmaster notice within a second or so, and block a new one until then. */
const RETRY_AFTER_CRASH_MS = 15_000;
/** Another bot's postmaster can be so young that its postmaster.pid is still empty; ours then ends at once. */
const RETRY_START_MS = 1_500;

/** `home` is THREADBOX_HOME as an absolute path. Takes about a second on an empty folder, less than a tenth later. */
export async function startEmbeddedPostgres(options: { home: string; log: Log }): Promise<EmbeddedPostgres> {
  fs.mkdirSync(options.home, { recursive: true });
  const home = fs.realpathSync(options.home);
  const place = postgresPlace(home);
  const files = postgresFiles(place.user, place.user ? SHELTER : home);
  initialise(files, place);
  const first = await adoptOrStart(files, place);
  place.socket = first.socket; // where it stays when it has to be started again
  options.log.info({ version: files.version, adopted: first.adopted, data: place.data }, "postgres.running");

  let starting: Promise<unknown> | null = null;
  return {
    connection: connectionTo(first.socket),
    where: `PostgreSQL ${files.version} in ${dirname(place.data)}`,
    adopted: first.adopted,
    async ensureRunning() {
      if (!starting && readPostmaster(place.data)?.is === "running") return;
      starting ??= adoptOrStart(files, place)
        .then((now) => now.adopted || options.log.warn({ data: place.data }, "postgres.restarted"))
        .finally(() => {
          starting = null;
        });
      await starting;
    },
    stop: () => stop(place, options.log),
  };
}

const connectionTo = (socket: string) => ({ host: socket, port: 5432, user: "threadbox", database: "postgres" });

/** Makes the data folder when there is none; refuses one of another major version. */
function initialise(files: PostgresFiles, place: PostgresPlace): void {
  if (!fs.existsSync(place.data)) makeData(files, place);
  const major = Number(fs.readFileSync(join(place.data, "PG_VERSION"), "utf8"));
  if (major === files.major) return;
  const detail = `${place.data} was written by PostgreSQL ${major}, and this is ${files.major}; move it away or dump it with ${major}`;
  throw new ThreadboxError("database.unavailable", detail);
}

/** Built beside its place and moved there in one step: what a crash leaves half done is never taken for a database. */
function makeData(files: PostgresFiles, place: PostgresPlace): void {
  removeDrafts(place.data);
  const draft = `${place.data}.${process.pid}`;
  fs.mkdirSync(draft, { mode: 0o700 });
  if (place.user) fs.chownSync(draft, place.user.uid, place.user.gid);
  // Postgres' own collation sorts the same on every machine, and needs no locale installed. `trust` is safe behind a
  // socket folder that nobody else may enter.
  const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"];
  const command = ["-D", draft, "-U", "threadbox", "-A", "trust", "--no-instructions", ...locale];
  const ran = spawnSync(join(files.bin, "initdb"), command, { ...asUser(place.user), encoding: "utf8" });
  try {
    if (ran.status !== 0) throw new ThreadboxError("database.unavailable", `initdb: ${ran.error ?? ran.stderr.trim()}`);
    fs.renameSync(draft, place.data);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    if (!fs.existsSync(place.data)) throw error; // else another bot was faster
  }
}

function removeDrafts(data: string): void {
  const folder = dirname(data);
  for (const name of fs.readdirSync(folder)) {
    const pid = /^data\.(\d+)$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) fs.rmSync(join(folder, name), { recursive: true, force: true });
  }
}

async function adoptOrStart(files: PostgresFiles, place: PostgresPlace): Promise<{ socket: string; adopted: boolean }> {
  const since = Date.now();
  let child: Child | null = null;
  for (;;) {
    const found = readPostmaster(place.data);
    if (found?.is === "running" && (await answers(found, place))) {
      return { socket: found.socket, adopted: found.pid !== child?.pid };
    }
    if (child?.exited) {
      const patienceMs = child.afterCrash ? RETRY_AFTER_CRASH_MS : RETRY_START_MS;
      if (Date.now() > since + patienceMs) throw notComingUp(place, "it ended at once");
      await pause(250);
    }
    if (!child || child.exited) child = spawnPostmaster(files, place, found);
    await pause(20);
  }
}

interface Child {
  pid: number | undefined;
  exited: boolean;
  afterCrash: boolean;
}

function spawnPostmaster(files: PostgresFiles, place: PostgresPlace, dead: Postmaster | null): Child {
  const log = fs.openSync(place.log, isHuge(place.log) ? "w" : "a", 0o600);
  const settings = ["listen_addresses=", "max_connections=200", "shared_buffers=64MB", "unix_socket_permissions=0700"];
  const command = ["-D", place.data, "-k", place.socket, ...settings.flatMap((setting) => ["-c", setting])];
  const options = asUser(place.user);
  // A postmaster.pid that survived a crash may name a process that is not Postgres: the number was given out again after a
  // reboot, or it is a zombie that nobody has collected. Postgres takes either for a living postmaster, but never its
  // own grandparent; told this way, it still checks by itself that nobody uses the data.
  const env = dead ? { ...options.env, PG_GRANDPARENT_PID: String(dead.pid) } : options.env;
  const stdio: ["ignore", number, number] = ["ignore", log, log];
  const started = spawn(join(files.bin, "postgres"), command, { ...options, env, stdio, detached: true });
  if (place.user) fs.fchownSync(log, place.user.uid, place.user.gid);
  fs.closeSync(log);
  const child: Child = { pid: started.pid, exited: started.pid === undefined, afterCrash: dead !== null };
  for (const event of ["exit", "error"]) {
    started.once(event, () => {
      child.exited = true;
    });
  }
  started.unref();
  return child;
}

/** True once it takes connections; false when it ended meanwhile. */
async function answers(postmaster: Postmaster, place: PostgresPlace): Promise<boolean> {
  for (const giveUpAt = Date.now() + READY_WITHIN_MS; Date.now() < giveUpAt; await pause(20)) {
    const now = readPostmaster(place.data);
    if (now?.is !== "running" || now.pid !== postmaster.pid) return false;
    if ((await countClients(postmaster.socket)) !== null) return true;
  }
  throw notComingUp(place, `it takes no connections after ${READY_WITHIN_MS / 1000} s`);
}

/** How many others are connected; null when it does not let us in (it is still starting, or going down). */
async function countClients(socket: string): Promise<number | null> {
  const client = new pg.Client({ ...connectionTo(socket), connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const others = "backend_type = 'client backend' and pid <> pg_backend_pid()";
    const { rows } = await client.query<{ n: number }>(`select count(*)::int n from pg_stat_activity where ${others}`);
    return rows[0]?.n ?? 0;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => {});
  }
}

async function stop(place: PostgresPlace, log: Log): Promise<void> {
  const postmaster = readPostmaster(place.data);
  if (postmaster?.is !== "running") return;
  const clients = await clientsThatStay(postmaster.socket);
  if (clients > 0) return log.info({ clients, data: place.data }, "postgres.left-running");
  process.kill(postmaster.pid, "SIGINT"); // "fast": ends the connections, writes everything, goes
  for (const giveUpAt = Date.now() + STOPPED_WITHIN_MS; isAlive(postmaster.pid); await pause(20)) {
    if (Date.now() > giveUpAt) throw new ThreadboxError("database.unavailable", "PostgreSQL does not stop");
  }
  log.info({ data: place.data }, "postgres.stopped");
}

/** Connections closed by us just now are still counted for a moment. */
async function clientsThatStay(socket: string): Promise<number> {
  let clients = 0;
  for (const giveUpAt = Date.now() + 1_000; Date.now() < giveUpAt; await pause(50)) {
    clients = (await countClients(socket)) ?? 0;
    if (clients === 0) break;
  }
  return clients;
}

const isHuge = (path: string) => (fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 10_000_000;

function notComingUp(place: PostgresPlace, reason: string): ThreadboxError {
  const tail = fs.existsSync(place.log)
    ? fs.readFileSync(place.log, "utf8").trimEnd().split("\n").slice(-8).join("\n")
    : "";
  return new ThreadboxError(
    "database.unavailable",
    `PostgreSQL did not come up: ${reason}. ${place.log} ends with\n${tail}`,
  );
}
