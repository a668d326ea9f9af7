import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parseCommand } from "../src/core/command.ts";
import { mentionOf } from "../src/core/scheduled.ts";
import { readTeamSettings } from "../src/repositories.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-schedules-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const FINE = { name: "nightly", cron: "0 3 * * 1-5", repository: "acme/api", text: "update the dependencies" };
function read(...schedules: object[]) {
  const path = join(folder, "threadbox.yml");
  writeFileSync(path, JSON.stringify({ repositories: [{ name: "acme/api" }], schedules }));
  return readTeamSettings(path).schedules;
}

describe("schedules of threadbox.yml", () => {
  test("are read", () => assert.deepEqual(read(FINE), [FINE]));
  const wrong: [name: string, changed: object[], message: RegExp][] = [
    ["a cron of four fields", [{ ...FINE, cron: "0 3 * *" }], /schedules\.0\.cron: has five fields/],
    ["a cron of seconds", [{ ...FINE, cron: "0 0 3 * * *" }], /schedules\.0\.cron: has five fields/],
    ["a time zone that is none", [{ ...FINE, timezone: "Europe/Berln" }], /schedules\.0\.timezone: is no time zone/],
    [
      "a repository that is not listed",
      [{ ...FINE, repository: "acme/web" }],
      /schedules\.0\.repository: is not among/,
    ],
    [
      "an option in the text: work on another repository",
      [{ ...FINE, text: "repo=acme/web x" }],
      /schedules\.0\.text: says what to do/,
    ],
    ["a word to the bot", [{ ...FINE, text: "stop" }], /schedules\.0\.text: says what to do/],
    ["one name twice", [FINE, FINE], /schedules: two of them have one name/],
  ];
  for (const [name, schedules, message] of wrong)
    test(`keep the bot from starting, with their line: ${name}`, () =>
      assert.throws(() => read(...schedules), message));
});

describe("a firing", () => {
  const at = Date.UTC(2026, 10, 22, 3, 0, 41);
  test("is named by schedule and minute, and asks for its repository", () => {
    const mention = mentionOf(FINE, at);
    assert.equal(mention.dedupe, "schedule:nightly/2026-11-22T03:00Z");
    assert.deepEqual(mention.keys, ["web:thread:schedule-nightly-20261122T0300", mention.dedupe]);
    assert.deepEqual(parseCommand(mention.text), { verb: "ask", text: FINE.text, options: { repo: "acme/api" } });
  });
  test("told again within its minute is the same one; the next minute's is another", () => {
    assert.equal(mentionOf(FINE, at).dedupe, mentionOf(FINE, at + 18_000).dedupe);
    assert.notEqual(mentionOf(FINE, at).dedupe, mentionOf(FINE, at + 19_000).dedupe);
  });
});
