import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Person } from "../../src/core/types.ts";
import { answer, progress, type SurfaceUnderTest, surfaceContract } from "../contracts/surface.ts";
import type { SlackEmulator } from "../emulators/slack.ts";
import { inThread, people, startWorld, threadOf, withoutFiles } from "./slack-world.ts";

surfaceContract("slack", async (): Promise<SurfaceUnderTest> => {
  const { slack, surface, thread, root, mention } = await startWorld();
  const asPerson = (name: string): Person => ({ surface: "slack", id: slack.person(name).id, name });
  const nameOf = (who: Person) =>
    [...people.map((one) => (typeof one === "string" ? one : one.name))].find(
      (name) => slack.person(name).id === who.id,
    ) ?? who.id;
  return {
    surface,
    thread,
    member: asPerson("ada"),
    stranger: asPerson("stan"),
    mention: async (text, who) => mention(text, nameOf(who)),
    posts: async () =>
      slack
        .thread("#web", root)
        .messages()
        .filter((message) => message.author === "threadbox")
        .map(({ ts, seen, edits }) => ({ ref: ts, text: seen, edits })),
    eyes: async ({ message }) =>
      slack
        .thread("#web", root)
        .messages()
        .find(({ ts }) => ts === message)
        ?.reactions.filter(({ name }) => name === "eyes")
        .flatMap(({ users }) => users).length ?? 0,
    failFromNowOn(how) {
      const faults = {
        unauthorized: { error: "invalid_auth" },
        "rate-limited": { status: 429, retryAfter: 7 },
        unavailable: { status: 503 },
      };
      slack.faults.next("*", faults[how], 100);
    },
    close: () => slack.close(),
  };
});

const once = (marker: string) => ({ marker, again: false });
const again = (marker: string) => ({ marker, again: true });
const ada = (slack: SlackEmulator): Person => ({ surface: "slack", id: slack.person("ada").id, name: "ada" });

describe("Slack shows progress", () => {
  test("#29 with its elapsed time, and a Stop button that goes away at the end", () =>
    inThread(async ({ slack, surface, thread, root, clock }) => {
      clock.advance(65_000);
      const ref = await surface.show(thread, progress("Running npm test"), null, null, once("t1/progress"));
      const shown = () => slack.thread("#web", root).replies()[0];
      assert.match(shown()?.seen ?? "", /Running npm test[\s\S]*1 min 05 s[\s\S]*Stop/);
      await surface.show(thread, { ...progress(""), ended: "done" }, null, ref, once("t1/progress"));
      assert.doesNotMatch(shown()?.seen ?? "", /Stop/);
      assert.deepEqual(slack.pings(), []);
    }));

  test("anew when somebody deleted the message", () =>
    inThread(async ({ slack, surface, thread, root }) => {
      slack.faults.next("chat.update", { error: "message_not_found" });
      const ref = await surface.show(thread, progress("Reading"), null, "1700000000.999999", once("t1/progress"));
      assert.deepEqual(
        slack
          .thread("#web", root)
          .replies()
          .map(({ ts }) => ts),
        [ref],
      );
    }));

  test("#40 not at all when Slack has had enough, and does not try again by itself", () =>
    inThread(async ({ slack, surface, thread }) => {
      slack.faults.next("chat.postMessage", { status: 429, retryAfter: 3 });
      await assert.rejects(surface.show(thread, progress("Reading"), null, null, once("t1/progress")), {
        code: "surface.rate-limited",
        retryAfterMs: 3_000,
      });
      assert.equal(slack.requests.count("chat.postMessage"), 1);
    }));

  test("#30 once, although the first post was taken and its answer lost", () =>
    inThread(async ({ slack, surface, thread, root }) => {
      slack.faults.next("chat.postMessage", { reset: true, after: "commit" });
      const shown = surface.show(thread, progress("Reading"), null, null, once("t1/progress"));
      await assert.rejects(shown, { code: "surface.unavailable" });
      await surface.show(thread, progress("Testing"), null, null, again("t1/progress"));
      const replies = slack.thread("#web", root).replies();
      assert.equal(replies.length, 1);
      assert.match(replies[0]?.seen ?? "", /Testing/);
    }));
});

