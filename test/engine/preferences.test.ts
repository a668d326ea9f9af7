/** Which agent and which model a turn gets: what was said, the repository's own, the asker's, the bot's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TeamAgent } from "../../src/core/agents.ts";
import { initFor } from "../../src/engine/send.ts";
import type { AgentRequest } from "../../src/wire/routes.ts";
import { plain, slackThread } from "../core/story.ts";

const agents: TeamAgent[] = [
  { name: "pi", kind: "pi" },
  { name: "mine", kind: "claude" },
  { name: "a", kind: "opencode" },
  { name: "channels", kind: "codex" },
  { name: "said", kind: "acp", command: ["said", "--acp"] },
];
const deps = {
  forge: { identity: async () => ({ name: "bot", email: "bot@example.com" }), credential: async () => null },
  settings: {
    ...{ agent: "pi", model: "bots/own", models: {}, agents },
    channelAgents: [{ channels: ["C1"], agent: "channels", model: "channels/model" }],
  },
};
const mine = { agent: "mine", model: "mine/model" };
const cases: [string, object, object, AgentRequest][] = [
  ["the bot's own where nobody says anything", {}, {}, { kind: "pi", model: "bots/own" }],
  ["the asker's before the bot's", { preferred: mine }, {}, { kind: "claude", name: "mine", model: "mine/model" }],
  [
    "the repository's before the asker's",
    { preferred: mine },
    { agent: "a", model: "m" },
    { kind: "opencode", name: "a", model: "m" },
  ],
  [
    "the channel's before the asker's",
    { preferred: mine, thread: slackThread },
    {},
    { kind: "codex", name: "channels", model: "channels/model" },
  ],
  [
    "what was said before all of them",
    { preferred: mine, agent: "said", model: "said/model" },
    { agent: "a", model: "m" },
    { kind: "acp", name: "said", model: "said/model", command: ["said", "--acp"] },
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
