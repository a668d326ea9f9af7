/** Which agent and which model a turn gets: what was said, the repository's own, the asker's, the bot's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { initFor } from "../../src/engine/send.ts";
import { plain } from "../core/story.ts";

const deps = {
  forge: { identity: async () => ({ name: "bot", email: "bot@example.com" }), credential: async () => null },
  settings: { agent: "pi", agents: [], model: "bots/own", models: {} },
};
const mine = { agent: "mine", model: "mine/model" };
const cases: [string, object, object, { kind: string; model: string }][] = [
  ["the bot's own where nobody says anything", {}, {}, { kind: "pi", model: "bots/own" }],
  ["the asker's before the bot's", { preferred: mine }, {}, { kind: "mine", model: "mine/model" }],
  ["the repository's before the asker's", { preferred: mine }, { agent: "a", model: "m" }, { kind: "a", model: "m" }],
  [
    "what was said before all of them",
    { preferred: mine, agent: "said", model: "said/model" },
    { agent: "a", model: "m" },
    { kind: "said", model: "said/model" },
  ],
];
for (const [name, session, repository, expected] of cases)
  test(`#26 agent and model: ${name}`, async () => {
    const { agent } = await initFor(
      deps,
      { agent: null, model: null, ...session },
      { repository: { ...plain, ...repository } },
    );
    assert.deepEqual(agent, expected);
  });
