/** What an agent says beside its protocol: it is found in the log while it lives, and in its last words when it is gone. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { agentFactories } from "../../../src/daemon/agents/registry.ts";
import { newFolder, startDaemon, turnEnded } from "../running-daemon.ts";

/** Says many things that are no protocol, and dies of the last. */
const CRASHING = `#!${process.execPath}
for (let line = 1; line <= 25; line++) console.log("loading plugin " + line + " with sk-ant-the-key-of-the-test");
process.stderr.write("on stderr\\n");
setTimeout(() => process.stdout.write("Segmentation fault", () => process.exit(139)), 50);
`;

test("the first stray lines of an agent are logged, and the last are told when it dies", {
  timeout: 60_000,
}, async (t) => {
  const folder = newFolder(t);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "pi"), CRASHING);
  chmodSync(join(bin, "pi"), 0o755);
  const daemon = await startDaemon(t, {
    agents: agentFactories,
    config: { agentKind: "pi", agentBaseEnv: { HOME: folder, PATH: bin } },
  });
  await daemon.post("/credentials", { version: "1", llm: { anthropicApiKey: "sk-ant-the-key-of-the-test" } });
  await daemon.prompt("GO", { id: "p1" });
  const events = await daemon.until(turnEnded("p1"));
  const exited = events.find((event) => event.type === "agent.exited");
  assert.ok(exited?.type === "agent.exited");
  assert.match(exited.stderrTail, /loading plugin 25 with \[secret\][\s\S]*on stderr[\s\S]*Segmentation fault/);
  const ended = events.at(-1);
  assert.ok(ended?.type === "turn.ended");
  assert.match(ended.failure?.detail ?? "", /Segmentation fault/);
  const said = daemon.logged.map((line) => JSON.parse(line)).filter(({ what }) => what.startsWith("agent.said"));
  assert.equal(said.length, 21);
  assert.deepEqual([said[0].agent, said[0].line], ["pi", "loading plugin 1 with [secret]"]);
  assert.deepEqual([said[20].what, said[20].lines], ["agent.said-more", 6]);
});
