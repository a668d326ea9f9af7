/** What is on disk survives everything that happens to the process, and says so where it does not. */
import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Journal } from "../../src/daemon/journal.ts";
import { createRedactor } from "../../src/daemon/redactor.ts";
import { openStorage, type Storage, StorageBusy } from "../../src/daemon/storage.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { newFolder } from "./running-daemon.ts";

const said = (text: string): AgentEvent => ({ type: "text", turn: "t1", message: 1, text });
const textsOf = (journal: Journal) =>
  journal.read(0, 1_000).map(({ event }) => (event.type === "text" ? event.text : event.type));

function open(
  t: TestContext,
  dir: string,
  maxBytes = 1_000_000,
): { storage: Storage; journal: Journal; close(): void } {
  const storage = openStorage(dir);
  let isOpen = true;
  const close = () => {
    if (isOpen) storage.close();
    isOpen = false;
  };
  t.after(close);
  const journal = new Journal(storage, { maxBytes, clock: handWoundClock(1_000), redactor: createRedactor() });
  return { storage, journal, close };
}

test("cursors count from 1 without holes, and go on after a restart in the same epoch", (t) => {
  const dir = newFolder(t);
  const first = open(t, dir);
  first.journal.append(said("a"));
  first.journal.append(said("b"));
  first.close();
  const second = open(t, dir);
  second.journal.append(said("c"));
  const { epoch } = first.journal;
  assert.match(epoch, /^[0-9a-f]{16}$/);
  assert.deepEqual(second.journal.read(0, 10), [
    { epoch, cursor: 1, at: 1_000, event: said("a") },
    { epoch, cursor: 2, at: 1_000, event: said("b") },
    { epoch, cursor: 3, at: 1_000, event: said("c") },
  ]);
  assert.deepEqual(
    second.journal.read(1, 1).map((entry) => entry.cursor),
    [2],
  );
});

test("entries that were taken back leave no hole", (t) => {
  const { storage, journal } = open(t, newFolder(t));
  journal.append(said("a"));
  assert.throws(() =>
    storage.transaction(() => {
      journal.append(said("never"));
      throw new Error("the rest failed");
    }),
  );
  journal.append(said("b"));
  assert.deepEqual(
    journal.read(0, 10).map((entry) => entry.cursor),
    [1, 2],
  );
  assert.deepEqual(textsOf(journal), ["a", "b"]);
});

test("an event that the wire does not know is refused before it is written", (t) => {
  const { journal } = open(t, newFolder(t));
  assert.throws(() =>
    journal.append({ type: "usage", turn: "t1", usage: { inputTokens: -1, outputTokens: 0, costUsd: 0 } }),
  );
  assert.equal(journal.cursor, 0);
});

test("history that was cut is named where it is missing", (t) => {
  const dir = newFolder(t);
  const { journal, close } = open(t, dir, 5_000);
  for (let n = 1; n <= 100; n++) journal.append(said(`${n}`.padStart(100, ".")));
  const entries = journal.read(0, 1_000);
  const [head, ...kept] = entries;
  assert.ok(head?.event.type === "journal.cut");
  const { to } = head.event;
  assert.deepEqual(head, { epoch: journal.epoch, cursor: to, at: 1_000, event: { type: "journal.cut", from: 1, to } });
  assert.deepEqual(
    kept.map((entry) => entry.cursor),
    Array.from({ length: 100 - to }, (_, i) => to + 1 + i),
  );
  const bytes = kept.reduce((sum, { event }) => sum + JSON.stringify(event).length, 0);
  assert.ok(bytes <= 5_000 && bytes > 4_000, `${bytes} bytes are kept`);

  const later = journal.read(to - 3, 1)[0];
  assert.deepEqual(later?.event, { type: "journal.cut", from: to - 2, to });
  assert.equal(journal.read(to, 1)[0]?.event.type, "text");
  close();
  assert.deepEqual(open(t, dir, 5_000).journal.read(0, 1_000), entries);
});

test("a single entry larger than the limit is kept", (t) => {
  const { journal } = open(t, newFolder(t), 50);
  journal.append(said("small"));
  journal.append(said("large".repeat(100)));
  assert.deepEqual(
    journal.read(0, 10).map(({ cursor, event }) => [cursor, event.type]),
    [
      [1, "journal.cut"],
      [2, "text"],
    ],
  );
});

test("a write that was torn by a power cut is dropped, what was before it stays", (t) => {
  const dir = newFolder(t);
  const crashed = newFolder(t);
  const { journal } = open(t, dir);
  journal.append(said("whole"));
  journal.append(said("torn"));
  // The files as they lay on the disk at that moment, the last page not written to its end.
  for (const name of ["journal.db", "journal.db-wal"])
    writeFileSync(join(crashed, name), readFileSync(join(dir, name)));
  const wal = join(crashed, "journal.db-wal");
  truncateSync(wal, statSync(wal).size - 100);
  const after = open(t, crashed).journal;
  assert.equal(after.epoch, journal.epoch);
  assert.deepEqual(textsOf(after), ["whole"]);
});

test("a file that is no journal is set aside, and a new epoch begins", (t) => {
  const dir = newFolder(t);
  const before = open(t, dir);
  before.close();
  writeFileSync(join(dir, "journal.db"), "this is not a database, and long enough to be looked at".repeat(50));
  const after = open(t, dir);
  assert.notEqual(after.journal.epoch, before.journal.epoch);
  assert.equal(after.journal.cursor, 0);
  assert.ok(readFileSync(join(dir, "journal.db.unreadable"), "utf8").startsWith("this is not"));
});

test("a journal of another wire version is begun anew, the agent's session stays", (t) => {
  const dir = newFolder(t);
  const before = open(t, dir);
  before.journal.append(said("old"));
  before.storage.setFact("session", "s-1");
  before.storage.setFact("wire", "0");
  before.close();
  const { storage, journal } = open(t, dir);
  assert.notEqual(journal.epoch, before.journal.epoch);
  journal.append(said("new"));
  assert.deepEqual(
    journal.read(0, 10).map(({ cursor, event }) => [cursor, event]),
    [[1, said("new")]],
  );
  assert.equal(storage.fact("session"), "s-1");
});

test("a second daemon is kept out", { timeout: 240_000 }, (t) => {
  const dir = newFolder(t);
  open(t, dir);
  assert.throws(() => openStorage(dir), StorageBusy);
});
