/** `fork`: the work goes on in a thread of its own, from what is done so far. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixesTheTest, takesForEver } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
before(async () => {
  channel = await startSlackChannel(["ada", "grace"], { scripts: [fixesTheTest, takesForEver] });
});
after(() => channel.stop());

const roots = () => channel.slack.timeline("#web").filter(({ text }) => text.startsWith("Fork of"));

test("`fork` begins a thread of its own from the branch that is pushed, knows what was said, and leaves the old one as it is", async () => {
  const { slack, world } = channel;
  const root = channel.mentions("the test fails, please fix it");
  await channel.everything();
  slack.as("grace").says("#web", "fork the test fails, please fix it with redis", { thread: root });
  await channel.everything();
  const [fork, ...others] = roots();
  assert.deepEqual(others, []);
  assert.match(
    fork?.seen ?? "",
    /Fork of \[?this thread.*asked for by grace: the test fails, please fix it with redis/,
  );
  assert.match(fork?.seen ?? "", new RegExp(`thread_ts=${root}`));
  assert.match(
    channel.ours(root).at(-1)?.seen ?? "",
    new RegExp(`Forked: that goes on.*p${fork?.ts.replace(".", "")}`),
  );
  const [newest, oldest] = await world.sessions.list(5);
  const sessions = [newest, oldest].sort((a, b) => (a?.createdAt ?? 0) - (b?.createdAt ?? 0));
  const [first, second] = sessions;
  assert.ok(first?.work && second?.work);
  assert.equal(second.work.repository.base, first.work.branch);
  assert.notEqual(second.work.branch, first.work.branch);
  assert.notEqual(second.sandbox, first.sandbox);
  assert.match(channel.ours(fork?.ts ?? "").at(-1)?.seen ?? "", /grace.*Done/);
  const { prompt } = await world.bot.store.db
    .selectFrom("turns")
    .select("prompt")
    .where("session_id", "=", second.id)
    .executeTakeFirstOrThrow();
  assert.match(prompt ?? "", /This is a fork[\s\S]*> ada asked: the test fails, please fix it\n> Answer: /);
  assert.match(prompt ?? "", /grace asks:\n\nthe test fails, please fix it with redis/);
});

test("`fork` while a turn runs lets that go on, and without a word asks what to do", async () => {
  const { slack } = channel;
  const before = roots().length;
  const root = channel.mentions("take your time");
  await channel.isAt(/sleep 600/);
  slack.as("ada").says("#web", "fork", { thread: root });
  await channel.world.until(async () => channel.ours(roots()[before]?.ts ?? "").length > 1);
  const fork = roots()[before]?.ts ?? "";
  assert.match(channel.ours(fork).at(-1)?.seen ?? "", /What shall I do\?/);
  slack.as("ada").says("#web", "the test fails, please fix it", { thread: fork });
  await channel.world.until(async () => channel.ours(fork).some(({ seen }) => /It adds now/.test(seen ?? "")));
  assert.ok(channel.ours(root).every(({ seen }) => !/Stopped|Done/.test(seen ?? "")));
  slack.as("ada").says("#web", "stop", { thread: root });
  await channel.everything();
});

test("`fork` where nobody may begin a thread says so", async () => {
  const { slack } = channel;
  const before = roots().length;
  const root = channel.mentions("the test fails, please fix it");
  await channel.everything();
  slack.faults.next("chat.postMessage", { error: "restricted_action_non_threadable_channel" });
  slack.as("ada").says("#web", "fork use redis", { thread: root });
  await channel.everything();
  assert.equal(roots().length, before);
  assert.match(channel.ours(root).at(-1)?.seen ?? "", /I cannot begin a thread of its own.*restricted_action/);
});

test("`fork` on the page begins a thread of the page", async () => {
  const { world } = channel;
  const say = async (path: string, text: string) =>
    (await fetch(`${world.url}${path}`, { method: "POST", body: JSON.stringify({ text }), headers })).json();
  const headers = { "content-type": "application/json", origin: world.url };
  const { thread } = (await say("/threads", `repo=${world.remote.repository.name}`)) as { thread: string };
  await channel.everything();
  await say(`/threads/${thread}/messages`, "fork");
  await channel.everything();
  const { threads } = (await (await fetch(`${world.url}/threads`)).json()) as {
    threads: { thread: string; title: string; session: string | null }[];
  };
  const fork = threads.find(({ thread: id }) => id.startsWith("fork-"));
  assert.match(fork?.title ?? "", /^Fork of/);
  assert.notEqual(fork?.session, null);
});
