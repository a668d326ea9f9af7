/** The words to the bot itself, said in a thread of Slack. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Repository } from "../../src/core/types.ts";
import { fixesTheTest, takesForEver } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
before(async () => {
  channel = await startSlackChannel(["ada", "grace"], { scripts: [fixesTheTest, takesForEver] });
});
after(() => channel.stop());

const branchesIn = (root: string): string[] =>
  channel.ours(root).flatMap(({ seen }) => /threadbox\/[\w-]+/.exec(seen ?? "")?.[0] ?? []);

test("`fresh` does it from the start: what runs is stopped, and the work goes to a new session on a new branch", async () => {
  const { slack, world } = channel;
  const root = channel.mentions("take your time");
  await channel.isAt(/sleep 600/);
  slack.as("grace").says("#web", "fresh the test fails, please fix it", { thread: root });
  await channel.everything();
  const said = channel.ours(root).map(({ seen }) => seen ?? "");
  assert.match(said.find((text) => /Stopped by/.test(text)) ?? "", /Stopped by .*grace/);
  assert.match(said.at(-1) ?? "", /It adds now, and the test passes/);
  const sessions = await world.sessions.list(5);
  assert.equal(sessions.length, 2);
  assert.equal(new Set(sessions.map(({ work }) => work?.branch)).size, 2);
  assert.ok(sessions.some(({ work }) => work?.branch === branchesIn(root).at(-1)));
});

test("#10 an order that is edited into `fresh ...` begins anew as well", async () => {
  const { slack, world } = channel;
  const before = (await world.sessions.list(20)).length;
  const { message } = slack.as("ada").says("#web", `<@${slack.app.botUserId}> take your time`);
  await channel.isAt(/sleep 600/);
  slack.as("ada").edits(message, `<@${slack.app.botUserId}> fresh the test fails, please fix it`);
  await channel.everything();
  assert.equal((await world.sessions.list(20)).length, before + 2);
  assert.match(channel.ours(message.ts).at(-1)?.seen ?? "", /It adds now, and the test passes/);
});

test("`unlink` gives the thread up: replies are nobody's then, and the next mention begins anew", async () => {
  const { slack, world } = channel;
  const root = channel.mentions("help");
  await channel.everything();
  slack.as("ada").says("#web", "unlink", { thread: root });
  await channel.everything();
  assert.match(channel.ours(root).at(-1)?.seen ?? "", /no longer connected/);
  const before = (await world.sessions.list(20)).length;
  slack.as("ada").says("#web", "and this?", { thread: root });
  await channel.everything();
  assert.equal(channel.ours(root).length, 2);
  slack.as("ada").says("#web", `<@${slack.app.botUserId}> help`, { thread: root });
  await channel.everything();
  assert.equal(channel.ours(root).length, 3);
  assert.equal((await world.sessions.list(20)).length, before + 1);
});

test("#52 `mute` keeps the bot out of what people say to each other, until `unmute` or a mention", async () => {
  const { slack } = channel;
  const root = channel.mentions("help");
  await channel.everything();
  const says = async (text: string): Promise<number> => {
    slack.as("ada").says("#web", text, { thread: root });
    await channel.everything();
    return channel.ours(root).length;
  };
  assert.equal(await says("mute"), 2);
  assert.equal(await says("status"), 2);
  assert.equal(await says(`<@${slack.app.botUserId}> status`), 3);
  assert.equal(await says("unmute"), 4);
  assert.equal(await says("status"), 5);
});

test("#26 #28 where it cannot know the repository it asks with a list, and whoever chooses sets it going", async (t) => {
  const two = await startSlackChannel(["ada", "grace"], {
    scripts: [fixesTheTest],
    repositories: (own): Repository[] => [
      own,
      { ...own, id: "other", name: "acme/other", url: "https://git.test/other" },
    ],
  });
  t.after(() => two.stop());
  const root = two.mentions("the test fails, please fix it");
  await two.everything();
  const [question] = two.ours(root);
  assert.match(question?.seen ?? "", /Which repository\?/);
  const [own] = (await two.world.sessions.list(1)).map(({ work }) => work);
  assert.equal(own, null);
  const name = two.world.remote.repository.name;
  const grace = two.slack.as("grace");
  for (let click = 0; click < 2; click++) {
    const [delivery] = await grace.selects(question?.message ?? assert.fail(), "threadbox_repository", name).delivered;
    assert.equal(delivery?.acknowledged, true);
  }
  await two.everything();
  const said = two.ours(root).map(({ seen }) => seen ?? "");
  assert.match(said.at(-1) ?? "", /ada.*Done/);
  assert.match(said.at(-1) ?? "", /It adds now, and the test passes/);
  assert.equal(said.length, 3);
});
