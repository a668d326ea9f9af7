/** What codex tells, as literal lines of `codex app-server` 0.169.0, and what becomes of it. The true binary is in test/agents. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AgentContext, AgentReport } from "../../../src/daemon/agents/agent.ts";
import { codexLaunch, codexModel, writeCodexFiles } from "../../../src/daemon/agents/codex-config.ts";
import { codexFailure } from "../../../src/daemon/agents/codex-failure.ts";
import { commandIn } from "../../../src/daemon/agents/codex-items.ts";
import { CodexNotification } from "../../../src/daemon/agents/codex-protocol.ts";
import { CodexTurn } from "../../../src/daemon/agents/codex-turn.ts";

const line = (method: string, params: object) =>
  CodexNotification.parse({ method, params: { threadId: "t", turnId: "u", ...params } });

function turn(): { turn: CodexTurn; reports: AgentReport[] } {
  const reports: AgentReport[] = [];
  const report = (one: AgentReport) => reports.push(one);
  return { turn: new CodexTurn({ cwd: "/work", report }, "gpt-5.5"), reports };
}

test("thoughts and words of one message have one number, and the words after a tool another", () => {
  const { turn: folding, reports } = turn();
  const command = { type: "commandExecution", id: "call_1", command: "/bin/bash -c 'echo hi'", status: "inProgress" };
  folding.take(line("item/reasoning/summaryTextDelta", { delta: "hm" }));
  folding.take(line("item/agentMessage/delta", { itemId: "m1", delta: "On " }));
  folding.take(line("item/agentMessage/delta", { itemId: "m1", delta: "it." }));
  folding.take(line("item/completed", { item: { type: "agentMessage", id: "m1", text: "On it." } }));
  folding.take(line("item/started", { item: command }));
  const done = { ...command, status: "completed", aggregatedOutput: "hi\n", exitCode: 0 };
  folding.take(line("item/completed", { item: done }));
  folding.take(line("item/completed", { item: { type: "agentMessage", id: "m2", text: "Done." } }));
  const told = reports.map((report) => (report.type === "tool.ended" ? { ...report, durationMs: 0 } : report));
  const tool = { call: "call_1", tool: "exec_command" };
  assert.deepEqual(told, [
    { type: "thinking", message: 1, text: "hm" },
    { type: "text", message: 1, text: "On " },
    { type: "text", message: 1, text: "it." },
    { type: "tool.started", ...tool, title: "echo hi", input: '{"command":"echo hi"}' },
    { type: "tool.ended", ...tool, ok: true, output: "hi\n", cut: false, durationMs: 0 },
    { type: "text", message: 2, text: "Done." },
  ]);
  assert.equal(folding.outcome({ turn: { id: "u", status: "completed" } }).answer, "Done.");
});

test("files are named from where the work is, and a tool that nobody ended has failed", () => {
  const { turn: folding, reports } = turn();
  const changes = [{ path: "/work/src/a.js", diff: "+1" }, { path: "/etc/motd" }];
  folding.take(line("item/started", { item: { type: "fileChange", id: "f", changes, status: "inProgress" } }));
  assert.equal(folding.pathsOf("f"), "/work/src/a.js\n/etc/motd");
  assert.equal(folding.outcome({ turn: { id: "u", status: "interrupted" } }).outcome, "stopped");
  const [started, ended] = reports;
  assert.equal(started?.type === "tool.started" && started.title, "edit src/a.js /etc/motd");
  assert.equal(ended?.type === "tool.ended" && ended.ok, false);
});

test("tokens are told with the cache's share, the model, and that nobody says what they cost", () => {
  const { turn: folding } = turn();
  folding.spend({ inputTokens: 100, cachedInputTokens: 80, cacheWriteInputTokens: 5, outputTokens: 10 });
  folding.spend({ inputTokens: 50, cachedInputTokens: 0, cacheWriteInputTokens: 0, outputTokens: 1 });
  assert.deepEqual(folding.outcome({ turn: { id: "u", status: "completed" } }).usage, {
    inputTokens: 150,
    outputTokens: 11,
    cacheReadTokens: 80,
    cacheWriteTokens: 5,
    costUsd: 0,
    model: "gpt-5.5",
    pricedBy: "nobody",
  });
});

for (const [told, code] of [
  [{ message: "no", codexErrorInfo: { httpConnectionFailed: { httpStatusCode: 401 } } }, "model.unauthorized"],
  [{ message: "no", codexErrorInfo: { responseTooManyFailedAttempts: { httpStatusCode: 429 } } }, "model.rate-limited"],
  [{ message: "no", codexErrorInfo: { responseStreamDisconnected: { httpStatusCode: null } } }, "model.unavailable"],
  [{ message: "no", codexErrorInfo: "internalServerError" }, "model.unavailable"],
  [{ message: "no", codexErrorInfo: "usageLimitExceeded" }, "model.rate-limited"],
  [{ message: "no", codexErrorInfo: "unauthorized" }, "model.unauthorized"],
  [{ message: '{"error":{"message":"no"}}', codexErrorInfo: "other" }, "model.failed"],
  [{ message: "no", codexErrorInfo: { somethingNew: true } }, "model.failed"],
] as const)
  test(`${JSON.stringify(told.codexErrorInfo)} is ${code}`, () => {
    assert.deepEqual(codexFailure(told), { code, detail: "no" });
  });

for (const [line, command] of [
  ["/bin/bash -c 'echo hi; env | sort'", "echo hi; env | sort"],
  ["/bin/bash -lc ls", "ls"],
  [`/usr/bin/zsh -c "it's \\"\\$HOME\\""`, `it's "$HOME"`],
  [`bash -c 'a '"'"'b'"'"`, "a 'b'"],
  ["bash -c one two", "bash -c one two"],
  ["python3 -c 'print(1)'", "python3 -c 'print(1)'"],
] as const)
  test(`people read ${line} as ${command}`, () => {
    assert.equal(commandIn(line), command);
  });

test("without an OpenAI key, or with a model of somebody else, there is no model", () => {
  const env = { OPENAI_API_KEY: "key" };
  assert.equal(codexModel({ model: undefined, env }), "gpt-5.5");
  assert.equal(codexModel({ model: "openai/gpt-5", env }), "gpt-5");
  assert.equal(codexModel({ model: "anthropic/claude-sonnet-5", env }), null);
  assert.equal(codexModel({ model: undefined, env: {} }), null);
});

test("the key is in a file that only its owner reads, and neither in codex's environment nor in its settings", async () => {
  const root = mkdtempSync(join(tmpdir(), "codex-"));
  try {
    mkdirSync(join(root, "state"));
    const context: AgentContext = {
      ...{ cwd: "/work", stateDir: join(root, "state"), keysDir: join(root, "keys"), sessionId: "s", model: undefined },
      env: { PATH: "/bin", OPENAI_API_KEY: "secret-key", OPENAI_BASE_URL: "https://models.example" },
      wrap: (command, args) => ({ command, args }),
      report: () => {},
      exited: () => {},
    };
    const launch = codexLaunch(context, "gpt-5.5", { requests: 3, streams: 3 });
    await writeCodexFiles(context, launch);
    const settings = readFileSync(join(root, "state/codex/config.toml"), "utf8");
    assert.match(settings, /base_url = "https:\/\/models\.example\/v1"/);
    assert.match(settings, /\[projects\."\/work"\]\ntrust_level = "untrusted"/);
    assert.doesNotMatch(settings + JSON.stringify(launch), /secret-key/);
    assert.equal(readFileSync(join(root, "keys/openai.key"), "utf8"), "secret-key");
    assert.equal(statSync(join(root, "keys/openai.key")).mode & 0o777, 0o600);
  } finally {
    rmSync(root, { recursive: true });
  }
});
