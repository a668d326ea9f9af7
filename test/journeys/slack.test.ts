import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { testBranch } from "../../src/cli/demo-repository.ts";
import { fixesTheTest, takesForEver, writesTheReadme } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];

before(async () => {
  channel = await startSlackChannel(["ada", "grace", { name: "gus", kind: "guest" }], {
    scripts: [fixesTheTest, writesTheReadme, takesForEver],
  });
  ({ slack, world } = channel);
  assert.equal(await slack.verifyRequestUrl(), true);
});

after(() => channel.stop());

const bot = () => `<@${slack.app.botUserId}>`;

describe("somebody mentions the bot in a channel", () => {
  let root: string;

  test("#1 #29 and the thread gets one progress message, one answer, and the branch", async () => {
    const { message, delivered } = slack.as("ada").says("#web", `${bot()} the test fails, please fix it`);
    root = message.ts;
    assert.deepEqual(
      (await delivered).map((delivery) => delivery.attempts.map((attempt) => attempt.status)),
      [[200], [200]],
    );
    await channel.everything();
    const [progress, answer, ...more] = channel.ours(root);
    assert.deepEqual(more, []);
    assert.match(progress?.seen ?? "", /Done/);
    assert.ok((progress?.edits ?? 0) > 0);
    assert.match(answer?.seen ?? "", /It adds now, and the test passes/);
    assert.equal(answer?.edits, 0);
    const branch = /threadbox\/test-fails-fix-\w+/.exec(answer?.seen ?? "")?.[0];
    assert.ok(branch);
    assert.equal((await testBranch(world.remote.url, branch)).passed, true);
  });

  test("#39 and their message is marked as seen", () => {
    assert.deepEqual(
      slack
        .thread("#web", root)
        .messages()[0]
        ?.reactions.map((reaction) => reaction.name),
      ["eyes"],
    );
  });

  test("and a reply without a mention goes on with the same files and the agent's memory", async () => {
    slack.as("grace").says("#web", "now say so in the README", { thread: root });
    await channel.everything();
    assert.match(channel.ours(root).at(-1)?.seen ?? "", /The README says so now/);
    const asked = world.model.server.getRequests().at(-1)?.body;
    assert.match(JSON.stringify(asked), /the test fails, please fix it/);
  });

  test("and everything that was said there belongs to one session", async () => {
    assert.equal((await world.sessions.list(10)).length, 1);
  });
});

describe("stop", () => {
  test("#19 #20 ends the turn within moments, says who stopped it, and the thread goes on being usable", async () => {
    const { message } = slack.as("ada").says("#web", `${bot()} take your time`);
    await world.until(async () => /sleep 600/.test(channel.ours(message.ts)[0]?.seen ?? ""));
    slack.as("grace").says("#web", "stop", { thread: message.ts });
    await channel.everything();
    assert.match(channel.ours(message.ts).at(-1)?.seen ?? "", /[Ss]topped by .*grace/);
    slack.as("ada").says("#web", "the test fails, please fix it", { thread: message.ts });
    await channel.everything();
    assert.match(channel.ours(message.ts).at(-1)?.seen ?? "", /It adds now/);
  });

  test("#19 works by the button of the progress message", async () => {
    const { message } = slack.as("ada").says("#web", `${bot()} take your time`);
    await channel.isAt(/sleep 600/);
    slack.as("ada").presses(channel.ours(message.ts)[0]?.message ?? message, "threadbox_stop");
    await channel.everything();
    assert.match(channel.ours(message.ts).at(-1)?.seen ?? "", /[Ss]topped by .*ada/);
  });
});

describe("a mention that must not start anything", () => {
  test("#25 #51 of a guest is refused, and only they see it", async () => {
    const { message } = slack.as("gus").says("#web", `${bot()} the test fails`);
    await channel.everything();
    assert.deepEqual(channel.ours(message.ts), []);
    assert.equal(slack.ephemerals("gus").length, 1);
  });
  test("#5 without words gets the short help", async () => {
    const { message } = slack.as("ada").says("#web", bot());
    await channel.everything();
    assert.match(channel.ours(message.ts)[0]?.seen ?? "", /Tell me what to do/);
  });
  test("#6 that nobody addressed to us is ignored", async () => {
    const { message } = slack.as("ada").says("#web", "the test fails again");
    await channel.everything();
    assert.deepEqual(channel.ours(message.ts), []);
  });
});

test("#8 a direct message needs no mention", async () => {
  const { message } = slack.as("ada").says("dm", "the test fails, please fix it");
  await channel.everything();
  assert.match(slack.thread(message.channel, message.ts).replies().at(-1)?.seen ?? "", /It adds now/);
});

test("#21 two people at once in one thread have one session, and the agent hears each by name", async () => {
  const { message } = slack.as("ada").says("#web", `${bot()} the test fails, please fix it`);
  slack.as("grace").says("#web", `${bot()} and keep the name of the function`, { thread: message.ts });
  await channel.everything();
  const here = (await world.sessions.list(50)).filter(
    ({ thread }) => "threadTs" in thread && thread.threadTs === message.ts,
  );
  assert.equal(here.length, 1);
  const asked = JSON.stringify(world.model.server.getRequests().map(({ body }) => body));
  assert.match(asked, /grace (asks|adds):[^>]*and keep the name of the function/);
  assert.match(asked, /ada (asks|adds):[^>]*the test fails, please fix it/);
});

test("#22 two threads about one repository are worked on side by side, each on a branch of its own", async () => {
  const roots = ["ada", "grace"].map(
    (who) => slack.as(who).says("#web", `${bot()} the test fails, please fix it`).message.ts,
  );
  await channel.everything();
  const branches = roots.map((root) => /threadbox\/[\w-]+/.exec(channel.ours(root).at(-1)?.seen ?? "")?.[0]);
  assert.equal(new Set(branches).size, 2);
  for (const branch of branches) assert.equal((await testBranch(world.remote.url, branch ?? "")).passed, true);
});

test("#34 nobody was pinged who did not ask", () => assert.deepEqual(slack.broadcasts(), []));
