/** Other keys and logins while a sandbox works: who is told, who is started anew, and what never gets in. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import type { AgentFactory } from "../../src/daemon/agents/agent.ts";
import { placeLogin } from "../../src/daemon/agents/own-files.ts";
import { listTree } from "../../src/daemon/agents/process-tree.ts";
import { agentFactories } from "../../src/daemon/agents/registry.ts";
import { AGENT_KINDS, AGENT_TAKES } from "../../src/wire/agents.ts";
import { startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent } from "./scripted-agent.ts";

const BIN = join(import.meta.dirname, "../../node_modules/.bin");
const [FIRST, SECOND, THIRD] = ["sk-ant-the-first-key-0001", "sk-ant-the-second-key-002", "sk-ant-the-third-key-0003"];

/** The scripted model behind a door that notes with which key each request came. */
async function watchedModel(t: TestContext) {
  const model = new LLMock({ port: 0 });
  await model.start();
  const keys: unknown[] = [];
  const door = createServer((asked, answer) => {
    keys.push(asked.headers["x-api-key"]);
    const url = new URL(asked.url ?? "/", model.url);
    const onward = request(
      url,
      { method: asked.method ?? "GET", headers: { ...asked.headers, host: url.host } },
      (from) => {
        answer.writeHead(from.statusCode ?? 500, from.headers);
        from.pipe(answer);
      },
    );
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    door.closeAllConnections();
    await new Promise((resolve) => door.close(resolve));
    await model.stop();
  });
  return { model, keys, url: `http://127.0.0.1:${(door.address() as AddressInfo).port}` };
}

test("pi goes on as the same process with a key that changes during a prompt and between two", {
  timeout: 120_000,
}, async (t) => {
  const { model, keys, url } = await watchedModel(t);
  const daemon = await startDaemon(t, {
    agents: agentFactories,
    config: { agentKind: "pi", agentBaseEnv: { HOME: "/nonexistent", PATH: `${BIN}:/usr/bin:/bin`, LANG: "C.UTF-8" } },
  });
  const hand = (key: string) =>
    daemon.post("/credentials", { version: "1", llm: { anthropicApiKey: key, anthropicBaseUrl: url } });
  const go = join(daemon.folder, "go");
  const wait = JSON.stringify({ command: `until [ -e ${go} ]; do sleep 0.05; done` });
  model.on(
    { userMessage: "ONE", hasToolResult: false },
    { content: "I wait.", toolCalls: [{ name: "bash", arguments: wait }] },
  );
  model.on({ userMessage: "ONE", hasToolResult: true }, { content: "One." });
  model.on({ userMessage: "TWO" }, { content: "Two." });
  const mark = { environment: { PI_CODING_AGENT_DIR: join(daemon.folder, "state/agents/pi/agent") } };
  const eldest = () => Math.min(...listTree(mark).map(({ pid }) => pid));

  await hand(FIRST);
  await daemon.prompt("ONE", { id: "p1" });
  await daemon.until((event) => event.type === "tool.started");
  const before = eldest();
  await hand(SECOND);
  const keyFile = join(daemon.folder, "state/keys/agents/pi/anthropic.key");
  while (readFileSync(keyFile, "utf8") !== SECOND) await new Promise((resolve) => setImmediate(resolve));
  writeFileSync(go, "");
  await daemon.until(turnEnded("p1"));
  await hand(THIRD);
  await daemon.prompt("TWO", { id: "p2" });
  const ended = (await daemon.until(turnEnded("p2"))).at(-1);

  assert.ok(ended?.type === "turn.ended" && ended.answer === "Two.");
  assert.deepEqual(keys, [FIRST, SECOND, THIRD]);
  assert.equal(eldest(), before);
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
});

test("a key that comes with another base URL is not told to an agent that speaks to the old one", async (t) => {
  const running = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const scripted = scriptedAgent(async () => {
    running.resolve();
    await goOn.promise;
    return done();
  });
  let told = 0;
  const renewing: AgentFactory = (context) => ({ ...scripted.factory(context), renew: async () => void told++ });
  const daemon = await startDaemon(t, { agents: { codex: renewing }, config: { agentKind: "codex" } });
  const hand = (openaiApiKey: string, port: number) =>
    daemon.post("/credentials", { version: "1", llm: { openaiApiKey, openaiBaseUrl: `http://127.0.0.1:${port}` } });
  await hand(FIRST, 1);
  await daemon.prompt("One", { id: "p1" });
  await running.promise;
  await hand(SECOND, 1);
  assert.equal(told, 1);
  await hand(THIRD, 2);
  assert.equal(told, 1);
  goOn.resolve();
  await daemon.until(turnEnded("p1"));
  assert.equal(scripted.made.length, 1);
  await daemon.prompt("Two", { id: "p2" });
  await daemon.until(turnEnded("p2"));
  assert.deepEqual([scripted.made.length, told], [2, 1]);
});

