import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkDisk, databaseSize, leftOn } from "../../src/cli/doctor-disk.ts";
import { readConfig } from "../../src/config.ts";
import { testStore } from "../database.ts";
import { quiet } from "../quiet.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-disk-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const GB = 1e9;

test("little room is told before it is none, with a remedy", () => {
  for (const [free, whole, state] of [
    [50 * GB, 100 * GB, "ok"],
    [9 * GB, 100 * GB, "warn"],
    [1.9 * GB, 4 * GB, "warn"],
    [2.1 * GB, 4 * GB, "ok"],
    [0, 0, "warn"],
  ] as const)
    assert.equal(leftOn("/data", free, whole).state, state, `${free} of ${whole}`);
  const { detail, remedy } = leftOn("/data", 1.5 * GB, 100 * GB);
  assert.equal(detail, "Little is left: 1.5 GB of 100.0 GB (1 %) at /data.");
  assert.match(remedy ?? "", /retention\.days/);
});

test("what the bot keeps is measured by what it is, and nothing is made", async () => {
  const home = join(folder, "deep", ".threadbox");
  const settings = { config: readConfig({ THREADBOX_HOME: home }), team: null, log: quiet };
  const [none] = await checkDisk(settings);
  assert.equal(none?.detail, `${home}: sandboxes none, snapshots none, postgres none`);
  mkdirSync(join(home, "sandboxes", "one"), { recursive: true });
  writeFileSync(join(home, "sandboxes", "one", "file"), Buffer.alloc(3e6, 1));
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "file"), Buffer.alloc(2e6, 1));
  mkdirSync(join(home, "postgres"));
  writeFileSync(join(home, "postgres", "WHERE"), `${elsewhere}\n`);
  const [found] = await checkDisk(settings);
  assert.equal(found?.detail, `${home}: sandboxes 3.0 MB, snapshots none, postgres 2.0 MB`);
});

test("the database tells its size and its largest tables", async (t) => {
  const { db, close } = await testStore();
  t.after(close);
  const { detail } = await databaseSize(db);
  assert.match(detail, /^\d+\.\d MB; most of it \w+ \d+\.\d [kM]B, \w+ \d+\.\d [kM]B, \w+ \d+\.\d [kM]B$/);
});
