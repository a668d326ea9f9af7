/**
 * Decides where the embedded database's files lie: below THREADBOX_HOME, unless the user that Postgres has to run as
 * may not enter that folder. Then they go to /var/lib/threadbox, and a pointer stays behind so that a person finds them.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ThreadboxError } from "../errors.ts";
import { asUser, type PostgresUser, postgresUser, SHELTER } from "./postgres-files.ts";

export interface PostgresPlace {
  user: PostgresUser;
  /** Postgres' data folder, its socket folder, and what it writes to stderr. */
  data: string;
  socket: string;
  log: string;
}

/** The file name that Postgres gives to its socket, and how long a socket's path may be (107 bytes on Linux, 103 on macOS). */
const SOCKET_NAME = ".s.PGSQL.5432";
const MAX_SOCKET_PATH_BYTES = 100;

/** `home` is an absolute path without links, and exists. Makes the folders; safe to repeat. */
export function postgresPlace(home: string): PostgresPlace {
  const usual = join(home, "postgres");
  const folder = postgresFolder(home);
  const user = postgresUser(ownerOf(join(folder, "data")));
  if (folder !== usual || existsSync(join(usual, "data"))) return checkedPlace(home, folder, user);
  if (mayEnter(home, user)) return checkedPlace(home, usual, user);

  const sheltered = join(SHELTER, nameOf(home));
  const place = checkedPlace(home, sheltered, user);
  mkdirSync(usual, { recursive: true, mode: 0o700 });
  writeFileSync(join(usual, POINTER), `${sheltered}\n`);
  return place;
}

const POINTER = "WHERE";

/** Where it lies, if it lies anywhere: nothing is made. */
export function postgresFolder(home: string): string {
  const usual = join(home, "postgres");
  const pointer = join(usual, POINTER);
  return existsSync(pointer) ? readFileSync(pointer, "utf8").trim() : usual;
}

function checkedPlace(home: string, folder: string, user: PostgresUser): PostgresPlace {
  const usual = join(folder, "socket");
  const tooLong = Buffer.byteLength(join(usual, SOCKET_NAME)) > MAX_SOCKET_PATH_BYTES;
  const socket = tooLong ? join(tmpdir(), `threadbox-${nameOf(home)}`) : usual;
  for (const needed of [folder, socket]) {
    ownFolder(needed, user);
    if (mayEnter(needed, user)) continue;
    const detail = `PostgreSQL runs as uid ${user?.uid}, which may not enter ${needed}; open the folders above it (chmod o+x)`;
    throw new ThreadboxError("database.unavailable", detail);
  }
  return { user, data: join(folder, "data"), socket, log: join(home, "postgres.log") };
}

/**
 * A folder that only Postgres' user may enter (and root). Whoever may enter the socket folder may use the database, so one
 * that somebody else put there first, which anybody can do below /tmp, is refused.
 */
function ownFolder(folder: string, user: PostgresUser): void {
  mkdirSync(dirname(folder), { recursive: true });
  makeFolder(folder);
  const is = lstatSync(folder);
  const uid = user?.uid ?? process.getuid?.();
  if (!is.isDirectory() || (is.uid !== uid && is.uid !== process.getuid?.())) {
    throw new ThreadboxError("database.unavailable", `${folder} has to be a folder that belongs to uid ${uid}`);
  }
  chmodSync(folder, 0o700);
  if (user) chownSync(folder, user.uid, user.gid);
}

/** Where nothing is yet; another bot that starts at the same moment may be quicker. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
  }
}

function ownerOf(path: string): PostgresUser {
  const is = statSync(path, { throwIfNoEntry: false });
  return is ? { uid: is.uid, gid: is.gid } : null;
}

/** Tried rather than computed: access lists and odd mounts have a say, too. */
function mayEnter(folder: string, user: PostgresUser): boolean {
  if (!user) return true;
  return spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", folder], asUser(user)).status === 0;
}

const nameOf = (home: string) => createHash("sha256").update(home).digest("hex").slice(0, 16);
