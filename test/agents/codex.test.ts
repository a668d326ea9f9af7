/** Codex's adapter: the contract of every agent with the true binary, and what is peculiar to codex. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { createCodex } from "../../src/daemon/agents/codex.ts";
import { agentContract } from "../contracts/agent.ts";
import { type AgentUnderTest, makeWorld, STEP, until, type World } from "../contracts/agent-bench.ts";
import { binary } from "./binaries.ts";

const HIDDEN = "codex puts a sentence of its own in the place of the provider's";

const codex: AgentUnderTest = {
  create: (context) => createCodex(context, { requests: 0, streams: 1 }),
  env: (modelUrl) => ({
    PATH: `${dirname(binary("codex"))}:/usr/local/bin:/usr/bin:/bin`,
    OPENAI_API_KEY: "key-of-the-test",
    OPENAI_BASE_URL: modelUrl,
  }),
  runs: (command) => ({ name: "exec_command", arguments: { cmd: command } }),
  asks: (question, options, otherwise) => ({ name: "ask", arguments: { question, options, default: otherwise } }),
  ownVariables: /^(CODEX_\w+|NO_COLOR|COLORTERM|TERM|LANG|LC_\w+|(GH_|GIT_)?PAGER)=/,
  cannot: {
    "the provider's 429 is told in its own words": HIDDEN,
    "the provider's 500 is told in its own words": HIDDEN,
  },
};

agentContract("codex", codex);

async function inWorld(check: (world: World) => Promise<void>): Promise<void> {
  const world = await makeWorld(codex);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

test("a conversation that was taken up again still has the tool that asks people", () =>
  inWorld(async (world) => {
    const toolCalls = [{ name: "ask", arguments: JSON.stringify({ question: "Which?" }) }];
    world.model.on({ userMessage: "FIRST" }, { content: "One.", ...STEP });
    world.model.on({ userMessage: "STORE", hasToolResult: false }, { content: "", toolCalls, ...STEP });
    world.model.on({ userMessage: "STORE", hasToolResult: true }, { content: "Stored.", ...STEP });
    const { agent, reports } = world.bench();
    const first = await agent.prompt("FIRST");
    await agent.close();
    const prompt = agent.prompt("STORE");
    await until(() => reports.some((report) => report.type === "asked"), "it asks");
    const asked = reports.find((report) => report.type === "asked");
    agent.answer(asked?.question ?? "", "this one");
    const second = await prompt;
    assert.deepEqual([second.answer, second.forgot], ["Stored.", undefined]);
    assert.deepEqual([first.usage.inputTokens, second.usage.inputTokens], [100, 200]);
  }));

test("a project's own settings run nothing", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "HELLO" }, { content: "Hi.", ...STEP });
    const { agent, path } = world.bench();
    mkdirSync(path(".git"));
    mkdirSync(path(".codex"));
    const server = `[mcp_servers.plant]\ncommand = "touch"\nargs = [${JSON.stringify(path("planted"))}]\n`;
    const hook = `[[hooks.SessionStart]]\n[[hooks.SessionStart.hooks]]\ntype = "command"\ncommand = "touch ${path("hooked")}"\n`;
    writeFileSync(
      path(".codex/config.toml"),
      `notify = ["touch", ${JSON.stringify(path("notified"))}]\n${server}${hook}`,
    );
    assert.equal((await agent.prompt("HELLO")).answer, "Hi.");
    assert.deepEqual(
      ["planted", "hooked", "notified"].map((name) => existsSync(path(name))),
      [false, false, false],
    );
  }));

test("a retry is told with its reason", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "TRY" }, { content: "Worked.", ...STEP });
    world.model.nextRequestError(429, { message: "busy", type: "rate_limit" });
    const { agent, reports } = world.bench();
    assert.equal((await agent.prompt("TRY")).answer, "Worked.");
    const retry = reports.find((report) => report.type === "retrying");
    assert.equal(retry?.attempt, 1);
    assert.match(retry?.reason ?? "", /429/);
  }));
