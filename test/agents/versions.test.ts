/** What is tested is what is installed: the programs here answer with the versions that sandboxes get. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { CATALOGUE } from "../../src/agent-packages.ts";
import { binary, HEAVY_AGENTS } from "./binaries.ts";

for (const agent of HEAVY_AGENTS)
  test(`${agent} answers to --version with the version that is pinned`, (t) => {
    const home = mkdtempSync(join(tmpdir(), "threadbox-version-"));
    t.after(() => rmSync(home, { recursive: true, force: true }));
    const PATH = [dirname(binary(agent)), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
    const said = execFileSync(CATALOGUE[agent].program, ["--version"], { env: { PATH, HOME: home }, encoding: "utf8" });
    assert.equal(/\d+\.\d+\.\d+/.exec(said)?.[0], CATALOGUE[agent].version);
  });
