/** The table of what the emulated Slack plays, held to what it plays and to the tests that it names. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { rowsUnder, textOf, ticked } from "../../documents.ts";
import { slackRoutes } from "./coverage.ts";

const HERE = import.meta.dirname;
const TESTS = join(HERE, "..", "..");
const rows = rowsUnder("route", textOf("test/emulators/slack/README.md")).map(
  ([route = "", , refusals = "", drivenBy = ""]) => {
    const [file = "", word = ""] = ticked(drivenBy);
    return { route: ticked(route)[0] ?? "", refusals: ticked(refusals), file, word };
  },
);
const sources = readdirSync(HERE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => readFileSync(join(HERE, name), "utf8"))
  .join("\n");

describe("the table of the emulated Slack", () => {
  test("has each route once, and no other", () =>
    assert.deepEqual(rows.map(({ route }) => route).toSorted(), slackRoutes.toSorted()));

  test("names tests that exist, with a word that stands in them", () => {
    const wrong = rows.filter(({ file, word }) => {
      const path = join(TESTS, file);
      return (
        word === "" || !file.endsWith(".test.ts") || !existsSync(path) || !readFileSync(path, "utf8").includes(word)
      );
    });
    assert.deepEqual(wrong, []);
  });

  test("names refusals that the emulator knows", () => {
    const unknown = rows.flatMap(({ refusals }) => refusals.filter((word) => !sources.includes(`"${word}"`)));
    assert.deepEqual(unknown, []);
  });
});
