/** Everything that came from a process ends with it, and nothing else does. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { killTree, listTree } from "../../../src/daemon/agents/process-tree.ts";

const skip = process.platform !== "linux" && "needs /proc";

/** Says a line when all of its children are there. */
async function start(script: string, mark: Record<string, string>): Promise<ChildProcess> {
  const env = { PATH: "/usr/bin:/bin", ...mark };
  const child = spawn("sh", ["-c", script], { env, stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  return child;
}

test("children in sessions of their own end with the root", { skip }, async (t) => {
  const child = await start("setsid sleep 600 & (sleep 601 & sleep 602) & echo up; wait", {});
  t.after(() => killTree({ pid: child.pid }));
  // The inner shell starts its own two after it was started itself, which is when the outer one speaks.
  while (listTree({ pid: child.pid }).length < 4) await new Promise((resolve) => setImmediate(resolve));
  await killTree({ pid: child.pid });
  assert.deepEqual(listTree({ pid: child.pid }), []);
});

test("an orphan is found by its environment, and what is kept stays", { skip }, async (t) => {
  const mark = { TREE_TEST: randomUUID() };
  t.after(() => killTree({ environment: mark }));
  const child = await start("setsid sleep 600 > /dev/null & sleep 601 > /dev/null & echo up", mark);
  if (child.exitCode === null) await once(child, "exit");
  const [kept, ...others] = listTree({ environment: mark });
  assert.ok(kept);
  assert.equal(others.length, 1);
  await killTree({ environment: mark }, [kept]);
  assert.deepEqual(listTree({ environment: mark }), [kept]);
  await killTree({ environment: mark });
  assert.deepEqual(listTree({ environment: mark }), []);
});

test("processes that multiply while they are killed end, too", { skip }, async () => {
  const mark = { TREE_TEST: randomUUID() };
  const multiply = 'f() { sleep 0.01; sh -c "$0" "$0" & sleep 600 & wait; }; echo up; f';
  await start(`exec sh -c '${multiply}' '${multiply}'`, mark);
  await killTree({ environment: mark });
  assert.deepEqual(listTree({ environment: mark }), []);
});

test("this very process is never part of a tree", () => {
  assert.deepEqual(
    listTree({ pid: process.pid }).filter((row) => row.pid === process.pid),
    [],
  );
});
