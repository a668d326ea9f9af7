/** `limits:` of threadbox.yml, from what somebody wrote to what the engine goes by. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ThreadboxError } from "../src/errors.ts";
import { readTeamSettings } from "../src/repositories.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-limits-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function settingsOf(yaml: string) {
  const path = join(folder, "threadbox.yml");
  writeFileSync(path, yaml);
  return readTeamSettings(path);
}

const limitsOf = (yaml: string) => settingsOf(yaml).limits ?? assert.fail();

const NONE = { tokens: null, dollars: null };
const NO_BUDGETS = {
  perDayOf: { person: NONE, channel: NONE, repository: NONE, organisation: NONE },
  perSession: NONE,
  raisedByPeople: [],
};

test("without a word there are limits, and no budgets", () => {
  const usual = {
    turnsPerDay: { person: 50, channel: 200, repository: 200, organisation: 500 },
    sandboxes: 20,
    perTurn: { tokens: null, dollars: null },
    perDay: { tokens: null, dollars: null },
    ...NO_BUDGETS,
    raisedBy: "whoever keeps threadbox.yml",
  };
  assert.deepEqual(limitsOf(""), usual);
  assert.deepEqual(readTeamSettings(join(folder, "no-such-file.yml")).limits, usual);
});

test("each can be set, switched off, or closed", () =>
  assert.deepEqual(
    limitsOf(`limits:
  turnsPerDay: { person: 5, channel: unlimited, repository: 0 }
  sandboxes: unlimited
  tokensPerTurn: 1000000
  dollarsPerTurn: 2.5
  tokensPerDay: 50000000
  dollarsPerDay: 100
  raisedBy: "#platform"`),
    {
      turnsPerDay: { person: 5, channel: null, repository: 0, organisation: 500 },
      sandboxes: null,
      perTurn: { tokens: 1_000_000, dollars: 2.5 },
      perDay: { tokens: 50_000_000, dollars: 100 },
      ...NO_BUDGETS,
      raisedBy: "#platform",
    },
  ));

test("a day has budgets for each account as well, a session one of its own, and people who may raise that", () => {
  const { perDay, perDayOf, perSession, raisedByPeople } = limitsOf(`limits:
  dollarsPerDay: { installation: 200, person: 20, repository: 60.5 }
  tokensPerDay: { channel: 1000 }
  dollarsPerSession: 50
  raisedByPeople: [U0ADA, "583231"]`);
  assert.deepEqual(
    { perDay, perDayOf, perSession, raisedByPeople },
    {
      perDay: { tokens: null, dollars: 200 },
      perDayOf: {
        person: { tokens: null, dollars: 20 },
        channel: { tokens: 1_000, dollars: null },
        repository: { tokens: null, dollars: 60.5 },
        organisation: { tokens: null, dollars: null },
      },
      perSession: { tokens: null, dollars: 50 },
      raisedByPeople: ["U0ADA", "583231"],
    },
  );
});

const mistakes: [string, string][] = [
  ["turnsPerDay: { person: many }", "limits.turnsPerDay.person: has to be a whole number, or unlimited"],
  [
    "turnsPerDay: { team: 5 }",
    "limits.turnsPerDay: nothing is called team here; threadbox.example.yml shows everything",
  ],
  ["sandboxes: 0", "limits.sandboxes: has to be a whole number above 0, or unlimited"],
  [
    "dollarsPerDay: a lot",
    "limits.dollarsPerDay: has to be a number above 0, or numbers for installation, person, channel, repository and organisation",
  ],
  [
    "raisedByPeople: [ada]",
    "limits.raisedByPeople.0: has to be the id of somebody in Slack (U…), or the number of an account on GitHub in quotes",
  ],
];
for (const [written, told] of mistakes)
  test(`"${written}" is told as what it is`, () =>
    assert.throws(
      () => limitsOf(`limits:\n  ${written}`),
      (error: unknown) =>
        error instanceof ThreadboxError && error.code === "config.invalid" && error.detail.endsWith(`\n  ${told}`),
    ));

test("a model has the price that the team says", () =>
  assert.deepEqual(settingsOf("prices:\n  my/model: { input: 2, output: 8.5, cacheRead: 0 }").prices, {
    "my/model": { input: 2, output: 8.5, cacheRead: 0 },
  }));
