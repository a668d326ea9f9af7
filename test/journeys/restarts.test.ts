import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { testBranch } from "../../src/cli/demo-repository.ts";
import { fixesTheTest, takesForEver, writesTheReadme } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];

before(async () => {
  channel = await startSlackChannel(["ada"], {
    scripts: [writesTheReadme, fixesTheTest, takesForEver],
    idleAfterMs: 1,
  });
  ({ slack, world } = channel);
});
after(() => channel.stop());

describe("the sandbox sleeps when nobody asks", () => {
  test("#53 and the next mention wakes it with its files and the agent's memory", async () => {
    const thread = channel.mentions("the test fails, please fix it");
    await channel.everything();
    await world.until(async () => (await world.sessions.list(1))[0]?.sandbox.is === "asleep");
    slack.as("ada").says("#web", "now say so in the README", { thread });
    await channel.everything();
    assert.match(channel.ours(thread).at(-1)?.seen ?? "", /The README says so now/);
    assert.match(JSON.stringify(world.model.server.getRequests().at(-1)?.body), /the test fails, please fix it/);
  });
});

describe("the bot is restarted while a turn runs", () => {
  test("#4 #30 and the turn goes on where it was: one progress message, one answer, nothing doubled", async () => {
    const thread = channel.mentions("take your time");
    await channel.isAt(/sleep 600/);
    await channel.restart();
    slack.as("ada").says("#web", "stop", { thread });
    await channel.everything();
    const [progress, answer, ...more] = channel.ours(thread);
    assert.deepEqual(more, []);
    assert.match(progress?.seen ?? "", /Stopped/);
    assert.match(answer?.seen ?? "", /[Ss]topped by .*ada/);
  });

  test("#4 and what was acknowledged just before is not lost", async () => {
    const thread = channel.mentions("the test fails, please fix it");
    await slack.settled();
    await channel.restart();
    await channel.everything();
    assert.equal(channel.ours(thread).length, 2);
    const branch = /threadbox\/[\w-]+/.exec(channel.ours(thread).at(-1)?.seen ?? "")?.[0] ?? "";
    assert.equal((await testBranch(world.remote.url, branch)).passed, true);
  });
});

describe("the sandbox dies under a turn", () => {
  test("and the turn goes on in another one; the second time the thread is told, and goes on being usable", async () => {
    const thread = channel.mentions("take your time");
    await channel.isAt(/sleep 600/);
    await world.killSandbox();
    const lastAsked = (): string => JSON.stringify(world.model.server.getRequests().at(-1)?.body);
    await world.until(async () => /The machine was replaced while you worked/.test(lastAsked()));
    await world.killSandbox();
    await channel.everything();
    assert.match(channel.ours(thread).at(-1)?.seen ?? "", /sandbox/i);
    slack.as("ada").says("#web", "the test fails, please fix it", { thread });
    await channel.everything();
    assert.match(channel.ours(thread).at(-1)?.seen ?? "", /It adds now/);
  });
});
