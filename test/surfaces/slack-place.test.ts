/** Slack tells of a reaction with the ts of the message alone; the rest is looked up there. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Mention } from "../../src/core/types.ts";
import type { Message } from "../emulators/slack.ts";
import { inThread, mentionOf, threadOf, type World } from "./slack-world.ts";

/** What the handler makes of a reaction on that message. */
function reaction({ slack }: World, message: Message, who = "grace"): Mention {
  const { id } = slack.person(who);
  const guess = { surface: "slack" as const, team: slack.team.id, channel: message.channel, threadTs: message.ts };
  const author = { surface: "slack" as const, id, name: id };
  const said = mentionOf(slack, message, guess);
  return { ...said, author, text: "stop", addressed: false, lookup: "thread" };
}

const keyOf = ({ slack }: World, { channel, ts }: Message) => `slack:thread:${slack.team.id}/${channel}/${ts}`;

describe("#19 a reaction is placed in the thread of its message", () => {
  const placed: [string, (world: World) => Message | Promise<Message>][] = [
    [
      "one of ours",
      async ({ slack, surface, thread, root }) => {
        await surface.say(thread, "Working", { marker: "p", again: false });
        return slack.thread("#web", root).replies()[0]?.message ?? root;
      },
    ],
    [
      "a reply that names us",
      ({ slack, root }) => slack.as("ada").says("#web", `<@${slack.app.botUserId}> fix it`, { thread: root }).message,
    ],
    [
      "a reply that has got our eyes",
      async ({ slack, surface, thread, root }) => {
        const { message } = slack.as("ada").says("#web", "and the tests", { thread: root });
        await surface.acknowledge({ thread, message: message.ts });
        return message;
      },
    ],
  ];
  for (const [name, message] of placed)
    test(name, () =>
      inThread(async (world) => {
        const { lookup: _, ...said } = reaction(world, await message(world));
        assert.deepEqual(await world.surface.complete({ ...said, lookup: "thread" }), {
          ...said,
          keys: [keyOf(world, world.root)],
          thread: world.thread,
        });
      }),
    );

  test("the order that began it", () =>
    inThread(async (world) => {
      const { message } = world.slack.as("ada").says("#web", `<@${world.slack.app.botUserId}> fix it`);
      const complete = await world.surface.complete(reaction(world, message));
      assert.deepEqual([complete.keys, complete.thread], [[keyOf(world, message)], threadOf(world.slack, message)]);
    }));

  test("an order in a direct message", () =>
    inThread(async (world) => {
      const { message } = world.slack.as("ada").says("dm", "fix it");
      const complete = await world.surface.complete(reaction(world, message, "ada"));
      assert.deepEqual(complete.keys, [keyOf(world, message)]);
    }));
});

describe("#39 a reaction that means somebody else has no thread", () => {
  const others: [string, (world: World) => Message, string][] = [
    ["on talk between people", ({ root }) => root, "grace"],
    [
      "on what a bot said",
      ({ slack, root }) => slack.as("otto").says("#web", "red", { thread: root }).message,
      "grace",
    ],
    [
      "of a bot, on an order",
      ({ slack }) => slack.as("ada").says("#web", `<@${slack.app.botUserId}> fix it`).message,
      "otto",
    ],
  ];
  for (const [name, message, who] of others)
    test(name, () =>
      inThread(async (world) => {
        const complete = await world.surface.complete(reaction(world, message(world), who));
        assert.deepEqual([complete.keys, "lookup" in complete], [[], false]);
      }),
    );
});

test("a reaction on a message that is gone is told as that", () =>
  inThread(async (world) => {
    const { message } = world.slack.as("ada").says("#web", "oops");
    world.slack.as("ada").deletes(message);
    await assert.rejects(world.surface.complete(reaction(world, message)), { code: "surface.thread-gone" });
  }));

test("nothing else is looked up", () =>
  inThread(async ({ slack, surface, mention }) => {
    const said = mention("fix it");
    assert.equal(await surface.complete(said), said);
    assert.equal(slack.requests.count("conversations.replies"), 0);
  }));
