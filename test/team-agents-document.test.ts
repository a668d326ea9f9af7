/** docs/agents.md, held to the code: which agents there are, from which packages, with which keys; and what can be said of one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CATALOGUE, type ConfiguredAgent, installationOf, keysOf } from "../src/agent-packages.ts";
import { COLUMNS } from "../src/cli/agents.ts";
import { AGENT_KINDS } from "../src/wire/agents.ts";
import { rowsUnder, textOf, ticked } from "./documents.ts";
import { editorSchema } from "./schema.ts";

const page = textOf("docs/agents.md");
const LINUX = { platform: "linux", arch: "x64" };

describe("docs/agents.md", () => {
  const rows = rowsUnder("agent", page).map((row) => row.map((cell) => ticked(cell).join(" ") || cell));
  const plain: Omit<ConfiguredAgent, "kind"> = { name: "any", version: null, packages: [], env: {} };

  test("has a row for every kind of agent, and no other", () => {
    assert.deepEqual(
      rows.map(([kind]) => kind),
      AGENT_KINDS,
    );
  });

  for (const kind of AGENT_KINDS.filter((one) => one !== "acp"))
    test(`tells of ${kind} what the code installs, and which keys it takes`, () => {
      const row = rows.find(([one]) => one === kind);
      const { program, packages, version } = installationOf({ ...plain, kind }, LINUX);
      const [, toldProgram, toldPackage, toldVersion, toldKeys] = row ?? [];
      assert.deepEqual([toldProgram, `${toldPackage}@${toldVersion}`], [program, packages.join()]);
      assert.equal(toldVersion, version);
      assert.deepEqual(toldKeys?.split(" "), keysOf({ kind }));
      assert.equal(version, CATALOGUE[kind].version);
    });

  test("explains every setting of an agent, and no other", () => {
    const told = rowsUnder("setting of `agents`", page).flatMap(([name]) => ticked(name ?? ""));
    const { properties } = Object(editorSchema());
    assert.deepEqual(told.toSorted(), Object.keys(properties.agents.items.properties).toSorted());
  });

  test("shows the columns that the command has", () => {
    const head = page.split("\n").find((line) => line.startsWith(`${COLUMNS[0]} `));
    assert.deepEqual(head?.split(/ +/), COLUMNS);
  });
});
