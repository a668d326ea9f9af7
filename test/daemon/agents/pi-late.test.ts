/**
 * A message that reaches pi's queue just after its last look at it. No true model can be made to hit that moment, so here a stand-in for
 * the pi command speaks its protocol and takes its time where it matters.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AgentContext } from "../../../src/daemon/agents/agent.ts";
import { createPi } from "../../../src/daemon/agents/pi.ts";

/** Settles at the moment when somebody speaks, with the words still in its queue; answers every further prompt by echoing it. */
const STAND_IN = `#!/usr/bin/env node
import { createInterface } from "node:readline";
const say = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
let prompts = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { id, type, message } = JSON.parse(line);
  if (type === "steer") {
    say({ type: "queue_update", steering: [message], followUp: [] });
    say({ type: "agent_settled" });
  }
  if (type === "clear_queue") say({ type: "queue_update", steering: [], followUp: [] });
  say({ id, type: "response", command: type, success: true });
  if (type !== "prompt" || ++prompts === 1) continue;
  const content = [{ type: "text", text: "Answer to: " + message }];
  say({ type: "message_start", message: { role: "assistant" } });
  say({ type: "message_end", message: { role: "assistant", content, stopReason: "stop" } });
  say({ type: "agent_settled" });
}
`;

test("a message that came too late for the run, but was taken, is a prompt of its own before the outcome", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "late-")));
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
  writeFileSync(join(root, "pi"), STAND_IN, { mode: 0o755 });
  mkdirSync(join(root, "state"));
  const context: AgentContext = {
    cwd: root,
    stateDir: join(root, "state"),
    keysDir: join(root, "keys"),
    sessionId: "late",
    model: undefined,
    env: { PATH: root, ANTHROPIC_API_KEY: "key" },
    wrap: (command, args) => ({ command, args }),
    report: () => {},
    exited: () => assert.fail("It did not have to end."),
  };
  const agent = createPi(context);
  const prompt = agent.prompt("first");
  assert.equal(await agent.steer("and one more thing"), true);
  const { outcome, answer } = await prompt;
  assert.deepEqual({ outcome, answer }, { outcome: "done", answer: "Answer to: and one more thing" });
  await agent.close();
  rmSync(root, { recursive: true });
});
