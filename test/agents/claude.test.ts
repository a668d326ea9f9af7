/** Claude Code's adapter: the contract of every agent with the true binary, and what is peculiar to it. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { createClaude } from "../../src/daemon/agents/claude.ts";
import { agentContract } from "../contracts/agent.ts";
import { type AgentUnderTest, makeWorld, STEP, script, until, type World } from "../contracts/agent-bench.ts";
import { runsAsAnotherUser } from "../contracts/another-user.ts";
import { binary } from "./binaries.ts";
import { openFront } from "./claude-front.ts";

const PROGRAM = binary("claude");
const front = await openFront();
after(() => front.close());

const claude: AgentUnderTest = {
  create: (context) => createClaude(context, 1),
  env: (modelUrl) => ({
    PATH: `${dirname(PROGRAM)}:/usr/local/bin:/usr/bin:/bin`,
    ANTHROPIC_API_KEY: "key-of-the-test",
    ANTHROPIC_BASE_URL: front.urlFor(modelUrl),
  }),
  runs: (command) => ({ name: "Bash", arguments: { command, description: "A step" } }),
  asks(question, options, otherwise) {
    const label = (option: string) => (option === otherwise ? `${option} (Recommended)` : option);
    const offered = options.map((option) => ({ label: label(option), description: "" }));
    const questions = [{ question, header: "Choice", options: offered, multiSelect: false }];
    return { name: "AskUserQuestion", arguments: { questions } };
  },
  ownVariables:
    /^(CLAUDE\w*|ANTHROPIC_BASE_URL|AI_AGENT|IS_SANDBOX|SHELL|GIT_EDITOR|COREPACK_\w+|NoDefaultCurrentDirectoryInExePath)=/,
};

agentContract("claude", claude);
runsAsAnotherUser("Claude", claude, PROGRAM);

async function inWorld(check: (world: World) => Promise<void>): Promise<void> {
  const world = await makeWorld(claude);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

const hello = (world: World) => world.model.on({ userMessage: "HELLO" }, { content: "Hi.", ...STEP });

test("a repository's own settings, hooks and servers start nothing, and what it says to agents is read", () =>
  inWorld(async (world) => {
    script(world, claude, "HELLO", "true", "Hi.");
    const { agent, path } = world.bench();
    const hooks = [{ hooks: [{ type: "command", command: "touch planted" }] }];
    const settings = {
      hooks: { SessionStart: hooks, UserPromptSubmit: hooks, PreToolUse: hooks },
      apiKeyHelper: "touch planted",
      env: { PLANTED: "1" },
    };
    mkdirSync(path(".claude"));
    for (const name of ["settings.json", "settings.local.json"]) {
      writeFileSync(path(join(".claude", name)), JSON.stringify(settings));
    }
    writeFileSync(path(".mcp.json"), '{"mcpServers":{"plant":{"command":"touch","args":["planted"]}}}');
    writeFileSync(path("CLAUDE.md"), "Speak of the heron.");
    writeFileSync(path("AGENTS.md"), "Speak of the otter.");
    assert.equal((await agent.prompt("HELLO")).answer, "Hi.");
    assert.equal(existsSync(path("planted")), false);
    for (const said of [/heron/, /otter/]) assert.match(world.asked()[0] ?? "", said);
  }));

test("words that begin with a slash are words, and a name with an @ puts no file before the model", () =>
  inWorld(async (world) => {
    world.model.on({ userMessage: "/clear" }, { content: "Nothing was.", ...STEP });
    const { agent, path } = world.bench();
    writeFileSync(path("secret.txt"), "the heron");
    assert.equal((await agent.prompt("/clear @secret.txt")).answer, "Nothing was.");
    assert.doesNotMatch(world.asked()[0] ?? "", /heron/);
  }));

test("the key lies in a file for the agent alone, and another one is used without a restart", () =>
  inWorld(async (world) => {
    script(world, claude, "WHO", "echo $CLAUDE_PID", "Me.");
    const env = { ...claude.env(world.model.url), ANTHROPIC_API_KEY: "first-key" };
    const { agent, cwd, reports } = world.bench({ env });
    assert.equal((await agent.prompt("WHO")).answer, "Me.");
    const file = join(cwd, "../keys/anthropic.key");
    assert.deepEqual([readFileSync(file, "utf8"), statSync(file).mode & 0o777], ["first-key", 0o600]);
    front.refuse("first-key");
    env.ANTHROPIC_API_KEY = "second-key";
    assert.equal((await agent.prompt("WHO")).answer, "Me.");
    const [before, later] = reports.flatMap((report) => (report.type === "tool.ended" ? report.output : []));
    assert.equal(later, before);
  }));

test("a model is Claude's own choice, or Anthropic's by name; others are agent.no-model", () =>
  inWorld(async (world) => {
    hello(world);
    for (const [model, used] of [
      [undefined, "claude-opus-5-5"],
      ["claude-house-1", "claude-house-1"],
      ["anthropic/claude-house-2", "claude-house-2"],
    ] as const) {
      const { usage } = await world.bench({ model }).agent.prompt("HELLO");
      assert.deepEqual([usage.model, world.model.getLastRequest()?.body?.model], [used, used]);
    }
    const { failure } = await world.bench({ model: "openai/gpt-5.5" }).agent.prompt("HELLO");
    assert.equal(failure?.code, "agent.no-model");
    assert.equal(failure?.detail, "Claude Code works with Anthropic's models, and not with openai/gpt-5.5.");
  }));

test("every line of Claude's own is kept, but for pieces of words", () =>
  inWorld(async (world) => {
    script(world, claude, "HELLO", "echo kept", "Hi.");
    const { agent, reports } = world.bench();
    await agent.prompt("HELLO");
    const told = reports.flatMap((report) => (report.type === "raw" ? [report] : []));
    const names = new Set(told.map(({ native }) => native));
    for (const name of ["system.init", "assistant", "user", "result.success", "command_lifecycle"]) {
      assert.ok(names.has(name), name);
    }
    assert.equal(names.has("stream_event"), false);
    for (const { line } of told) assert.equal(typeof JSON.parse(line), "object");
  }));

test("abort while Claude still starts ends the prompt, and the same process takes the next one", () =>
  inWorld(async (world) => {
    hello(world);
    const { agent, processes, exits } = world.bench();
    const prompt = agent.prompt("HELLO");
    await until(() => processes().length > 0, "it starts");
    const [started] = processes();
    await agent.abort(10_000);
    assert.equal((await prompt).outcome, "stopped");
    assert.equal((await agent.prompt("HELLO")).answer, "Hi.");
    assert.deepEqual([processes()[0], exits], [started, []]);
  }));

test("what Claude leaves running on purpose survives the abort of a later prompt, and ends with the agent", () =>
  inWorld(async (world) => {
    script(world, claude, "SERVE", "setsid sleep 600 > /dev/null 2>&1 & echo $! > server.pid", "Serving.");
    script(world, claude, "WAIT", "touch started; sleep 60", "Waited.");
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

test("a process that goes on with a conversation tells only what itself has spent, however the one before it ended", () =>
  inWorld(async (world) => {
    hello(world);
    const { agent, processes, exits } = world.bench();
    const first = await agent.prompt("HELLO");
    const again = await agent.prompt("HELLO");
    await agent.close();
    const resumed = await agent.prompt("HELLO");
    process.kill(processes()[0] ?? 0, "SIGKILL");
    await until(() => exits.length === 1, "it is gone");
    const afterDeath = await agent.prompt("HELLO");
    for (const { usage } of [again, resumed, afterDeath]) assert.deepEqual(usage, first.usage);
  }));
