/** What people do in Slack beside writing a new message: Slack's own Stop, reactions, edits, and the menu of a message. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WebClient } from "@slack/web-api";
import type { Script } from "../../src/cli/scripted-model.ts";
import { takesForEver } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

const answers: Script = { when: /in the (morning|evening)/, steps: [{ says: "Good day." }] };
const looks: Script = { when: /please look into this[\s\S]*the build is red/, steps: [{ says: "It is green again." }] };

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];

before(async () => {
  channel = await startSlackChannel(["ada", "grace", { name: "otto", kind: "bot" }], {
    scripts: [takesForEver, looks, answers],
  });
  ({ slack, world } = channel);
});
after(() => channel.stop());

/** Ada asks for something that takes for ever; gives back the message. */
async function underWay() {
  const ts = channel.mentions("take your time");
  await channel.isAt(/sleep 600/);
  return { channel: slack.channel("#web").id, ts };
}
const last = (ts: string): string => channel.ours(ts).at(-1)?.seen ?? "";
const isRunning = async (): Promise<boolean> => (await world.sessions.list(1))[0]?.turn?.phase.is === "running";
const waiting = () => world.bot.store.db.selectFrom("inbox").select("dedupe").where("session_id", "is", null).execute();

describe("#19 stopped", () => {
  test("by Slack's own Stop button, pressed twice, the turn ends once and says who stopped it", async () => {
    const order = await underWay();
    const client = new WebClient(slack.app.botToken, { slackApiUrl: slack.apiUrl });
    await client.apiCall("agents.sessions.setStatus", {
      ...{ channel_id: order.channel, thread_ts: order.ts, status: "processing" },
    });
    slack.as("grace").stopsAgent(order);
    slack.as("grace").stopsAgent(order);
    await channel.everything();
    const stopped = channel.ours(order.ts).filter(({ seen }) => /[Ss]topped by .*grace/.test(seen));
    assert.equal(stopped.filter(({ edits }) => edits === 0).length, 1);
  });

  test("by a cross on the progress message, though it does not tell its thread", async () => {
    const { ts } = await underWay();
    const [shown] = channel.ours(ts);
    assert.ok(shown);
    slack.as("grace").reacts(shown.message, "x");
    await channel.everything();
    assert.match(last(ts), /[Ss]topped by .*grace/);
  });

  test("by a stop sign on the order; a bot's, and one on what people say among themselves, change nothing", async () => {
    const talk = slack.as("grace").says("#web", "the weather is bad").message;
    const order = await underWay();
    const aside = slack.as("grace").says("#web", "(aside) it takes long", { thread: order.ts }).message;
    slack.as("otto").reacts(order, "x");
    slack.as("ada").reacts(talk, "x");
    slack.as("ada").reacts(aside, "x");
    await slack.settled();
    await world.until(async () => (await waiting()).length === 0);
    assert.equal(await isRunning(), true);
    slack.as("ada").reacts(order, "octagonal_sign");
    await channel.everything();
    assert.match(last(order.ts), /[Ss]topped by .*ada/);
    assert.deepEqual([channel.ours(talk.ts), slack.ephemerals()], [[], []]);
  });
});

describe("#10 an edit", () => {
  test("of an order reaches the agent that works on it, once", async () => {
    const order = await underWay();
    slack.as("ada").edits(order, `<@${slack.app.botUserId}> take your time, but use tabs`);
    await slack.settled();
    await world.until(async () => (await world.sessions.list(1))[0]?.turn?.asks.length === 2);
    const [session] = await world.sessions.list(1);
    assert.deepEqual(
      session?.turn?.asks.map(({ text }) => text),
      ["take your time", "Correction of what I wrote: take your time, but use tabs"],
    );
    slack.as("ada").says("#web", "stop", { thread: order.ts });
    await channel.everything();
  });

  test("of an order that is done changes nothing, #11 nor does a link that gets its card", async () => {
    const order = { channel: slack.channel("#web").id, ts: channel.mentions("good luck in the morning") };
    await channel.everything();
    const posted = channel.ours(order.ts).length;
    slack.as("ada").edits(order, `<@${slack.app.botUserId}> good luck in the evening`);
    slack.unfurls(order, { title: "Luck", url: "https://example.com" });
    await channel.everything();
    assert.equal(channel.ours(order.ts).length, posted);
    assert.match(last(order.ts), /Good day/);
  });

  test("that adds our name to a message is a request like any other", async () => {
    const { message } = slack.as("ada").says("#web", "good luck in the evening");
    await channel.everything();
    assert.deepEqual(channel.ours(message.ts), []);
    slack.as("ada").edits(message, `<@${slack.app.botUserId}> good luck in the evening`);
    await channel.everything();
    assert.match(last(message.ts), /Good day/);
  });
});

test("#12 an order that is deleted while the agent is at it goes on, and the thread is told how to end it", async () => {
  const order = await underWay();
  slack.as("ada").deletes(order);
  await slack.settled();
  await world.until(async () => /was deleted/.test(last(order.ts)));
  assert.equal(await isRunning(), true);
  slack.as("grace").says("#web", "stop", { thread: order.ts });
  await channel.everything();
  assert.match(last(order.ts), /[Ss]topped by .*grace/);
});

test("Fix with Threadbox answers in the thread of the message, with its words as context", async () => {
  const { message } = slack.as("grace").says("#web", "the build is red");
  slack.as("ada").usesShortcut(message, "run_from_message");
  await channel.everything();
  assert.match(last(message.ts), /It is green again/);
});

test("nobody was pinged who did not ask", () => assert.deepEqual(slack.broadcasts(), []));
