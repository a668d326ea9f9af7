/** What an agent says beside its protocol: it is found in the log while it lives, and in its last words when it is gone. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { agentFactories } from "../../../src/daemon/agents/registry.ts";
import { newFolder, startDaemon, turnEnded } from "../running-daemon.ts";

/** Says many things that are no protocol, and dies of the last. */
const CRASHING = `#!${process.execPath}
for (let line = 1; line <= 25; line++) console.log("loading plugin " + line + " with sk-ant-the-key-of-the-test");
process.stderr.write("on stderr\\n");
setTimeout(() => process.stdout.write("Segmentation fault", () => process.exit(139)), 50);
`;

/** Each of its two lines is cut within the key. */
const CUT = `#!${process.execPath}
const key = "a-key-without-any-look-0123456789";
process.stdout.write("x".repeat(290) + key + "\\n" + key + "y".repeat(3_990) + "\\n", () => process.exit(1));
`;

async function crash(t: TestContext, program: string) {
  const folder = newFolder(t);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "pi"), program);
  chmodSync(join(bin, "pi"), 0o755);
  const daemon = await startDaemon(t, {
    agents: agentFactories,
    config: { agentKind: "pi", agentBaseEnv: { HOME: folder, PATH: bin } },
  });
  const anthropicApiKey = program === CUT ? "a-key-without-any-look-0123456789" : "sk-ant-the-key-of-the-test";
  await daemon.post("/credentials", { version: "1", llm: { anthropicApiKey } });
  await daemon.prompt("GO", { id: "p1" });
  const events = await daemon.until(turnEnded("p1"));
  const exited = events.find((event) => event.type === "agent.exited");
  assert.ok(exited?.type === "agent.exited");
  return { daemon, events, exited };
}

test("no half of a key stays where what an agent says is cut", { timeout: 60_000 }, async (t) => {
  const { daemon, exited } = await crash(t, CUT);
  assert.match(exited.stderrTail, /y{3000}\n$/);
  assert.equal(exited.stderrTail.length, 4_000);
  const told = exited.stderrTail + daemon.logged.join("");
  for (const half of ["a-key-wi", "23456789"]) assert.ok(!told.includes(half), half);
});

test("the first stray lines of an agent are logged, and the last are told when it dies", {
  timeout: 60_000,
}, async (t) => {
  const { daemon, events, exited } = await crash(t, CRASHING);
  assert.match(exited.stderrTail, /loading plugin 25 with \[secret\][\s\S]*on stderr[\s\S]*Segmentation fault/);
  const ended = events.at(-1);
  assert.ok(ended?.type === "turn.ended");
  assert.match(ended.failure?.detail ?? "", /Segmentation fault/);
  const said = daemon.logged.map((line) => JSON.parse(line)).filter(({ what }) => what.startsWith("agent.said"));
  assert.equal(said.length, 21);
  assert.deepEqual([said[0].agent, said[0].line], ["pi", "loading plugin 1 with [secret]"]);
  assert.deepEqual([said[20].what, said[20].lines], ["agent.said-more", 6]);
});
