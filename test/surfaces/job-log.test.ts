/** What of a job's log says why it failed, whatever was written into it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { failedStep, plainLog } from "../../src/surfaces/job-log.ts";

const STAMP = "2026-03-01T10:00:00.1234567Z ";
const stamped = (...lines: string[]): string => lines.map((line) => `${STAMP}${line}`).join("\n");

describe("a log, as a person would read it", () => {
  const rows: [name: string, log: string, read: string][] = [
    ["without the times", stamped("a", "b"), "a\nb"],
    ["without the mark at its beginning", `\uFEFF${stamped("a")}`, "a"],
    ["without colours", `${STAMP}\u001b[36;1mnpm test\u001b[0m`, "npm test"],
    ["without links that show another address", "\u001b]8;;https://evil.example\u0007docs\u001b]8;;\u0007", "docs"],
    ["with the last state of a progress bar", "10%\r50%\r100%", "100%"],
    ["without letters that show nothing", "a\u200b\u202eb\u0000\u{E0041}c\td", "abc\td"],
    ["without what would be a line of its own to a model", "a\u2028b", "ab"],
    [
      "without links in a terminal",
      "\u001b]8;;https://x.example\u001b\\here\u001b]8;;\u0007 \u001b(B\u001b[1;31mred\u001b[0m",
      "here red",
    ],
    ["without tokens", `Authorization: ghs_${"a".repeat(40)}`, "Authorization: [secret]"],
    ["without tokens in their long form", `x ghs_12_${"a".repeat(40)}.${"b".repeat(40)}.c y`, "x [secret] y"],
    ["without tokens that colours were put into", `ghp_${"a".repeat(20)}\u001b[0m${"a".repeat(20)}`, "[secret]"],
  ];
  for (const [name, log, read] of rows) test(name, () => assert.equal(plainLog(log), read));

  test("a line that never ends, or an escape that never does, keeps nobody busy", () => {
    const startedAt = performance.now();
    assert.equal(plainLog("\u001b[".repeat(100_000)).includes("\u001b"), false);
    assert.equal(plainLog(`\u001b]0;${"a".repeat(500_000)}`).includes("\u001b"), false);
    assert.equal(plainLog("\u001b]8;;".repeat(200_000)).includes("\u001b"), false);
    plainLog("-----BEGIN PRIVATE KEY-----\n".repeat(35_000));
    // Minutes, if it looked at every letter from every letter.
    assert.ok(performance.now() - startedAt < 5_000);
  });
});

describe("the step that failed", () => {
  const before = ["##[group]Run npm ci", "npm ci", "##[endgroup]", "added 3 packages"];
  const step = ["##[group]Run npm test", "npm test", "##[endgroup]", "1 != 2"];
  const ended = "##[error]Process completed with exit code 1.";
  const rows: [name: string, log: string[], read: string[]][] = [
    [
      "from its heading to its end",
      [...before, ...step, ended, "Post job cleanup."],
      ["##[group]Run npm test", "npm test", "1 != 2", ended],
    ],
    [
      "not what an earlier step only warned of",
      ["##[error]deprecated", ...step, ended],
      ["##[group]Run npm test", "npm test", "1 != 2", ended],
    ],
    [
      "up to the last error, where none says that it ended",
      [...step, "##[error]timeout", "x"],
      ["##[group]Run npm test", "npm test", "1 != 2", "##[error]timeout"],
    ],
    ["all of it, where it was written otherwise", ["make: *** [all] Error 2"], ["make: *** [all] Error 2"]],
    ["nothing of nothing", [], []],
  ];
  for (const [name, log, read] of rows) test(name, () => assert.equal(failedStep(log.join("\n")), read.join("\n")));
});
