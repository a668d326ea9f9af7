import assert from "node:assert/strict";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { parseEnv } from "node:util";
import { withValues, writeEnvFile } from "../../src/cli/env-file.ts";
import { Refused } from "../../src/cli/failure.ts";

const PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE/+==\nabc\n-----END RSA PRIVATE KEY-----\n";

describe("the text of a .env", () => {
  const cases: [name: string, before: string, values: Record<string, string>, after: string][] = [
    ["an empty one gets them", "", { A: "1", B: "2" }, "A=1\nB=2\n"],
    [
      "what is there stays, in its place",
      "# mine\nX=1\n\nY='two words' # why\n",
      { A: "1" },
      "# mine\nX=1\n\nY='two words' # why\nA=1\n",
    ],
    ["a last line without an end gets one", "X=1", { A: "1" }, "X=1\nA=1\n"],
    ["a value is replaced where it stands", "X=1\nA=old # old\nY=2\n", { A: "new" }, "X=1\nA=new\nY=2\n"],
    ["an empty one is filled in", "A=\nX=1\n", { A: "1" }, "A=1\nX=1\n"],
    ["with `export` before it", "export A=old\nX=1\n", { A: "1" }, "A=1\nX=1\n"],
    ["twice there: once afterwards", "A=1\nX=1\nA=2\n", { A: "3" }, "A=3\nX=1\n"],
    ["a key over several lines goes as a whole", `A="one\ntwo\nX=not mine"\nX=1\n`, { A: "1" }, "A=1\nX=1\n"],
    [
      "what only looks like it inside of another value stays",
      `X="one\nA=inside\ntwo"\n`,
      { A: "1" },
      `X="one\nA=inside\ntwo"\nA=1\n`,
    ],
    ["a line that is commented out stays so", "# A=old\n", { A: "1" }, "# A=old\nA=1\n"],
    ["a longer name is another one", "A_B=1\nBA=2\n", { A: "1" }, "A_B=1\nBA=2\nA=1\n"],
    ["a key's line ends are \\n", "", { A: "one\ntwo\n" }, 'A="one\\ntwo\\n"\n'],
  ];
  for (const [name, before, values, expected] of cases) {
    test(name, () => assert.equal(withValues(before, values), expected));
  }

  test("is read again before it counts: the key comes back as GitHub gave it", () => {
    assert.equal(parseEnv(withValues("", { KEY: PEM })).KEY, PEM);
  });
  test("refuses to change what it cannot change without harm", () => {
    assert.throws(() => withValues(`A=1\nX="never closed\nB=2\n`, { A: 'with "quotes"' }), Refused);
  });
});

describe("the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "threadbox-env-"));
  const path = join(folder, ".env");
  after(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => rmSync(path, { force: true }));

  test("is for its owner alone, also where it was not before", async () => {
    await writeEnvFile(path, { A: "1" });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    chmodSync(path, 0o644);
    await writeEnvFile(path, { A: "2" });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual([readFileSync(path, "utf8"), readdirSync(folder)], ["A=2\n", [".env"]]);
  });
  test("that is a link is refused, and what it leads to stays as it is", async () => {
    const other = join(folder, "other");
    writeFileSync(other, "X=1\n");
    symlinkSync(other, path);
    await assert.rejects(writeEnvFile(path, { A: "1" }), Refused);
    assert.equal(readFileSync(other, "utf8"), "X=1\n");
    rmSync(other);
  });
  test("that cannot be written says so, and leaves nothing half done", async () => {
    await assert.rejects(writeEnvFile(join(folder, "none", ".env"), { A: "1" }), /cannot be written \(ENOENT\)/);
  });
});
