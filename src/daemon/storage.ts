/**
 * The daemon's one file on disk: the journal, the prompts that were accepted, and a few facts that outlive the process.
 * One SQLite file, so that "the turn has ended" and "its prompt is done" are written together or not at all.
 * Why SQLite and with which durability: docs/decisions/0004-journal.md.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { WIRE_VERSION } from "../wire/version.ts";

export interface Storage {
  readonly db: DatabaseSync;
  /** Random per file: a client that knows another one reads a journal that is gone. */
  readonly epoch: string;
  fact(key: string): string | undefined;
  setFact(key: string, value: string): void;
  /** All of `work` or nothing of it. Not to be nested. */
  transaction(work: () => void): void;
  close(): void;
}

/** Another daemon holds the file. Two writers would fork the agent's conversation as well, so this one must not start. */
export class StorageBusy extends Error {}

/** Result codes of SQLite's C interface. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** The predecessor of a restart may need a moment to let go of the file. */
const WAIT_FOR_LOCK_MS = 3_000;

/**
 * `exclusive` keeps a second daemon out and spares the shared-memory file, which some sandboxes' file systems lack.
 * `normal` does not wait for the platter: a kill -9 loses nothing, a power cut at most the last moments.
 */
const SCHEMA = `
  pragma busy_timeout = ${WAIT_FOR_LOCK_MS};
  pragma locking_mode = exclusive;
  pragma journal_mode = wal;
  pragma synchronous = normal;
  create table if not exists facts (key text primary key, value text not null) strict;
  create table if not exists entries (
    cursor integer primary key autoincrement, at integer not null, event text not null
  ) strict;
  create table if not exists prompts (
    id text primary key, turn text not null, digest text not null, attempt integer not null default 1, request text,
    state text not null, accepted integer not null, started integer
  ) strict;
  create index if not exists open_prompts on prompts (state) where state <> 'ended' and state <> 'steered';
`;

/** Opens `dir/journal.db`. A file that cannot be read is set aside and a new epoch begins: better than a sandbox that never starts again. */
export function openStorage(dir: string): Storage {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "journal.db");
  try {
    return open(file);
  } catch (error) {
    const code = sqliteCode(error);
    if (code === SQLITE_BUSY) throw new StorageBusy(`Another daemon uses ${dir}.`);
    if (code !== SQLITE_CORRUPT && code !== SQLITE_NOTADB) throw error;
    setAside(file);
    return open(file);
  }
}

function open(file: string): Storage {
  // Made before SQLite does, and for us alone: it gives the files beside it the same mode, and the agent may have another user.
  closeSync(openSync(file, "a", 0o600));
  const db = new DatabaseSync(file);
  try {
    db.exec(SCHEMA);
    addAttempts(db);
    // In exclusive mode the lock is only taken by the first write.
    db.exec("insert or ignore into facts values ('wire', '0')");
    const storage = storageOn(db);
    return storage.fact("wire") === String(WIRE_VERSION) ? storage : withFreshJournal(storage);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Files that slept since before there were attempts. */
function addAttempts(db: DatabaseSync): void {
  const known = db.prepare("select 1 from pragma_table_info('prompts') where name = 'attempt'").get();
  if (!known) db.exec("alter table prompts add column attempt integer not null default 1");
}

/** New, or written by a daemon of another version, whose events nobody here can read. Prompts and the agent's session are kept. */
function withFreshJournal(storage: Storage): Storage {
  storage.transaction(() => {
    storage.db.exec("delete from entries; delete from sqlite_sequence");
    storage.setFact("epoch", randomBytes(8).toString("hex"));
    storage.setFact("wire", String(WIRE_VERSION));
  });
  return storageOn(storage.db);
}

function storageOn(db: DatabaseSync): Storage {
  const get = db.prepare("select value from facts where key = ?");
  const set = db.prepare("insert into facts values (?, ?) on conflict (key) do update set value = excluded.value");
  const fact = (key: string): string | undefined => {
    const value = get.get(key)?.value;
    return typeof value === "string" ? value : undefined;
  };
  return {
    db,
    epoch: fact("epoch") ?? "",
    fact,
    setFact: (key, value) => void set.run(key, value),
    transaction(work) {
      db.exec("begin immediate");
      try {
        work();
        db.exec("commit");
      } catch (error) {
        db.exec("rollback");
        throw error;
      }
    },
    close: () => db.close(),
  };
}

function setAside(file: string): void {
  renameSync(file, `${file}.unreadable`);
  for (const suffix of ["-wal", "-shm"]) if (existsSync(file + suffix)) rmSync(file + suffix);
}

/** SQLite's own number for what went wrong; the same in Node and in Deno. */
function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}
