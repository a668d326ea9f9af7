import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { AT_MODAL, installationsOf } from "../src/agent-packages.ts";
import { toAgents } from "../src/team-agents.ts";

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
const packagesOf = (path: string) => Lock.parse(JSON.parse(readFileSync(path, "utf8"))).packages;

for (const path of ["package-lock.json", "test/agents/package-lock.json"]) {
  const packages = packagesOf(path);

  // npm leaves out what the machine that wrote the file cannot use, and `npm ci` then refuses on every machine.
  test(`${path} holds the optional packages of every platform`, () => {
    const missing = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !packages[`node_modules/${name}`] && !packages[`${at}/node_modules/${name}`])
        .map((name) => `${at || "package.json"} wants ${name}`),
    );
    assert.deepEqual(missing, []);
  });

  test(`${path} names no host, and every package by its hash`, () => {
    const entries = Object.entries(packages).filter(([at]) => at !== "");
    assert.deepEqual(
      entries.filter(([, { resolved }]) => resolved !== undefined),
      [],
    );
    assert.deepEqual(
      entries.filter(([, { integrity }]) => integrity === undefined),
      [],
    );
  });
}

test("the agents that are tested are those that are installed for people", () => {
  const versions = Object.fromEntries(
    Object.entries(packagesOf("test/agents/package-lock.json")).map(([at, { version }]) => [
      at.slice(MODULES),
      version,
    ]),
  );
  for (const { packages, version } of installationsOf(toAgents(HEAVY), AT_MODAL))
    for (const one of packages) assert.equal(versions[one.slice(0, one.lastIndexOf("@"))], version, one);
});

const MODULES = "node_modules/".length;
const HEAVY = [{ name: "claude" }, { name: "codex" }, { name: "opencode" }];
