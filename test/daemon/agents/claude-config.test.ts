/** What the daemon looks up in the folder of Claude's, in which Claude may have put anything. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { conversation } from "../../../src/daemon/agents/claude-config.ts";

test("a conversation is gone on with where there is one, and links that lead in circles hold nobody up", async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), "claude-config-"));
  t.after(() => rmSync(stateDir, { recursive: true }));
  const context = { stateDir, keysDir: stateDir, cwd: "/work", sessionId: "s-1", model: undefined, env: {} };
  const asks = () =>
    conversation({ ...context, wrap: (command, args) => ({ command, args }), report() {}, exited() {} });
  assert.deepEqual(await asks(), ["--session-id", "s-1"]);
  const place = join(stateDir, "config/projects/-work");
  mkdirSync(place, { recursive: true });
  for (const name of ["a", "b", "c"]) symlinkSync(".", join(place, name));
  assert.deepEqual(await asks(), ["--session-id", "s-1"]);
  writeFileSync(join(place, "s-1.jsonl"), "");
  assert.deepEqual(await asks(), ["--resume", "s-1"]);
});
