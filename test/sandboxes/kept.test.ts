import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { kept } from "../../src/sandboxes/kept.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-kept-"));
after(() => rmSync(folder, { recursive: true }));
const [a, b, file] = ["a", "b", "cache/made"].map((name) => join(folder, name)) as [string, string, string];

let times = 0;
const get = (how = "v1", place = file): Promise<string> =>
  kept(place, how, async () => ({ text: `made\n${++times}`, of: [a, b] }));

beforeEach(async () => {
  times = 0;
  writeFileSync(a, "one");
  writeFileSync(b, "two");
  rmSync(file, { force: true });
  assert.equal(await get(), "made\n1");
});

test("what was made once is there the next time", async () => assert.equal(await get(), "made\n1"));

const changes: [name: string, change: () => void, how?: string][] = [
  ["one of its files has changed, and no longer is as long", () => writeFileSync(b, "three")],
  ["one of its files has changed, and is as long as before", () => writeFileSync(b, "owt")],
  ["one of its files is gone", () => rmSync(b)],
  ["it is made in another way", () => {}, "v2"],
  ["what was kept was cut off", () => writeFileSync(file, '{"sha256":"12')],
  ["what was kept is something else", () => writeFileSync(file, "null\nsomething")],
];
for (const [name, change, how] of changes) {
  test(`it is made anew when ${name}`, async () => {
    change();
    assert.equal(await get(how), "made\n2");
  });
}

test("where nothing can be kept it is made each time", async () => {
  const nowhere = join(a, "no folder", "made");
  assert.deepEqual([await get("v1", nowhere), await get("v1", nowhere)], ["made\n2", "made\n3"]);
});
