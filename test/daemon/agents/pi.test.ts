/** pi's adapter: the contract of every agent with the true binary, and what is peculiar to pi. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createPi } from "../../../src/daemon/agents/pi.ts";
import { agentFactories } from "../../../src/daemon/agents/registry.ts";
import { AGENT_KINDS } from "../../../src/wire/agents.ts";
import { agentContract } from "../../contracts/agent.ts";
import { type AgentUnderTest, makeWorld, until, type World } from "../../contracts/agent-bench.ts";
import { runsAsAnotherUser } from "../../contracts/another-user.ts";

const BIN = join(dirname(fileURLToPath(import.meta.url)), "../../../node_modules/.bin");

const pi: AgentUnderTest = {
  create: (context) => createPi(context, { maxRetries: 1, baseDelayMs: 1 }),
  env: (modelUrl) => ({
    PATH: `${BIN}:/usr/local/bin:/usr/bin:/bin`,
    ANTHROPIC_API_KEY: "key-of-the-test",
    ANTHROPIC_BASE_URL: modelUrl,
  }),
  runs: (command) => ({ name: "bash", arguments: { command } }),
  asks: (question, options, otherwise) => ({ name: "ask", arguments: { question, options, default: otherwise } }),
  ownVariables: /^(PI_\w+|AI_AGENT)=/,
};

agentContract("pi", pi);
runsAsAnotherUser("pi", pi, process.execPath);

async function inWorld(check: (world: World) => Promise<void>): Promise<void> {
  const world = await makeWorld(pi);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

test("every kind of agent is in the registry", () => {
  assert.deepEqual(Object.keys(agentFactories).toSorted(), AGENT_KINDS.toSorted());
});

test("pi speaks to OpenAI as well, with a model that its catalogue does not know", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "HELLO" }, { content: "Hi.", usage: { input_tokens: 7, output_tokens: 3 } });
    const { PATH } = pi.env("") as { PATH: string };
    const env = { PATH, OPENAI_API_KEY: "key", OPENAI_BASE_URL: `${world.model.url}/v1` };
    const { agent } = world.bench({ env, model: "openai/house-model-1" });
    const outcome = await agent.prompt("HELLO");
    assert.equal(outcome.answer, "Hi.");
    assert.deepEqual([outcome.usage.inputTokens, outcome.usage.outputTokens], [7, 3]);
    // pi prices it like its default model of that provider, which is nobody's price.
    assert.deepEqual([outcome.usage.model, outcome.usage.pricedBy], ["house-model-1", "nobody"]);
    assert.deepEqual(
      world.model.getRequests().map((request) => [request.path, request.body?.model]),
      [["/v1/responses", "house-model-1"]],
    );
  }));

test("what a turn has cost is pi's own figure for a model of its catalogue", () =>
  inWorld(async (world) => {
    world.model.on(
      { userMessage: "HELLO" },
      { content: "Hi.", usage: { input_tokens: 1_000_000, output_tokens: 100_000 } },
    );
    const { usage } = await world.bench({ model: "anthropic/claude-sonnet-5" }).agent.prompt("HELLO");
    assert.deepEqual([usage.model, usage.pricedBy, usage.costUsd], ["claude-sonnet-5", undefined, 3]);
  }));

test("without a choice it is the provider's usual model", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "HELLO" }, { content: "Hi." });
    await world.bench().agent.prompt("HELLO");
    assert.equal(world.model.getLastRequest()?.body?.model, "claude-sonnet-5");
  }));

test("edited files are named from the folder of the work", () =>
  inWorld(async (world) => {
    const { agent, cwd, reports, path } = world.bench();
    const write = { path: join(cwd, "src/add.js"), content: "export {};\n" };
    const toolCalls = [{ name: "write", arguments: JSON.stringify(write) }];
    world.model.on({ userMessage: "ADD", hasToolResult: false }, { content: "", toolCalls });
    world.model.on({ userMessage: "ADD", hasToolResult: true }, { content: "Added." });
    await agent.prompt("ADD it");
    const started = reports.find((report) => report.type === "tool.started");
    assert.equal(started?.title, "write src/add.js");
    assert.deepEqual(JSON.parse(started?.input ?? ""), write);
    assert.equal(readFileSync(path("src/add.js"), "utf8"), "export {};\n");
  }));

test("thinking is told apart from words", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "THINK" }, { content: "So.", reasoning: "Let me see." });
    const { agent, reports } = world.bench();
    await agent.prompt("THINK");
    assert.deepEqual(
      reports.filter((report) => report.type === "thinking" || report.type === "text"),
      [
        { type: "thinking", message: 1, text: "Let me see." },
        { type: "text", message: 1, text: "So." },
      ],
    );
  }));

test("what pi itself tells is there as it came, but for pieces of words, the system prompt and what says it all again", () =>
  inWorld(async (world) => {
    const toolCalls = [{ name: "bash", arguments: JSON.stringify({ command: "echo hello" }) }];
    world.model.on({ userMessage: "RAW", hasToolResult: false }, { content: "On it.", toolCalls });
    world.model.on({ userMessage: "RAW", hasToolResult: true }, { content: "Done." });
    const { agent, reports } = world.bench();
    await agent.prompt("RAW");
    const raw = reports.flatMap((report) => (report.type === "raw" ? [report] : []));
    assert.deepEqual(
      raw.map(({ native, line }) => [native, JSON.parse(line).message?.role ?? null]),
      [
        ["agent_start", null],
        ["turn_start", null],
        ["message_end", "user"],
        ["message_end", "assistant"],
        ["tool_execution_start", null],
        ["tool_execution_end", null],
        ["message_end", "toolResult"],
        ["turn_end", "assistant"],
        ["turn_start", null],
        ["message_end", "assistant"],
        ["turn_end", "assistant"],
        ["agent_settled", null],
      ],
    );
    const order = reports.map((report) => (report.type === "raw" ? report.native : report.type));
    assert.equal(order.indexOf("tool.started"), order.indexOf("tool_execution_start") + 1);
  }));

test("a retry is told with its reason", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "TRY" }, { content: "Worked." });
    world.model.nextRequestError(500, { message: "busy", type: "api_error" });
    const { agent, reports } = world.bench();
    assert.equal((await agent.prompt("TRY")).answer, "Worked.");
    assert.deepEqual(
      reports.filter((report) => report.type === "retrying"),
      [{ type: "retrying", attempt: 1, delayMs: 1, reason: "500: busy" }],
    );
  }));

test("words that begin with a slash are words, not commands of pi", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "/llama" }, { content: "An animal." });
    assert.equal((await world.bench().agent.prompt("/llama")).answer, "An animal.");
  }));

test("a project's own settings and extensions are not loaded", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "HELLO" }, { content: "Hi." });
    const { agent, path } = world.bench();
    mkdirSync(path(".pi/extensions"), { recursive: true });
    const plant = `import { writeFileSync } from "node:fs"; export default () => writeFileSync("planted", "");`;
    writeFileSync(path(".pi/extensions/plant.ts"), plant);
    await agent.prompt("HELLO");
    assert.equal(existsSync(path("planted")), false);
  }));

test("a server that an earlier prompt left running survives the abort of a later one, and ends with the agent", () =>
  inWorld(async (world) => {
    const call = (command: string) => [{ name: "bash", arguments: JSON.stringify({ command }) }];
    world.model.on(
      { userMessage: "SERVE", hasToolResult: false },
      { content: "", toolCalls: call("setsid sleep 600 > /dev/null 2>&1 & echo $! > server.pid") },
    );
    world.model.on({ userMessage: "SERVE", hasToolResult: true }, { content: "Serving." });
    world.model.on(
      { userMessage: "WAIT", hasToolResult: false },
      { content: "", toolCalls: call("touch started; sleep 60") },
    );
    const { agent, path, processes } = world.bench();
    await agent.prompt("SERVE");
    const server = Number(readFileSync(path("server.pid"), "utf8"));
    const prompt = agent.prompt("WAIT");
    await until(() => existsSync(path("started")), "the tool runs");
    await agent.abort(10_000);
    await prompt;
    assert.equal(processes().includes(server), true);
    await agent.close();
    assert.deepEqual(processes(), []);
  }));

test("a model of a provider without a key, and of one that does not exist, is agent.no-model", () =>
  inWorld(async (world) => {
    for (const model of ["openai/gpt-5.5", "nobody/knows-it"]) {
      const outcome = await world.bench({ model }).agent.prompt("HELLO");
      assert.deepEqual([model, outcome.failure?.code], [model, "agent.no-model"]);
    }
  }));