describe("Slack carries an answer", () => {
  test("#34 #36 that pings the asker once and unfurls nothing", () =>
    inThread(async ({ slack, surface, thread }) => {
      const ref = await surface.answer(thread, answer(ada(slack), "Done, see <@U0GRACE>. @here"), once("t1/answer"));
      assert.deepEqual(slack.pings(), [
        { kind: "user", id: slack.person("ada").id, channel: slack.channel("#web").id, ts: ref, via: "post" },
      ]);
      const [call] = slack.requests.of("chat.postMessage");
      assert.deepEqual([call?.args.unfurl_links, call?.args.unfurl_media].map(String), ["false", "false"]);
    }));

  test("#31 #32 of any length, in messages that Slack accepts, where the app may not upload files", () =>
    inThread(
      async ({ slack, surface, thread, root }) => {
        const text = `${"A paragraph of the answer.\n\n".repeat(500)}\`\`\`ts\n${"const a = 1;\n".repeat(1_000)}\`\`\``;
        const first = await surface.answer(thread, answer(ada(slack), text), once("t1/answer"));
        const replies = slack.thread("#web", root).replies();
        assert.equal(replies.length, 3);
        assert.equal(replies[0]?.ts, first);
        assert.equal(replies.flatMap(({ seen }) => seen.match(/const a/g) ?? []).length, 1_000);
        assert.equal(slack.pings().length, 1);
      },
      {},
      withoutFiles,
    ));

  test("#31 to its end when it broke off half-way, and doubles no part of it", () =>
    inThread(
      async ({ slack, surface, thread, root }) => {
        const long = answer(ada(slack), "A paragraph of the answer.\n\n".repeat(1_000));
        const whole = await surface.answer(thread, long, once("t0/answer"));
        const pieces = () => slack.thread("#web", root).replies();
        const count = pieces().length;
        assert.ok(count > 2);
        slack.faults.next("chat.postMessage", { status: 500, after: "commit" });
        await assert.rejects(surface.answer(thread, long, once("t1/answer")), { code: "surface.unavailable" });
        assert.equal(pieces().length, count + 1);
        const ref = await surface.answer(thread, long, again("t1/answer"));
        assert.equal(pieces().length, 2 * count);
        assert.equal(pieces()[count]?.ts, ref);
        assert.notEqual(ref, whole);
        assert.deepEqual(
          pieces()
            .slice(count)
            .map(({ seen }) => seen),
          pieces()
            .slice(0, count)
            .map(({ seen }) => seen),
        );
      },
      {},
      withoutFiles,
    ));

  const refusals: [string, object, string][] = [
    ["the bot is not in the channel", { error: "not_in_channel" }, "surface.not-in-channel"],
    ["the thread is gone", { error: "thread_not_found" }, "surface.thread-gone"],
    ["the channel is gone", { error: "channel_not_found" }, "surface.thread-gone"],
    ["the channel is archived", { error: "is_archived" }, "surface.thread-gone"],
    ["the token was revoked", { error: "token_revoked" }, "surface.unauthorized"],
    ["a scope is missing", { error: "missing_scope" }, "surface.unauthorized"],
    ["Slack counts in its own words", { error: "ratelimited" }, "surface.rate-limited"],
    ["Slack is out of order", { error: "internal_error" }, "surface.unavailable"],
    ["a proxy answers", { status: 502 }, "surface.unavailable"],
    ["the line is cut", { reset: true }, "surface.unavailable"],
    ["Slack does not like it", { error: "invalid_blocks" }, "surface.refused"],
    ["a proxy forbids it", { status: 403 }, "surface.refused"],
  ];
  for (const [name, fault, code] of refusals) {
    test(`or says ${code} when ${name}, after one attempt`, () =>
      inThread(async ({ slack, surface, thread }) => {
        slack.faults.next("chat.postMessage", fault as Parameters<SlackEmulator["faults"]["next"]>[1]);
        await assert.rejects(surface.say(thread, "Hello.", once("e1")), { code });
        assert.equal(slack.requests.count("chat.postMessage"), 1);
      }));
  }

  test("#15 and says how to invite the bot where it is missing", () =>
    inThread(async ({ slack, surface }) => {
      const { message } = slack.as("ada").says("#ops", "hello");
      const posted = surface.say(threadOf(slack, message), "Hello.", once("e1"));
      await assert.rejects(posted, { detail: "The bot is not in the channel: /invite @threadbox" });
    }));
});