test("the table tells the truth: who is said to be told of other keys can be told of them", () => {
  for (const kind of AGENT_KINDS) {
    const factories: Partial<Record<string, AgentFactory>> = agentFactories;
    const agent = factories[kind]?.({
      ...{ cwd: "/", stateDir: "/nonexistent", keysDir: "/nonexistent", sessionId: "s", model: undefined, env: {} },
      wrap: (command, args) => ({ command, args }),
      report() {},
      exited() {},
    });
    if (agent) assert.equal(agent.renew ? "file" : "restart", AGENT_TAKES[kind].renewed, kind);
  }
});

test("an agent gets the keys that it takes and no others, and starts anew for another base URL, not for another's key", async (t) => {
  const codex = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { codex: codex.factory }, config: { agentKind: "codex" } });
  const turn = async (id: string, llm: object) => {
    await daemon.post("/credentials", { version: "1", llm });
    await daemon.prompt("Go", { id });
    await daemon.until(turnEnded(id));
  };
  const keys = { anthropicApiKey: FIRST, openaiApiKey: SECOND };
  await turn("p1", keys);
  assert.deepEqual([codex.made[0]?.env.ANTHROPIC_API_KEY, codex.made[0]?.env.OPENAI_API_KEY], [undefined, SECOND]);
  await turn("p2", { ...keys, anthropicApiKey: THIRD });
  assert.equal(codex.made.length, 1);
  await turn("p3", { ...keys, openaiBaseUrl: "http://127.0.0.1:1" });
  assert.equal(codex.made.length, 2);
});

const LOGIN = {
  auth_mode: "chatgpt",
  tokens: { access_token: "an-access-token-of-somebody", refresh_token: "a-refresh-token-of-somebody" },
  last_refresh: "2026-11-20T10:00:00Z",
};

test("a login lies where the agent looks for it, without what renews it; a fresher one reaches the next prompt", async (t) => {
  const codex = scriptedAgent(async ({ context }) => {
    const home = join(context.stateDir, "home");
    await placeLogin(context, home, "auth.json");
    const text = existsSync(join(home, "auth.json")) ? readFileSync(join(home, "auth.json"), "utf8") : "nothing";
    context.report({ type: "text", message: 1, text: `I have ${text}` });
    return done();
  });
  const daemon = await startDaemon(t, { agents: { codex: codex.factory }, config: { agentKind: "codex" } });
  const turn = async (id: string, login: object | null) => {
    const logins = login ? { logins: { codex: login, pi: login } } : {};
    await daemon.post("/credentials", { version: "1", llm: { openaiApiKey: FIRST }, ...logins });
    await daemon.prompt("Go", { id });
    await daemon.until(turnEnded(id));
  };
  const placed = join(daemon.folder, "state/agents/codex/home/auth.json");
  await turn("p1", LOGIN);
  const blanked = { ...LOGIN, tokens: { ...LOGIN.tokens, refresh_token: "" } };
  assert.deepEqual(JSON.parse(readFileSync(placed, "utf8")), blanked);
  assert.equal(statSync(placed).mode & 0o777, 0o600);
  assert.equal(readlinkSync(placed), join(daemon.folder, "state/keys/agents/codex/login.json"));
  await turn("p2", { ...LOGIN, tokens: { ...LOGIN.tokens, access_token: "a-fresher-token-of-somebody" } });
  assert.equal(JSON.parse(readFileSync(placed, "utf8")).tokens.access_token, "a-fresher-token-of-somebody");
  assert.equal(codex.made.length, 2);
  const told = JSON.stringify(await daemon.replay()) + daemon.logged.join("");
  for (const secret of ["an-access-token", "a-fresher-token", "a-refresh-token"])
    assert.ok(!told.includes(secret), secret);
  assert.match(told, /I have/);
  const files = readdirSync(join(daemon.folder, "state/keys/daemon"));
  assert.deepEqual(files, ["OPENAI_API_KEY", "login-codex.json"]);
  assert.equal(codex.made[1]?.env.OPENAI_API_KEY, undefined);
  await turn("p3", null);
  assert.deepEqual([codex.made[2]?.loginFile, codex.made[2]?.env.OPENAI_API_KEY], [undefined, FIRST]);
  for (const left of ["agents/codex/home", "keys/agents/codex"])
    assert.deepEqual(readdirSync(join(daemon.folder, "state", left)), []);
});
