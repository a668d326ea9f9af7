import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NO_LIMITS } from "../../src/core/limits.ts";
import { fixesTheTest } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;

before(async () => {
  channel = await startSlackChannel(["ada", "grace"], {
    scripts: [fixesTheTest],
    limits: { turnsPerDay: { ...NO_LIMITS.turnsPerDay, person: 1 }, raisedBy: "the platform team" },
  });
});
after(() => channel.stop());

test("whoever has had the turns of a day is told so once, with who can raise that, and nothing starts", async () => {
  const { mentions, ours, everything, slack, world } = channel;
  const first = mentions("the test fails, please fix it");
  await everything();
  assert.equal(ours(first).length, 2);

  const second = mentions("the test fails again");
  await everything();
  const [told, ...more] = ours(second);
  assert.match(
    told?.seen ?? "",
    /^I do not begin this: you may have 1 turn a day, and had it\. That is free again at 00:00 UTC, in \d.* The platform team can raise it \(`?limits\.turnsPerDay\.person`?\)\.$/,
  );
  assert.deepEqual(more, []);
  // Files without a word are asked about like everything else.
  const files = [{ name: "shot.png", content: "png", mimetype: "image/png" }];
  const third = slack.as("ada").says("#web", `<@${slack.app.botUserId}>`, { files }).message.ts;
  await everything();
  assert.match(ours(third)[0]?.seen ?? "", /^I do not begin this/);

  const [session] = await world.sessions.list(1);
  assert.deepEqual([session?.turn, session?.sandbox.is], [null, "none"]);

  slack.as("ada").says("#web", "status", { thread: first });
  await everything();
  assert.match(ours(first).at(-1)?.seen ?? "", /Nothing is running/);
});
