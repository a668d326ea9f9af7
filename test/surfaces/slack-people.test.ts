import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SlackAllow } from "../../src/surfaces/slack-people.ts";
import { inThread, mentionOf, threadOf } from "./slack-world.ts";

const once = (marker: string) => ({ marker, again: false });

describe("Slack says who may ask", () => {
  const cases: [string, string, SlackAllow, string][] = [
    ["a member", "ada", {}, "allowed"],
    ["a guest", "gus", {}, "surface.not-allowed"],
    ["a guest where guests are allowed", "gus", { guests: true }, "allowed"],
    ["somebody of another workspace", "stan", {}, "surface.not-allowed"],
    ["somebody of another workspace where they are allowed", "stan", { external: true }, "allowed"],
    ["a bot", "otto", { external: true, guests: true }, "surface.bot"],
    ["a deactivated account", "gone", {}, "surface.not-allowed"],
    ["a member who is not on the list", "grace", { users: ["U0ADA"] }, "surface.not-allowed"],
    ["a member who is on the list", "ada", { users: ["U0ADA"] }, "allowed"],
    ["a member in a channel that is not on the list", "ada", { channels: ["C0OPS"] }, "surface.not-allowed"],
    ["a member in a channel that is on the list", "ada", { channels: ["C0WEB"] }, "allowed"],
  ];
  for (const [name, who, allow, verdict] of cases) {
    test(`${name}: ${verdict}`, () =>
      inThread(async ({ surface, mention }) => {
        const found = await surface.authorize(mention("fix this", who));
        assert.equal(found.allowed ? "allowed" : found.code, verdict);
      }, allow));
  }

  test("a member in a channel that is shared with another workspace: only where that is allowed", async () => {
    for (const [allow, verdict] of [
      [{}, false],
      [{ external: true }, true],
    ] as const) {
      await inThread(async ({ slack, surface }) => {
        const { message } = slack.as("ada").says("#shared", "fix this");
        const found = await surface.authorize(mentionOf(slack, message, threadOf(slack, message)));
        assert.equal(found.allowed, verdict);
      }, allow);
    }
  });

  test("with the name that people see, and without their private address", () =>
    inThread(async ({ surface, mention, slack }) => {
      assert.deepEqual(await surface.authorize(mention("fix this")), {
        allowed: true,
        author: { surface: "slack", id: slack.person("ada").id, name: "ada" },
      });
    }));

  test("asks Slack once a minute", () =>
    inThread(async ({ surface, mention, slack, clock }) => {
      await surface.authorize(mention("fix this"));
      await surface.authorize(mention("and that"));
      assert.equal(slack.requests.count("users.info"), 1);
      clock.advance(60_000);
      await surface.authorize(mention("and those"));
      assert.equal(slack.requests.count("users.info"), 2);
    }));

  test("#25 never guesses: what it cannot find out, it does not know", () =>
    inThread(async ({ surface, mention, slack }) => {
      const asked = mention("fix this");
      slack.faults.next("conversations.info", { error: "no_such_thing" });
      await assert.rejects(surface.authorize(asked), { code: "surface.unavailable" });
      assert.equal((await surface.authorize(asked)).allowed, true);
    }));

  test("does not know people whom Slack does not know", () =>
    inThread(async ({ surface, mention }) => {
      const asked = { ...mention("fix this"), author: { surface: "slack" as const, id: "U0NOBODY", name: "x" } };
      const verdict = await surface.authorize(asked);
      assert.equal(!verdict.allowed && verdict.code, "surface.unknown");
    }));
});

describe("Slack tells what was said before", () => {
  test("#2 #58 oldest first, with names, without bots, and with who may give orders", () =>
    inThread(async ({ slack, surface, mention, root }) => {
      const forwarded = slack.as("grace").says("#web", "it broke on Monday").message;
      slack.as("gus").says("#web", "a & b < c", { thread: root });
      slack.as("otto").says("#web", "build failed", { thread: root });
      slack.as("grace").says("#web", "see", { thread: root, shares: forwarded });
      const asked = mention("fix this");
      slack.as("ada").says("#web", "later", { thread: root });
      const said = await surface.context(asked);
      assert.deepEqual(
        said.map(({ author, text, trusted }) => [author, text.replace(/ \(https:[^)]*\)/, ""), trusted]),
        [
          ["ada", "the login test fails", true],
          ["gus", "a & b < c", false],
          ["grace", "see\n\nForwarded message from Grace:\nit broke on Monday", true],
        ],
      );
    }));

  test("nothing where the mention opens the thread, and asks nobody", () =>
    inThread(async ({ slack, surface, root, thread }) => {
      assert.deepEqual(await surface.context(mentionOf(slack, root, thread)), []);
      assert.equal(slack.requests.count("conversations.replies"), 0);
    }));

  test("#2 the root and the newest of a long thread, and says what is missing", () =>
    inThread(async ({ slack, surface, mention, root }) => {
      for (let i = 1; i <= 250; i++) slack.as("grace").says("#web", `reply ${i}`, { thread: root });
      const said = await surface.context(mention("fix this"));
      assert.equal(said.length, 50);
      assert.equal(said[0]?.text, "the login test fails\n[201 messages after this one are left out]");
      assert.equal(said[1]?.text, "reply 202");
      assert.equal(said[49]?.text, "reply 250");
    }));

  test("no more than thirty thousand characters", () =>
    inThread(async ({ slack, surface, mention, root }) => {
      for (let i = 0; i < 5; i++) slack.as("grace").says("#web", "x".repeat(9_000), { thread: root });
      const said = await surface.context(mention("fix this"));
      assert.deepEqual(
        said.map(({ text }) => text.length > 1_000),
        [false, true, true, true],
      );
    }));
});

describe("Slack speaks to one person alone", () => {
  test("#51 in the thread when they wrote in the thread", () =>
    inThread(async ({ slack, surface, mention, root }) => {
      await surface.refuse(mention("fix this", "gus"), "Guests cannot ask.", once("e1"));
      const [seen] = slack.ephemerals("gus");
      assert.equal(seen && slack.seen(seen), "Guests cannot ask.");
      assert.equal(seen?.threadTs, root.ts);
    }));

  test("#51 in the channel when their message opened the thread, which they have not open yet", () =>
    inThread(async ({ slack, surface, root, thread }) => {
      await surface.refuse(mentionOf(slack, root, thread), "No.", once("e1"));
      assert.equal(slack.ephemerals("ada")[0]?.threadTs, undefined);
    }));

  test("in a direct message, once, when they have left the channel", () =>
    inThread(async ({ slack, surface, mention }) => {
      const asked = mention("fix this", "gus");
      slack.channel("#web").members.delete(slack.person("gus").id);
      for (const again of [false, true]) await surface.refuse(asked, "Guests cannot ask.", { marker: "e1", again });
      assert.deepEqual(slack.ephemerals(), []);
      const { channel } = slack.as("gus").says("dm", "why?").message;
      assert.deepEqual(
        slack.timeline(channel).map(({ seen }) => seen),
        ["Guests cannot ask.", "why?"],
      );
    }));

  test("or only in the log when Slack lets nobody write to them", () =>
    inThread(async ({ slack, surface, mention, lines }) => {
      const asked = mention("fix this", "otto");
      slack.channel("#web").members.delete(slack.person("otto").id);
      await surface.refuse(asked, "Guests cannot ask.", once("e1"));
      assert.deepEqual(slack.ephemerals(), []);
      assert.deepEqual(
        lines.map(({ msg, refusal }) => [msg, refusal]),
        [["slack.refusal-unseen", "Guests cannot ask."]],
      );
    }));
});