describe("Slack's last resort", () => {
  const inDirect = (slack: SlackEmulator, who: string) => {
    const { message } = slack.as(who).says("dm", "hello");
    return slack.timeline(message.channel).filter(({ author }) => author === "threadbox");
  };
  const losses: [string, (slack: SlackEmulator, root: { channel: string; ts: string }) => void, RegExp][] = [
    ["#14 its channel was archived", (slack) => void slack.as("ada").archives("#web"), /is_archived/],
    ["#13 its thread was deleted", (slack, root) => void slack.as("ada").deletes(root), /thread_not_found/],
    ["#15 the bot was removed", (slack) => void slack.as("ada").removesBot("#web"), /\/invite @threadbox/],
  ];
  for (const [name, lose, why] of losses) {
    test(`${name}: it is a direct message to whoever asked, once`, () =>
      inThread(async ({ slack, surface, thread, root }) => {
        lose(slack, root);
        const ref = await surface.answer(thread, answer(ada(slack), "It was the cookie."), once("t1/answer"));
        assert.equal(await surface.answer(thread, answer(ada(slack), "It was the cookie."), again("t1/answer")), ref);
        const [told, answered, ...more] = inDirect(slack, "ada");
        assert.match(told?.seen ?? "", why);
        assert.match(answered?.seen ?? "", /It was the cookie\./);
        assert.deepEqual(more, []);
      }));
  }

  test("is not repeated when its receipt was lost", () =>
    inThread(async ({ slack, surface, thread }) => {
      slack.as("ada").archives("#web");
      slack.faults.next("chat.postMessage", { error: "is_archived" });
      slack.faults.next("chat.postMessage", { status: 500, after: "commit" });
      const posting = (id: { marker: string; again: boolean }) =>
        surface.answer(thread, answer(ada(slack), "Done."), id);
      await assert.rejects(posting(once("t1/answer")), { code: "surface.unavailable" });
      await posting(again("t1/answer"));
      assert.equal(inDirect(slack, "ada").length, 2);
    }));

  test("is none where the token is dead, or nobody can be written to: the first failure stands", () =>
    inThread(async ({ slack, surface, thread }) => {
      slack.as("ada").archives("#web");
      const gone: Person = { surface: "slack", id: slack.person("gone").id, name: "gone" };
      const alice: Person = { surface: "github", id: "1", name: "alice" };
      for (const who of [gone, alice]) {
        const lost = surface.answer(thread, answer(who, "Done."), once("t1/answer"));
        await assert.rejects(lost, { code: "surface.thread-gone", detail: "Slack answered is_archived" });
      }
      slack.app.revoked = true;
      const lost = surface.answer(thread, answer(ada(slack), "Done."), once("t1/answer"));
      await assert.rejects(lost, { code: "surface.unauthorized" });
      assert.equal(slack.requests.count("conversations.open"), 1);
    }));
});

describe("Slack's limits", () => {
  test("#40 close one channel, and progress waits for nothing", () =>
    inThread(async ({ slack, surface, thread, clock }) => {
      slack.faults.next("chat.postMessage", { status: 429, retryAfter: 30 });
      await assert.rejects(surface.say(thread, "One.", once("e1")), { code: "surface.rate-limited" });
      await assert.rejects(surface.show(thread, progress("Reading"), null, null, once("t1/progress")));
      await assert.rejects(surface.say(thread, "One.", once("e1")), { retryAfterMs: 30_000 });
      assert.equal(slack.requests.count("chat.postMessage"), 1);
      slack.as("ada").invitesBot("#ops");
      await surface.say(threadOf(slack, slack.as("ada").says("#ops", "hello").message), "One.", once("e2"));
      clock.advance(30_000);
      await surface.say(thread, "One.", again("e1"));
      assert.equal(slack.requests.count("chat.postMessage"), 3);
    }));
});

test("#39 Slack's eyes do not mind a message that is gone", () =>
  inThread(async ({ surface, thread }) => {
    await surface.acknowledge({ thread, message: "1600000000.000001" });
  }));
