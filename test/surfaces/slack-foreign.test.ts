/**
 * The surface against an emulator of Slack that others wrote, unchanged: what ours and theirs agree on is less likely to be our own idea.
 * Theirs knows no agents, no interactivity and no limits; what it knows has to work.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WebClient } from "@slack/web-api";
import { createEmulator, type Emulator } from "emulate";
import { newProgress } from "../../src/core/condense.ts";
import type { Answer, Mention, Person, Thread } from "../../src/core/types.ts";
import { slackSurface } from "../../src/surfaces/slack.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { handWoundClock } from "../clock.ts";
import { quiet } from "../quiet.ts";

const OURS = "xoxb-ours";
const HERS = "xoxp-ada";

let emulator: Emulator;
let surface: Surface;
let ada: WebClient;
let asker: Person;
let thread: Extract<Thread, { surface: "slack" }>;
const clock = handWoundClock();

before(async () => {
  const tokens = [
    { token: OURS, type: "bot" as const, user: "threadbox" },
    { token: HERS, type: "user" as const, user: "ada" },
  ];
  const users = [{ name: "ada" }, { name: "threadbox" }];
  emulator = await createEmulator({
    ...{ service: "slack", port: 0 },
    seed: { slack: { users, channels: [{ name: "web" }], tokens } },
  });
  const apiUrl = `${emulator.url}/api/`;
  ada = new WebClient(HERS, { slackApiUrl: apiUrl });
  surface = slackSurface({ token: OURS, apiUrl, allow: {}, name: "threadbox", log: quiet, clock });
  const { user_id = "", team_id = "" } = await ada.auth.test();
  const { channels = [] } = await ada.conversations.list();
  const channel = channels.find(({ name }) => name === "web")?.id ?? "";
  const { ts = "" } = await ada.chat.postMessage({ channel, text: "the login test fails" });
  asker = { surface: "slack", id: user_id, name: "ada" };
  thread = { surface: "slack", team: team_id, channel, threadTs: ts };
});
after(() => emulator.close());

async function says(text: string): Promise<Mention> {
  const { channel, threadTs } = thread;
  const { ts = "" } = await ada.chat.postMessage({ channel, thread_ts: threadTs, text });
  const known = { id: `m${ts}`, dedupe: ts, keys: [], thread, author: asker, addressed: true };
  return { ...known, text, message: ts, at: Math.round(Number(ts) * 1_000) };
}

async function ours(): Promise<{ ts?: string; text?: string }[]> {
  const { messages = [] } = await ada.conversations.replies({ channel: thread.channel, ts: thread.threadTs });
  return messages.filter(({ user }) => user !== asker.id);
}

test("who asks is known and may ask, and their message gets eyes, once", async () => {
  const mention = await says("please fix it");
  const authorization = await surface.authorize(mention);
  assert.equal(authorization.allowed && authorization.author.name, "ada");
  await surface.acknowledge(mention);
  await surface.acknowledge(mention);
  const { message } = await ada.reactions.get({ channel: thread.channel, timestamp: mention.message });
  assert.deepEqual(
    message?.reactions?.map(({ name, count }) => [name, count]),
    [["eyes", 1]],
  );
});

test("what was said before is read, oldest first", async () => {
  const said = await surface.context(await says("and now?"));
  assert.deepEqual(
    said.map(({ author, text }) => [author, text]),
    [
      ["ada", "the login test fails"],
      ["ada", "please fix it"],
    ],
  );
});

test("progress is one message that is edited, and found again when its name was lost", async () => {
  const progress = newProgress("m1", null, "Reading what was asked", clock.now());
  const id = { marker: "m1/progress", again: false };
  const ref = await surface.show(thread, progress, null, null, id);
  assert.equal(await surface.show(thread, { ...progress, now: "Running npm test" }, null, ref, id), ref);
  assert.equal(await surface.show(thread, progress, null, null, { ...id, again: true }), ref);
  assert.deepEqual(
    (await ours()).map(({ ts }) => ts),
    [ref],
  );
});

test("an answer is a new message, and the same one when it is said again", async () => {
  const result: Answer["result"] = { outcome: "done", answer: "It adds now.", durationMs: 83_000 };
  const known = { turn: "m1", session: "s1", title: "the login test", repository: "acme/api", pullRequest: null };
  const answer: Answer = { ...known, result, askers: [asker], page: null };
  const before = (await ours()).length;
  const ref = await surface.answer(thread, answer, { marker: "s1/3", again: false });
  assert.equal(await surface.answer(thread, answer, { marker: "s1/3", again: true }), ref);
  const all = await ours();
  assert.equal(all.length, before + 1);
  assert.match(all.at(-1)?.text ?? "", /Done: the login test\n.*It adds now\./s);
});

test("a refusal reaches the asker alone", async () => {
  const before = (await ours()).length;
  await surface.refuse(await says("delete everything"), "You may not.", { marker: "s1/4", again: false });
  assert.equal((await ours()).length, before);
});

test("a thread that is not there is said to be gone", async () => {
  const nowhere: Thread = { ...thread, channel: "C0NOWHERE" };
  await assert.rejects(surface.say(nowhere, "hello", { marker: "s1/5", again: false }), {
    code: "surface.thread-gone",
  });
});
