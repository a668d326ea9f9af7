/** Which repository: chosen once and named, searched for, changed while nothing has left the sandbox, and somebody's own default. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Repository } from "../../src/core/types.ts";
import { fixesTheTest, takesForEver } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
/** With a folder of its own in the sandbox, and a page of its own that people link to. */
const other = (own: Repository): Repository => ({ ...own, id: "other", name: "acme/other" });
const docs = (own: Repository): Repository => ({
  ...own,
  id: "docs",
  name: "acme/docs",
  url: "https://git.test/acme/docs",
});

before(async () => {
  channel = await startSlackChannel(["ada", "grace", { name: "root", kind: "admin" }], {
    scripts: [fixesTheTest, takesForEver],
    repositories: (own) => [own, other(own), docs(own)],
  });
});
after(() => channel.stop());

const seenIn = (root: string): string[] => channel.ours(root).map(({ seen }) => seen ?? "");
const sessions = () => channel.world.sessions.list(50);
/** Its progress stands in the thread. */
const isShown = (root: string) => channel.world.until(async () => seenIn(root).some((text) => /\[Stop\]/.test(text)));

test("#26 the first message names the repository, and another one can be chosen there until the work has left the sandbox", async () => {
  const { slack, world } = channel;
  const own = world.remote.repository.name;
  const root = channel.mentions(`take your time repo=${own}`);
  await channel.isAt(/sleep 600/);
  slack.as("grace").says("#web", "and with tabs, please: the test fails, please fix it", { thread: root });
  await world.until(async () => (await sessions()).some(({ turn }) => turn?.asks.length === 2));
  await isShown(root);
  const [progress] = channel.ours(root);
  assert.match(progress?.seen ?? "", new RegExp(own));
  const [delivery] = await slack
    .as("grace")
    .selects(progress?.message ?? assert.fail(), "Change repository", "acme/other").delivered;
  assert.equal(delivery?.acknowledged, true);
  const inOther = async () => (await sessions()).find(({ work }) => work?.repository.id === "other");
  await world.until(async () => (await inOther())?.turn?.asks.length === 2);
  const moved = await inOther();
  assert.deepEqual(
    moved?.turn?.asks.map(({ author, text }) => [author.id, text]),
    [
      [slack.person("ada").id, "take your time"],
      [slack.person("grace").id, "and with tabs, please: the test fails, please fix it"],
    ],
  );
  slack.as("ada").says("#web", "stop", { thread: root });
  await channel.everything();
  const said = seenIn(root);
  assert.ok(
    said.some((text) => /Stopped by .*grace, who chose acme\/other/.test(text)),
    said.join("\n---\n"),
  );
  // Too late: a turn is over.
  const before = said.length;
  slack.as("grace").says("#web", `repo=${own}`, { thread: root });
  await channel.everything();
  assert.equal(seenIn(root).length, before);
  assert.match(slack.ephemerals("grace").at(-1)?.text ?? "", /This thread works on `acme\/other`/);
});

test("#26 `repo=` in a reply does the same as the menu", async () => {
  const { slack, world } = channel;
  const root = channel.mentions(`take your time repo=${world.remote.repository.name}`);
  await channel.isAt(/sleep 600/);
  slack.as("ada").says("#web", "the test fails, please fix it repo=acme/other", { thread: root });
  await world.until(async () =>
    (await sessions()).some(
      ({ turn, thread }) => turn?.asks.length === 2 && "threadTs" in thread && thread.threadTs === root,
    ),
  );
  slack.as("ada").says("#web", "stop", { thread: root });
  await channel.everything();
  const here = (await sessions()).filter(({ thread }) => "threadTs" in thread && thread.threadTs === root);
  assert.deepEqual(
    here.map(({ work }) => work?.repository.name).sort(),
    ["acme/other", world.remote.repository.name].sort(),
  );
});

test("#26 a link that somebody posted earlier in the thread says which repository is meant", async () => {
  const { slack } = channel;
  const { message } = slack.as("grace").says("#web", "this page is wrong: https://git.test/acme/docs/blob/main/a.md");
  slack.as("ada").says("#web", `<@${slack.app.botUserId}> please fix it`, { thread: message.ts });
  await channel.everything();
  const [session] = await sessions();
  assert.equal(session?.work?.repository.name, "acme/docs");
});

test("#26 #46 somebody's own default, chosen in App Home, counts where nothing else says which", async () => {
  const { slack, world } = channel;
  const own = world.remote.repository.name;
  const ada = slack.as("ada");
  await ada.opensHome().delivered;
  await slack.until(() => slack.home("ada") !== undefined);
  const [delivery] = await ada.atHome("threadbox_default_repository", { chooses: own }).delivered;
  assert.equal(delivery?.acknowledged, true);
  const root = channel.mentions("the test fails, please fix it");
  await channel.everything();
  const [session] = await sessions();
  assert.equal(session?.work?.repository.name, own);
  assert.match(seenIn(root).at(-1) ?? "", /It adds now, and the test passes/);
  await ada.atHome("threadbox_default_repository", { chooses: "-" }).delivered;
  const asked = channel.mentions("the test fails, please fix it");
  await channel.everything();
  assert.match(seenIn(asked)[0] ?? "", /Which repository\?/);
});

test("#26 the menu under the question gives way to what was chosen there, and the click gets no eyes", async () => {
  const { slack, world } = channel;
  const own = world.remote.repository.name;
  const root = channel.mentions("the test fails, please fix it");
  await channel.everything();
  const [question] = channel.ours(root);
  assert.match(question?.seen ?? "", /Which repository\?[\s\S]*Choose a repository/);
  await slack.as("grace").selects(question?.message ?? assert.fail(), "Choose a repository", own).delivered;
  await channel.everything();
  const [closed] = channel.ours(root);
  assert.equal(closed?.message.ts, question?.message.ts);
  assert.match(closed?.seen ?? "", /^Which repository\? .+, chosen by .*grace.*\.$/);
  assert.ok(closed?.seen.includes(own), closed?.seen);
  assert.deepEqual(closed?.message.reactions, []);
  assert.match(seenIn(root).at(-1) ?? "", /It adds now, and the test passes/);
});
