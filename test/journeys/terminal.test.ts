import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DEMO_ASK, testBranch } from "../../src/cli/demo-repository.ts";
import { startWorld, type World } from "../world.ts";
import { fixesTheTest } from "./scripts.ts";

let world: World;

before(async () => {
  world = await startWorld({ scripts: [fixesTheTest] });
});
after(() => world.stop());

test("somebody asks, and gets an answer and a branch on which the test passes", async () => {
  await world.bot.inbox.receive({
    dedupe: "terminal:1",
    keys: ["api:terminal/t1"],
    thread: { surface: "terminal", id: "t1" },
    author: { surface: "terminal", id: "1", name: "alice", git: { name: "Alice", email: "alice@example.com" } },
    text: DEMO_ASK,
    addressed: true,
    at: Date.now(),
    message: "1",
  });
  await world.settled();
  const [session] = await world.sessions.list(1);
  const [turn] = await world.sessions.turns(session?.id ?? "");
  assert.equal(turn?.result?.failure, undefined);
  assert.equal(turn?.result?.answer, "`add` subtracted. It adds now, and the test passes.");
  assert.equal(turn?.result?.branch, session?.work?.branch);
  assert.equal((await testBranch(world.remote.url, "main")).passed, false);
  assert.equal((await testBranch(world.remote.url, turn?.result?.branch ?? "")).passed, true);
  assert.match(world.printed(), /It adds now, and the test passes/);
});
