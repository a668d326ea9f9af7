import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
const { packages } = Lock.parse(JSON.parse(readFileSync("package-lock.json", "utf8")));

// npm leaves out what the machine that wrote the file cannot use, and `npm ci` then refuses on every machine.
test("the lockfile holds the optional packages of every platform", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
      .map((name) => `${path || "package.json"} wants ${name}`),
  );
  assert.deepEqual(missing, []);
});

test("the lockfile names no host, and every package by its hash", () => {
  const entries = Object.entries(packages).filter(([path]) => path !== "");
  assert.deepEqual(
    entries.filter(([, { resolved }]) => resolved !== undefined),
    [],
  );
  assert.deepEqual(
    entries.filter(([, { integrity }]) => integrity === undefined),
    [],
  );
});
