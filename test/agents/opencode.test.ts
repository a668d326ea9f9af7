/** OpenCode's adapter: the contract of every agent with the true binary. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { createOpencode } from "../../src/daemon/agents/opencode.ts";
import { agentContract } from "../contracts/agent.ts";
import { type AgentUnderTest, makeWorld, STEP, type World } from "../contracts/agent-bench.ts";
import { binary } from "./binaries.ts";

const FOLDER = dirname(binary("opencode"));

const opencode: AgentUnderTest = {
  create: (context) => createOpencode(context, 1_500),
  env: (modelUrl) => ({
    PATH: `${FOLDER}:/usr/local/bin:/usr/bin:/bin`,
    ANTHROPIC_API_KEY: "key-of-the-test",
    ANTHROPIC_BASE_URL: modelUrl,
  }),
  runs: (command) => ({ name: "bash", arguments: { command, description: "A step" } }),
  asks: (question, options) => ({
    name: "question",
    arguments: {
      questions: [{ question, header: "Choice", options: options.map((label) => ({ label, description: label })) }],
    },
  }),
  cannot: {
    "the model hears that nobody answered, with Postgres default": "its question has no place for a default",
  },
  ownVariables: /^(OPENCODE\w*|AGENT|npm_config_\w+|TERM)=/,
};

agentContract("opencode", opencode);

async function inWorld(check: (world: World) => Promise<void>): Promise<void> {
  const world = await makeWorld(opencode);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

/** A sub-agent is a conversation of its own beside ours. */
function delegates(world: World): void {
  const call = { description: "A part", prompt: "SUBTASK", subagent_type: "general" };
  const toolCalls = [{ name: "task", arguments: JSON.stringify(call) }];
  world.model.on({ userMessage: "HELLO", hasToolResult: false }, { content: "I let it be done.", toolCalls, ...STEP });
  world.model.on({ userMessage: "HELLO", hasToolResult: true }, { content: "It is done.", ...STEP });
}

test("what a sub-agent costs counts, and what it says is no answer", () =>
  inWorld(async (world) => {
    delegates(world);
    world.model.on({ userMessage: "SUBTASK" }, { content: "The part is done.", ...STEP });
    const { outcome, answer, usage } = await world.bench().agent.prompt("HELLO");
    assert.deepEqual({ outcome, answer }, { outcome: "done", answer: "It is done." });
    assert.deepEqual([usage.inputTokens, usage.outputTokens], [300, 30]);
  }));

test("a sub-agent that failed fails no turn that came to its answer", () =>
  inWorld(async (world) => {
    delegates(world);
    world.model.on({ userMessage: "SUBTASK" }, { error: { message: "No such model", type: "invalid" }, status: 400 });
    const { outcome, answer } = await world.bench().agent.prompt("HELLO");
    assert.deepEqual({ outcome, answer }, { outcome: "done", answer: "It is done." });
  }));
