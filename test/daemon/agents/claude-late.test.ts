/**
 * What no true Claude Code can be made to do at a certain moment: words that reach it just after its last look, a version that does not
 * tell what becomes of them, and output that is none of its protocol. A stand-in for its command speaks that protocol here.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Agent, AgentReport } from "../../../src/daemon/agents/agent.ts";
import { createClaude } from "../../../src/daemon/agents/claude.ts";

/** Ends a round at the moment when somebody speaks, and takes what was said as a round of its own. */
const STAND_IN = `#!/usr/bin/env node
import { createInterface } from "node:readline";
const tells = process.env.TELLS === "1";
const say = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
const lives = (command_uuid, state) => tells && say({ type: "command_lifecycle", command_uuid, state });
const round = (uuid, text) => {
  say({ type: "assistant", message: { id: uuid, model: "m", content: [{ type: "text", text: "Answer to: " + text }] }, parent_tool_use_id: null });
  say({ type: "result", is_error: false, terminal_reason: "completed", modelUsage: {} });
  lives(uuid, "completed");
};
let waiting = null;
console.log("a warning of some library");
for await (const line of createInterface({ input: process.stdin })) {
  const { uuid, message } = JSON.parse(line);
  const { text } = message.content[0];
  lives(uuid, "queued");
  if (waiting) round(...waiting);
  lives(uuid, "started");
  say({ type: "system", subtype: "init" });
  if (!waiting && tells) waiting = [uuid, text];
  else round(uuid, text);
}
`;

async function withStandIn(tells: "0" | "1", check: (agent: Agent, reports: AgentReport[]) => Promise<void>) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "late-")));
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
  writeFileSync(join(root, "claude"), STAND_IN, { mode: 0o755 });
  mkdirSync(join(root, "state"));
  const reports: AgentReport[] = [];
  const agent = createClaude({
    cwd: root,
    stateDir: join(root, "state"),
    keysDir: join(root, "keys"),
    sessionId: "late",
    model: undefined,
    env: { PATH: root, ANTHROPIC_API_KEY: "key", TELLS: tells },
    wrap: (command, args) => ({ command, args }),
    report: (report) => reports.push(report),
    exited: () => assert.fail("It did not have to end."),
  });
  try {
    await check(agent, reports);
  } finally {
    await agent.close();
    rmSync(root, { recursive: true });
  }
}

test("a message that came too late for the round, but was taken, is answered before the outcome", () =>
  withStandIn("1", async (agent) => {
    const prompt = agent.prompt("first");
    assert.equal(await agent.steer("and one more thing"), true);
    const { outcome, answer } = await prompt;
    assert.deepEqual({ outcome, answer }, { outcome: "done", answer: "Answer to: and one more thing" });
  }));

test("to a version that does not tell what becomes of words nothing is added, and its result is the end", () =>
  withStandIn("0", async (agent) => {
    const prompt = agent.prompt("first");
    assert.equal(await agent.steer("and one more thing"), false);
    assert.equal((await prompt).answer, "Answer to: first");
    assert.equal((await agent.prompt("second")).answer, "Answer to: second");
  }));

test("what is no line of the protocol is kept as it stands", () =>
  withStandIn("0", async (agent, reports) => {
    await agent.prompt("first");
    const text = reports.filter((report) => report.type === "raw" && report.native === "text");
    assert.deepEqual(text, [{ type: "raw", native: "text", line: "a warning of some library" }]);
  }));
