/** What an agent promises that runs as another user than the daemon: it is stopped there, with its tools, and has its key there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type AgentUnderTest, DEADLINE_MS, makeWorld, STEP, script, until } from "./agent-bench.ts";

const RUNUSER = "/usr/sbin/runuser";
const NOBODY = 65_534;

/** `program`: what that user has to be able to run. */
export function runsAsAnotherUser(name: string, it: AgentUnderTest, program: string): void {
  const sentence = `${name} runs as another user, is stopped there, and reads its key there`;
  test(sentence, { skip: withoutAnotherUser(program) }, async () => {
    const world = await makeWorld(it);
    try {
      script(world, it, "SLEEP", "id -u > draft; mv draft started; sleep 60", "Slept.");
      world.model.on({ userMessage: "NEXT" }, { content: "Next.", ...STEP });
      const { agent, path, processes, cwd } = world.bench({
        wrap: (command, args) => ({ command: RUNUSER, args: ["-u", "nobody", "--", command, ...args] }),
      });
      const folder = dirname(cwd);
      chmodSync(dirname(folder), 0o755);
      for (const owned of [folder, cwd, join(folder, "state")]) chownSync(owned, NOBODY, NOBODY);
      const prompt = agent.prompt("SLEEP");
      await until(() => existsSync(path("started")), "the tool runs");
      assert.equal(readFileSync(path("started"), "utf8"), `${NOBODY}\n`);
      await agent.abort(DEADLINE_MS);
      assert.equal((await prompt).outcome, "stopped");
      assert.equal((await agent.prompt("NEXT")).answer, "Next.");
      await agent.close();
      assert.deepEqual(processes(), []);
    } finally {
      await world.close();
    }
  });
}

/** Why there is no other user here that could run it, or false. */
function withoutAnotherUser(program: string): string | false {
  if (process.getuid?.() !== 0) return "needs root";
  const { status } = spawnSync(RUNUSER, ["-u", "nobody", "--", "test", "-x", program]);
  return status !== 0 && "the agent lies in a folder that no other user may enter";
}
