/** `threadbox costs`, from an empty database to one with turns of many prices. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startOfDay } from "../../src/core/limits.ts";
import { openDatabase } from "../../src/store/database.ts";
import { testDatabase } from "../database.ts";
import { quiet } from "../quiet.ts";
import { documentOf, newFolder } from "./threadbox.ts";

const folder = newFolder();
const database = await testDatabase();
const { host, user, database: name } = database.connection as Record<"host" | "user" | "database", string>;
const env = { DATABASE_URL: `postgres:///${name}?user=${user}&host=${encodeURIComponent(host)}` };
const costs = (...args: string[]) => folder.run(["costs", ...args], env);
after(async () => {
  folder.remove();
  await database.drop();
});

test("where no turn was begun it says so", async () => {
  const { code, stdout, stderr } = await costs();
  assert.deepEqual([code, stdout, stderr], [0, "No turn was begun in that time.\n\nToday (UTC): $0.00.\n", ""]);
});

test("its help names the times that it takes by itself as people write them", async () => {
  const { stdout } = await costs("--help");
  assert.match(stdout, /\(default:\s+30d\)[\s\S]*\(default:\s+now\)/);
});

describe("with turns", () => {
  before(async () => {
    const noon = startOfDay(Date.now()) + 1;
    const row = (turn: string, person: string, change: object, daysAgo = 0) => ({
      ...{ turn, person, at: new Date(noon - daysAgo * 86_400_000), session: "s1" },
      ...change,
    });
    const agents = { input: 1_000_000, output: 50_000, cache_read: 800_000, tokens: 1_050_000, dollars: 1.5 };
    const rows = [
      row("m1", "slack:U1", { ...agents, model: "claude-sonnet-5", agent: "pi", priced_by: "agent" }),
      row("m2", "slack:U1", { ...agents, dollars: 2, model: "gpt-5.5", agent: "codex", priced_by: "table" }, 3),
      row("m3", "slack:U2", { ...agents, dollars: 0, model: "house", agent: "codex", priced_by: "nobody" }),
      row("old", "slack:U2", { tokens: 10, dollars: 0.25 }, 40),
    ];
    const { db, close } = openDatabase(database.connection, 1, quiet);
    await db.insertInto("usage").values(rows).execute();
    await close();
    writeFileSync(join(folder.path, "threadbox.yml"), "limits: { dollarsPerDay: { installation: 6, person: 2 } }\n");
  });

  test("they are summed by model, with what is estimated and what nobody knows", async () => {
    const { stdout, stderr } = await costs("--by", "model");
    assert.equal(
      stdout,
      `MODEL            TURNS  INPUT      CACHED     OUTPUT   COST
gpt-5.5          1      1,000,000  800,000    50,000   ≈ $2.00
claude-sonnet-5  1      1,000,000  800,000    50,000   $1.50
house            1      1,000,000  800,000    50,000   unknown
together         3      3,000,000  2,400,000  150,000  ≈ $3.50, unknown for 1

Today (UTC): $1.50 of $6.00 (25 %), and turns of unknown cost: 1.
≈: by the list prices of 2026-09-22, or those of threadbox.yml.
`,
      stderr,
    );
  });
  test("only those of the time that is asked for count", async () => {
    const keysOf = async (...args: string[]) => {
      const { rows } = documentOf(await costs("--json", "--by", "person", ...args));
      return (rows as { key: string; turns: number }[]).map(({ key, turns }) => [key, turns]);
    };
    assert.deepEqual(await keysOf("--since", "2d"), [
      ["slack:U1", 1],
      ["slack:U2", 1],
    ]);
    assert.deepEqual(await keysOf("--since", "8w", "--until", "30d"), [["slack:U2", 1]]);
    assert.deepEqual(await keysOf("--since", "2020-01-01", "--until", "2020-02-01"), []);
  });
  test("the JSON has everything", async () => {
    const { by, rows, total, today } = documentOf(await costs("--json", "--by", "agent"));
    const all = { all: 2_100_000, input: 2_000_000, output: 100_000, cacheRead: 1_600_000, cacheWrite: 0 };
    assert.deepEqual(by, "agent");
    assert.deepEqual((rows as object[])[0], {
      ...{ key: "codex", name: null, turns: 2, tokens: all },
      cost: { dollars: 2, byPriceList: 2, unpricedTurns: 1 },
    });
    assert.deepEqual((total as { cost: object }).cost, { dollars: 3.5, byPriceList: 2, unpricedTurns: 1 });
    assert.deepEqual((today as { budget: object }).budget, { tokens: null, dollars: 6 });
  });
});

for (const [option, value] of [
  ["--since", "yesterday"],
  ["--until", "2026-02-31"],
  ["--by", "moon"],
] as const)
  test(`${option} ${value} is refused`, async () => {
    const { code, stderr } = await costs(option, value);
    assert.equal(code, 2);
    assert.match(stderr, /is invalid/);
  });
