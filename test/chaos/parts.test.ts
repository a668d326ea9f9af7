/** Not the bot dies, but what it works with: its database, the daemon, the agent, the machine. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chaosGround, type Ground } from "./ground.ts";
import { longTurn, scripts } from "./stories.ts";

describe("under a turn that goes on", () => {
  let ground: Ground;
  before(async () => {
    ground = await chaosGround(scripts);
    await ground.bot();
  });
  after(() => ground.close());

  const last = (thread: string): string => ground.ours(thread).at(-1)?.seen ?? "";

  async function usable(thread: string): Promise<void> {
    ground.slack.as("ada").says("#web", "the test fails, please fix it", { thread });
    const answered = () => ground.ours(thread).some(({ seen }) => /It adds now/.test(seen ?? ""));
    await ground.until(async () => answered() && (await ground.isSettled()));
  }

  test("the agent is killed: the thread is told, once, and goes on being usable", async () => {
    const thread = await longTurn(ground);
    await ground.kill("agent");
    await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 1);
    assert.match(last(thread), /retry/);
    await usable(thread);
    // Two messages each time, and the card of the pull request.
    assert.equal(ground.ours(thread).length, 5);
  });

  test("the daemon is killed: the thread is told, once, and goes on being usable", async () => {
    const thread = await longTurn(ground);
    await ground.kill("daemon");
    await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 1);
    assert.match(last(thread), /The daemon was restarted during the turn/);
    await usable(thread);
    // Two messages each time, and the card of the pull request.
    assert.equal(ground.ours(thread).length, 5);
  });

  test("the machine is destroyed: the thread is told what is lost, and the turn goes on in another one", async () => {
    const thread = await longTurn(ground);
    await ground.kill("machine");
    await ground.until(() => ground.ours(thread).length > 1);
    assert.match(last(thread), /is gone, with what was not pushed/);
    ground.slack.as("ada").says("#web", "stop", { thread });
    await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 2);
    assert.match(last(thread), /[Ss]topped by .*ada/);
    assert.equal(ground.ours(thread).length, 3);
  });
});

describe("the database is killed while people write", () => {
  let ground: Ground;
  before(async () => {
    ground = await chaosGround(scripts, { database: "embedded" });
    await ground.bot();
  });
  after(() => ground.close());

  test("it comes back by itself, everything is answered once, and the turn that ran goes on", async () => {
    const long = await longTurn(ground);
    const threads: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (let each = 0; each < 5; each++) threads.push(ground.mentions("help"));
      const back = ground.killDatabase();
      for (let each = 0; each < 5; each++) threads.push(ground.mentions("help"));
      await back;
    }
    await ground.until(() => {
      ground.deliverAgain();
      return threads.every((thread) => ground.ours(thread).length > 0);
    });
    ground.slack.as("ada").says("#web", "stop", { thread: long });
    await ground.until(async () => ground.ours(long).length > 1 && (await ground.isSettled()));
    assert.match(ground.ours(long).at(-1)?.seen ?? "", /[Ss]topped by .*ada/);
    assert.deepEqual(
      [long, ...threads].map((thread) => ground.ours(thread).length),
      [2, ...threads.map(() => 1)],
    );
  });
});
