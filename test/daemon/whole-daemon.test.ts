/** The daemon as a sandbox has it: the bundle in a process of its own, the true pi, the true git. Only the model is a script. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import { clientOf, newFolder, SECRET, sign, turnEnded } from "./running-daemon.ts";
import { startBundle } from "./started-bundle.ts";

const BIN = join(import.meta.dirname, "../../node_modules/.bin");

const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();

/** A remote with one commit on main. */
function makeRemote(folder: string): string {
  const remote = join(folder, "remote.git");
  const seed = join(folder, "seed");
  git("init", "-q", "-b", "main", seed);
  const as = ["-C", seed, "-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  git(...as, "commit", "-q", "--allow-empty", "-m", "Begin");
  git("clone", "-q", "--bare", seed, remote);
  return remote;
}

async function makeModel(t: TestContext): Promise<LLMock> {
  const model = new LLMock({ port: 0 });
  await model.start();
  t.after(() => model.stop());
  return model;
}

async function start(t: TestContext, folder: string, model: LLMock) {
  mkdirSync(join(folder, "state"), { recursive: true });
  const daemon = await startBundle(t, folder, {
    PATH: `${BIN}:/usr/local/bin:/usr/bin:/bin`,
    SANDBOX_DAEMON_WORKSPACE_ROOT: join(folder, "workspace"),
    SANDBOX_DAEMON_STATE_DIR: join(folder, "state"),
    SANDBOX_DAEMON_JWT_SECRET: SECRET,
  });
  const client = clientOf(daemon.url, () => sign({ scope: "control" }));
  await client.post("/credentials", {
    version: "1",
    llm: { anthropicApiKey: "sk-ant-the-key-of-the-test", anthropicBaseUrl: model.url },
  });
  return { ...client, stop: daemon.stop };
}

test("a prompt becomes a pushed branch, and the conversation goes on after a restart", {
  timeout: 240_000,
}, async (t) => {
  const folder = newFolder(t);
  const remote = makeRemote(folder);
  const model = await makeModel(t);
  const write = { command: "echo 'export const one = 1;' > one.js; env" };
  model.on(
    { userMessage: "WRITE", hasToolResult: false },
    { content: "I write it.", toolCalls: [{ name: "bash", arguments: JSON.stringify(write) }] },
  );
  model.on({ userMessage: "WRITE", hasToolResult: true }, { content: "There is a one now." });
  model.on({ userMessage: "AGAIN" }, { content: "I remember." });
  const init = {
    workspace: { repos: [{ id: "api", source: `file://${remote}`, path: "api", branch: "bot/one", base: "main" }] },
    identity: { name: "Bot", email: "bot@example.com" },
  };

  const first = await start(t, folder, model);
  assert.equal((await first.post("/init", init)).status, 202);
  await first.prompt("WRITE the one", { id: "p1", coAuthors: [{ name: "Ann", email: "ann@example.com" }] });
  const events = await first.until(turnEnded("p1"));
  const ended = events.at(-1);
  assert.ok(ended?.type === "turn.ended");
  assert.deepEqual(
    [ended.outcome, ended.failure, ended.answer, ended.branch, ended.changes],
    ["done", undefined, "There is a one now.", "bot/one", { files: 1, insertions: 1, deletions: 0 }],
  );
  assert.equal(git("-C", remote, "rev-parse", "bot/one"), ended.commit);
  assert.equal(git("-C", remote, "show", "bot/one:one.js"), "export const one = 1;");
  assert.match(
    git("-C", remote, "log", "-1", "--format=%an|%s|%b", "bot/one"),
    /^Bot\|WRITE the one\|[\s\S]*Co-authored-by: Ann <ann@example\.com>/,
  );

  const tool = events.find((event) => event.type === "tool.ended");
  assert.ok(tool?.type === "tool.ended" && tool.ok && tool.output.includes("PATH="));
  for (const ours of ["SANDBOX_DAEMON", SECRET, "sk-ant"]) assert.ok(!tool.output.includes(ours), ours);
  assert.equal(await first.stop(), 0);

  const second = await start(t, folder, model);
  await second.post("/init", init);
  await second.prompt("AGAIN please", { id: "p2" });
  const again = (await second.until(turnEnded("p2"))).at(-1);
  assert.ok(again?.type === "turn.ended" && again.outcome === "done" && again.answer === "I remember.");
  assert.match(JSON.stringify(model.getLastRequest()?.body), /WRITE the one/);
  assert.equal(await second.stop(), 0);
});

test("the agent asks, somebody answers, and what came of it is pushed once it may be", {
  timeout: 240_000,
}, async (t) => {
  const folder = newFolder(t);
  const remote = makeRemote(folder);
  const model = await makeModel(t);
  const ask = { question: "Which database?", options: ["Postgres", "SQLite"] };
  const call = (name: string, input: object) => [{ name, arguments: JSON.stringify(input) }];
  const step = (turnIndex: number) => ({ userMessage: "STORE", turnIndex });
  model.on(step(0), { content: "", toolCalls: call("ask", ask) });
  model.on(step(1), { content: "", toolCalls: call("bash", { command: "echo SQLite > db.txt" }) });
  model.on(step(2), { content: "Stored." });
  const daemon = await start(t, folder, model);
  const repo = { id: "api", source: `file://${remote}`, path: "api", branch: "bot/db", base: "main" };
  await daemon.post("/init", { workspace: { repos: [repo] } });
  await daemon.prompt("STORE it", { id: "p1", publish: "ask" });

  const asked = (await daemon.until((event) => event.type === "question.asked")).at(-1);
  assert.ok(asked?.type === "question.asked");
  assert.deepEqual([asked.text, asked.options, asked.deadlineMs], [ask.question, ask.options, 30 * 60_000]);
  await daemon.post("/answer", { question: asked.question, answer: "sqlite" });
  await daemon.until((event) => event.type === "push.asked");
  assert.match(JSON.stringify(model.getLastRequest()?.body), /"SQLite"/);
  assert.equal(git("-C", remote, "branch", "--list"), "* main");

  await daemon.post("/publish", { turn: "p1", allowed: true });
  const ended = (await daemon.until(turnEnded("p1"))).at(-1);
  assert.ok(ended?.type === "turn.ended" && ended.outcome === "done" && ended.answer === "Stored.");
  assert.equal(git("-C", remote, "show", "bot/db:db.txt"), "SQLite");
  assert.equal(await daemon.stop(), 0);
});

test("a stop ends the agent's tools, and the same conversation takes the next prompt", {
  timeout: 240_000,
}, async (t) => {
  const folder = newFolder(t);
  const model = await makeModel(t);
  const sleep = [{ name: "bash", arguments: JSON.stringify({ command: "echo started; sleep 600" }) }];
  model.on({ userMessage: "SLEEP", hasToolResult: false }, { content: "", toolCalls: sleep });
  model.on({ userMessage: "WAKE" }, { content: "Awake." });
  const daemon = await start(t, folder, model);
  await daemon.prompt("SLEEP", { id: "p1" });
  await daemon.until((event) => event.type === "tool.started");
  assert.equal((await daemon.post("/abort", {})).body.outcome, "stopped");
  const stopped = (await daemon.replay()).at(-1)?.event;
  assert.ok(stopped?.type === "turn.ended" && stopped.outcome === "stopped");

  await daemon.prompt("WAKE up", { id: "p2" });
  const ended = (await daemon.until(turnEnded("p2"))).at(-1);
  assert.ok(ended?.type === "turn.ended" && ended.answer === "Awake.");
  assert.equal(await daemon.stop(), 0);
});

test("a model that refuses the key is a failed turn, not an empty answer", { timeout: 240_000 }, async (t) => {
  const model = await makeModel(t);
  model.on(
    { userMessage: "GO" },
    { error: { message: "invalid x-api-key", type: "authentication_error" }, status: 401 },
  );
  const daemon = await start(t, newFolder(t), model);
  await daemon.prompt("GO", { id: "p1" });
  const ended = (await daemon.until(turnEnded("p1"))).at(-1);
  assert.ok(ended?.type === "turn.ended");
  assert.deepEqual([ended.outcome, ended.failure?.code], ["failed", "model.unauthorized"]);
  assert.equal(await daemon.stop(), 0);
});
