/** What is tested later than by `npm test` is tested all the same: no file is forgotten, none runs twice, and CI leaves out no run. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { RUNS, testsOf } from "./together.ts";

const EVERY_TEST = globSync("test/**/*.test.ts").filter((file) => !file.startsWith("test/all-in-one/"));

test("every file of tests is run once, by one of the scripts", () => {
  assert.deepEqual(RUNS.flatMap(testsOf).sort(), EVERY_TEST.sort());
});

test("CI runs all of those scripts, and the README names them", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const [ci, readme] = [".ci/run", "README.md"].map((file) => readFileSync(file, "utf8"));
  for (const run of RUNS) {
    const name = Object.keys(scripts).find((script) => scripts[script]?.includes(`test/together.ts ${run}`));
    const command = name === "test" ? "npm test" : `npm run ${name}`;
    assert.match(ci ?? "", new RegExp(`^${command}$`, "m"));
    assert.match(readme ?? "", new RegExp(`^${command} `, "m"));
  }
});
