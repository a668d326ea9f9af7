/** What people do in Slack with what the bot said and where it said it: they rate, rename, and share a channel with others. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixesTheTest, takesForEver } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];

before(async () => {
  channel = await startSlackChannel(["ada", "grace"], { scripts: [fixesTheTest, takesForEver] });
  ({ slack, world } = channel);
});
after(() => channel.stop());

const feedback = () =>
  world.bot.store.db.selectFrom("feedback").select(["person", "value", "reason"]).orderBy("at").execute();
const page = async () => (await fetch(`${world.url}/metrics`)).text();

test("#48 #39 an answer is rated by a button with a reason, and by a thumb of somebody else; /metrics counts both", async () => {
  const ts = channel.mentions("the test fails, please fix it");
  await channel.everything();
  const answer = channel.ours(ts).at(-1)?.message;
  assert.ok(answer);
  slack.as("ada").presses(answer, "Bad");
  await slack.until(() => slack.views().length === 1);
  const values = { reason: { reason: { type: "plain_text_input", value: "It took too long." } } };
  slack.as("ada").submits(slack.views()[0]?.id ?? "", values);
  await slack.settled();
  slack.as("grace").reacts(answer, "+1");
  await slack.settled();
  const [ada, grace] = ["ada", "grace"].map((name) => slack.person(name).id);
  assert.deepEqual(
    (await feedback()).toSorted((one, other) => one.value.localeCompare(other.value)),
    [
      { person: ada, value: "bad", reason: "It took too long." },
      { person: grace, value: "good", reason: null },
    ],
  );
  const counted = (await page()).match(/^threadbox_feedback_total\{value="\w+"\} 1$/gm);
  assert.equal(counted?.length, 2);
});

test("#50 a title that somebody gives the thread's session stays, here and in Slack", async () => {
  const ts = channel.mentions("the test fails, please fix it");
  await channel.everything();
  const thread = { channel: slack.channel("#web").id, ts };
  slack.as("grace").renamesSession(thread, "Flaky test");
  await slack.settled();
  slack.as("ada").says("#web", "the test fails, please fix it", { thread: ts });
  await channel.everything();
  assert.match(channel.ours(ts).at(-1)?.seen ?? "", /Done: Flaky test/);
  assert.equal(slack.thread("#web", ts).session()?.title, "Flaky test");
  assert.ok((await world.sessions.list(10)).some(({ title }) => title === "Flaky test"));
});

test("#54 a channel that gets another id while the agent works gets progress and answer where it is now", async () => {
  const before = slack.addChannel({ name: "den", kind: "private", members: ["ada", "grace"] }).id;
  const { message } = slack.as("ada").says("#den", `<@${slack.app.botUserId}> take your time`);
  await channel.isAt(/sleep 600/);
  await world.until(async () => channelOf(message.ts).length > 0);
  slack.as("ada").sharesOutside("#den");
  await slack.settled();
  const [session] = (await world.sessions.list(10)).filter(
    ({ thread }) => "threadTs" in thread && thread.threadTs === message.ts,
  );
  assert.equal(session?.thread.surface === "slack" && session.thread.channel, slack.channel("#den").id);
  const { team } = slack;
  const key = `slack:thread:${team.id}/${slack.channel("#den").id}/${message.ts}`;
  const held = await world.bot.store.db.selectFrom("keys").selectAll().where("key", "=", key).execute();
  assert.deepEqual(
    held.map(({ session_id }) => session_id),
    [session?.id],
  );
  await world.bot.inbox.receive({
    ...{ dedupe: "stop-den", keys: [key], thread: session?.thread ?? { surface: "web", id: "none" } },
    ...{ author: { surface: "terminal", id: "operator", name: "ada" }, text: "stop", addressed: true },
    ...{ at: Date.now(), message: "stop-den" },
  });
  await channel.everything();
  const ours = channelOf(message.ts);
  assert.deepEqual([ours.length, ours[0]?.edits === 0], [2, false]);
  assert.match(ours.at(-1)?.seen ?? "", /Stopped by ada/);
  const late = slack.requests.calls.filter(({ error }) => error === "channel_not_found").map(({ route }) => route);
  assert.deepEqual([late, slack.channel("#den").id === before], [[], false]);
});

const channelOf = (ts: string) =>
  slack
    .thread("#den", ts)
    .messages()
    .filter(({ message }) => message.author === slack.app.botUserId);
