/** The moments between two processes of an agent, in which somebody may stop or close it: none is begun for nobody, and nothing else ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { listTree } from "../../../src/daemon/agents/process-tree.ts";
import { type Run, supervise } from "../../../src/daemon/agents/supervised.ts";
import { NO_USAGE } from "../../../src/wire/events.ts";

const STAYS = ["-e", "process.stdin.resume()"];
const OUTCOME = { outcome: "done", answer: "", usage: NO_USAGE } as const;

/** Takes every prompt, and is done with it at once. */
const DONE: Run = {
  accepted: Promise.resolve(true),
  ended: Promise.resolve(OUTCOME),
  steer: async () => true,
  answer() {},
  interrupt() {},
  cutShort: (end) => ({ ...OUTCOME, ...end }),
};

/** An agent that gets ready for its next prompt only when it may; and another process of its conversation, as tools leave them. */
async function gettingReady(t: TestContext) {
  const marks = { SUPERVISED_TEST: `${process.pid}-${t.name.length}` };
  const env = { PATH: process.env.PATH ?? "", ...marks };
  const may = Promise.withResolvers<void>();
  let prepared = 0;
  let exits = 0;
  const context = {
    ...{ cwd: tmpdir(), stateDir: tmpdir(), keysDir: tmpdir(), sessionId: "s", model: undefined, env },
    wrap: (command: string, args: string[]) => ({ command, args }),
    report() {},
    exited: () => {
      exits += 1;
    },
  };
  const agent = supervise(context, {
    kind: "stand-in",
    marks,
    async prepare() {
      prepared += 1;
      if (prepared > 1) await may.promise;
      return { command: process.execPath, args: STAYS, env, version: String(prepared) };
    },
    link: () => ({ run: () => DONE }),
  });
  await agent.prompt("first");
  const server = spawn(process.execPath, STAYS, { env });
  const ended = once(server, "exit");
  await once(server, "spawn");
  t.after(async () => {
    await agent.close();
    server.kill("SIGKILL");
    await ended;
  });
  const marked = () => listTree({ environment: marks }).map(({ pid }) => pid);
  return { agent, may, server: server.pid, marked, exits: () => exits };
}

test("an agent that is stopped before it has begun begins nothing, and what an earlier prompt left running goes on", async (t) => {
  const { agent, may, server, marked, exits } = await gettingReady(t);
  const prompt = agent.prompt("second");
  const aborted = agent.abort(5_000);
  may.resolve();
  assert.equal((await prompt).outcome, "stopped");
  await aborted;
  assert.ok(marked().includes(server ?? 0), "the server of the first prompt runs");
  assert.equal(exits(), 0);
  assert.deepEqual((await agent.prompt("third")).outcome, "done");
});

test("an agent that is closed before it has begun leaves no process behind", async (t) => {
  const { agent, may, marked, exits } = await gettingReady(t);
  const prompt = agent.prompt("second");
  const closed = agent.close();
  may.resolve();
  await closed;
  assert.deepEqual(marked(), []);
  assert.equal((await prompt).outcome, "stopped");
  assert.equal(exits(), 0);
});
