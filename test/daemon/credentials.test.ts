/** Secrets reach the agent and git, and nobody else: not the journal, not the log, not the agent's view of the daemon. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createCredentials, type GitCredentials } from "../../src/daemon/credentials.ts";
import { createRedactor } from "../../src/daemon/redactor.ts";
import { handWoundClock } from "../clock.ts";
import { newFolder, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent } from "./scripted-agent.ts";
import { scriptedCheckout } from "./scripted-checkout.ts";

const KEY = "sk-ant-0123456789";
const TOKEN = "ghp_abcdefghijklmnop";

test("the runbook's body is taken, and the agent gets the keys in an environment built from nothing", async (t) => {
  process.env.SANDBOX_DAEMON_JWT_SECRET = "must-not-be-inherited";
  t.after(() => delete process.env.SANDBOX_DAEMON_JWT_SECRET);
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  const answer = await daemon.post("/credentials", {
    version: "experiment",
    llm: { openaiApiKey: KEY },
    github: { token: TOKEN },
    extra: { env: { NODE_ENV: "test", SANDBOX_DAEMON_PORT: "1" } },
  });
  assert.deepEqual([answer.status, answer.body], [200, { ok: true }]);
  await daemon.prompt("Go", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(agent.made[0]?.env, {
    HOME: daemon.folder,
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    TERM: "dumb",
    OPENAI_API_KEY: KEY,
    NODE_ENV: "test",
    ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.bareRepository", GIT_CONFIG_VALUE_0: "explicit" },
  });
});

test("an agent gets the environment that the team gives it, and the next one does not", async (t) => {
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  const init = (name: string, env?: Record<string, string>) =>
    daemon.post("/init", { workspace: { repos: [] }, agent: { kind: "scripted", name, ...(env ? { env } : {}) } });
  await init("fast", { SPEED: "high" });
  await daemon.prompt("Go", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  await init("plain");
  await daemon.prompt("Go", { id: "p2" });
  await daemon.until(turnEnded("p2"));
  assert.deepEqual(
    agent.made.map(({ env }) => env.SPEED),
    ["high", undefined],
  );
});

test("other keys give the agent a new process with the same conversation, once it is idle", async (t) => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const keys: unknown[] = [];
  const agent = scriptedAgent(async ({ context }) => {
    keys.push(context.env.ANTHROPIC_API_KEY);
    begun.resolve();
    await release.promise;
    return done();
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  await daemon.post("/credentials", { version: "1", llm: { anthropicApiKey: KEY } });
  await daemon.prompt("One", { id: "p1" });
  await begun.promise;
  await daemon.post("/credentials", { version: "2", llm: { anthropicApiKey: `${KEY}-new` } });
  await daemon.post("/credentials", { version: "3", llm: { anthropicApiKey: `${KEY}-new` }, github: { token: TOKEN } });
  assert.equal(agent.closed, 0);
  release.resolve();
  await daemon.until(turnEnded("p1"));
  await daemon.prompt("Two", { id: "p2" });
  await daemon.until(turnEnded("p2"));
  assert.equal(agent.closed, 1);
  const [first, second] = agent.made;
  assert.deepEqual([keys, agent.made.length], [[KEY, `${KEY}-new`], 2]);
  assert.equal(second?.sessionId, first?.sessionId);
});

test("a new token for git only leaves the agent running, and git gets it", async (t) => {
  let git: GitCredentials | undefined;
  const checkout = scriptedCheckout();
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, {
    agents: { scripted: agent.factory },
    checkout: (spec, options) => {
      git = options.credentials;
      return checkout.make(spec, options);
    },
  });
  await daemon.post("/init", { workspace: { repos: [{ id: "a", source: "github:acme/api", path: "api" }] } });
  assert.equal(git?.find("https://github.com"), null);
  await daemon.post("/credentials", { version: "1", github: { token: TOKEN } });
  await daemon.prompt("One", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  await daemon.post("/credentials", { version: "2", github: { token: "ghp_rotated_rotated" } });
  await daemon.prompt("Two", { id: "p2" });
  await daemon.until(turnEnded("p2"));
  assert.deepEqual(git?.find("https://github.com"), { username: "x-access-token", password: "ghp_rotated_rotated" });
  assert.deepEqual([agent.made.length, agent.closed], [1, 0]);
});

test("credentials are found by origin and forgotten when they expire", (t) => {
  const clock = handWoundClock(1_000);
  const credentials = createCredentials({ dir: newFolder(t), initial: {}, redactor: createRedactor(), clock });
  credentials.replace({
    version: "1",
    git: [
      { origin: "https://Git.Example:443/", username: "bot", password: "password-1", expiresAt: 2_000 },
      { origin: "http://127.0.0.1:9000", username: "bot", password: "password-2" },
    ],
  });
  assert.deepEqual(credentials.find("https://git.example"), { username: "bot", password: "password-1" });
  assert.deepEqual(credentials.find("http://127.0.0.1:9000"), { username: "bot", password: "password-2" });
  assert.equal(credentials.find("http://git.example"), null);
  assert.equal(credentials.find("ssh://git.example"), null);
  clock.advance(1_000);
  assert.equal(credentials.find("https://git.example"), null);
});

test("the keys of models outlive the daemon in files that only it can read; git's do not", async (t) => {
  const agent = scriptedAgent();
  const first = await startDaemon(t, { agents: { scripted: agent.factory } });
  await first.post("/credentials", { version: "1", llm: { anthropicApiKey: KEY }, github: { token: TOKEN } });
  await first.close();
  const keys = join(first.folder, "state", "keys", "daemon");
  assert.deepEqual(readdirSync(keys), ["ANTHROPIC_API_KEY"]);
  assert.equal(statSync(join(keys, "ANTHROPIC_API_KEY")).mode & 0o777, 0o600);
  assert.equal(statSync(join(first.folder, "state")).mode & 0o777, 0o700);

  const second = await startDaemon(t, { agents: { scripted: agent.factory }, folder: first.folder });
  await second.prompt("Go", { id: "p1" });
  await second.until(turnEnded("p1"));
  assert.equal(agent.made[0]?.env.ANTHROPIC_API_KEY, KEY);
  await second.post("/credentials", { version: "2" });
  assert.deepEqual(readdirSync(keys), []);
});

test("no secret reaches the journal or the log, whole or in pieces", async (t) => {
  const agent = scriptedAgent(({ context }) => {
    for (const text of ["The key is ", KEY.slice(0, 9), KEY.slice(9), ", the token "]) {
      context.report({ type: "text", message: 1, text });
    }
    // Long enough to be written in two pieces, the secret across the seam.
    context.report({ type: "text", message: 2, text: "x".repeat(1_995) + TOKEN.slice(0, 10) });
    context.report({ type: "text", message: 2, text: `${TOKEN.slice(10)} was it` });
    const input = JSON.stringify({ command: `curl -H 'authorization: ${TOKEN}'` });
    context.report({ type: "tool.started", call: "c1", tool: "bash", title: `echo ${KEY}`, input });
    const output = `${"y".repeat(7_990)}${KEY}${"z".repeat(20_000)}`;
    context.report({ type: "tool.ended", call: "c1", tool: "bash", ok: true, output, cut: false, durationMs: 1 });
    throw new Error(`cannot reach https://x-access-token:${TOKEN}@github.com`);
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  const credentials = { version: "1", llm: { anthropicApiKey: KEY }, github: { token: TOKEN } };
  await daemon.post("/credentials", credentials);
  await daemon.prompt(`Use ${TOKEN}`, { id: "p1" });
  const events = await daemon.until(turnEnded("p1"));
  const told = JSON.stringify(events) + daemon.logged.join("");
  for (const piece of [KEY, TOKEN, KEY.slice(0, 12), TOKEN.slice(0, 12), KEY.slice(5), TOKEN.slice(5)]) {
    assert.ok(!told.includes(piece), `"${piece}" was told`);
  }
  assert.deepEqual(events[1], { type: "turn.started", turn: "p1", prompt: "Use [secret]" });
  assert.deepEqual(events[2], { type: "text", turn: "p1", message: 1, text: "The key is [secret], the token " });
  await daemon.close();
  const wal = readFileSync(join(daemon.folder, "state", "journal.db")).toString("latin1");
  assert.ok(!wal.includes(KEY));
});

test("a login of which only the beginning is on disk is none: the daemon comes up, and is given another", (t) => {
  const dir = newFolder(t);
  const redactor = createRedactor();
  const options = { dir, initial: {}, redactor, clock: handWoundClock() };
  const login = { accessToken: "a-long-token-of-somebody" };
  createCredentials(options).replace({ version: "1", logins: { claude: login } });
  const file = join(dir, "login-claude.json");
  assert.deepEqual(readdirSync(dir), ["login-claude.json"]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileSync(file, readFileSync(file, "utf8").slice(0, 9));
  const credentials = createCredentials(options);
  assert.equal(credentials.loginFile("claude"), undefined);
  credentials.replace({ version: "1", logins: { claude: login } });
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), login);
});
