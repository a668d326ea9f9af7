/** What /init says of a commit gets to the clone; what the clone has to say of it gets to the agent, and to people at the end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent } from "./scripted-agent.ts";
import { scriptedCheckout } from "./scripted-checkout.ts";

const PIN = "a".repeat(40);
const repo = (more: object) => ({
  id: "api",
  source: "https://git.example/acme/api",
  path: "api",
  branch: "bot/fix",
  ...more,
});
const init = (more: object) => ({ workspace: { repos: [repo(more)] } });

test("the commit and its pull request are handed on, and remarks are told: to the agent first, to people last", async (t) => {
  const checkout = scriptedCheckout();
  const remarks = () => ({ agent: ["Mind the copies."], people: ["Asked at aaa."], from: PIN });
  const agent = scriptedAgent(() => done("Fixed it."));
  const daemon = await startDaemon(t, {
    agents: { scripted: agent.factory },
    checkout: (spec, options) => ({ ...checkout.make(spec, options), remarks }),
  });
  await daemon.post("/init", init({ pin: PIN, pull: 7 }));
  await daemon.prompt("Fix it", { id: "p1" });
  const ended = (await daemon.until(turnEnded("p1"))).at(-1);
  assert.ok(ended?.type === "turn.ended");
  assert.deepEqual([checkout.specs.at(-1)?.pin, checkout.specs.at(-1)?.pull], [PIN, 7]);
  assert.deepEqual(agent.messages, ["Mind the copies.\n\nFix it"]);
  assert.equal(ended.answer, "Fixed it.\n\n> Asked at aaa.");
  assert.deepEqual(ended.own, { from: PIN, patch: null });
});

test("GitHub's embedded bare repository: the agent's git takes no folder of the work tree for a repository", async (t) => {
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  await daemon.prompt("Look", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  const { GIT_CONFIG_COUNT, GIT_CONFIG_KEY_0, GIT_CONFIG_VALUE_0 } = agent.made[0]?.env ?? {};
  assert.deepEqual([GIT_CONFIG_COUNT, GIT_CONFIG_KEY_0, GIT_CONFIG_VALUE_0], ["1", "safe.bareRepository", "explicit"]);
});

for (const pin of ["main", "--upload-pack=evil", "a".repeat(39), "A".repeat(40)])
  test(`argument injection: ${pin} is no commit`, async (t) => {
    const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory } });
    assert.equal((await daemon.post("/init", init({ pin }))).status, 400);
  });
