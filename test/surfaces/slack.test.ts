import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import type { Mention, Person, Thread } from "../../src/core/types.ts";
import { slackSurface } from "../../src/surfaces/slack.ts";
import type { SlackAllow } from "../../src/surfaces/slack-people.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { type HandWoundClock, handWoundClock } from "../clock.ts";
import { answer, progress, type SurfaceUnderTest, surfaceContract } from "../contracts/surface.ts";
import { type Message, type SlackEmulator, startSlack } from "../emulators/slack.ts";

const people = [
  "ada",
  "grace",
  { name: "gus", kind: "guest" as const },
  { name: "stan", kind: "stranger" as const },
  { name: "otto", kind: "bot" as const },
  { name: "gone", kind: "deleted" as const },
];
const channels = [
  { name: "web", members: ["ada", "grace", "gus", "stan", "otto", "gone"] },
  { name: "shared", extShared: true, members: ["ada", "stan"] },
  { name: "ops", bot: false, members: ["ada"] },
];

interface World {
  slack: SlackEmulator;
  surface: Surface;
  clock: HandWoundClock;
  thread: Thread;
  root: Message;
  lines: Record<string, unknown>[];
  /** Says it in the thread and makes the mention that the handler would make. */
  mention(text: string, who?: string): Mention;
}

/** The real client on an emulated workspace, in a thread that ada opened in #web. */
async function inThread(check: (world: World) => Promise<void>, allow: SlackAllow = {}): Promise<void> {
  const world = await startWorld(allow);
  try {
    await check(world);
    assert.deepEqual(world.slack.broadcasts(), []);
  } finally {
    await world.slack.close();
  }
}

async function startWorld(allow: SlackAllow = {}): Promise<World> {
  const slack = await startSlack({ people, channels });
  const clock = handWoundClock();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const { apiUrl, app } = slack;
  const surface = slackSurface({ token: app.botToken, apiUrl, allow, name: "threadbox", log, clock });
  const root = slack.as("ada").says("#web", "the login test fails").message;
  const thread = threadOf(slack, root);
  const mention = (text: string, who = "ada") => {
    const { message } = slack.as(who).says("#web", text, { thread: root });
    return mentionOf(slack, message, thread);
  };
  return { slack, surface, clock, thread, root, lines, mention };
}

const threadOf = (slack: SlackEmulator, { channel, ts, threadTs }: Message): Thread => ({
  surface: "slack",
  team: slack.team.id,
  channel,
  threadTs: threadTs ?? ts,
});

function mentionOf(slack: SlackEmulator, { author, ts, text, channel }: Message, thread: Thread): Mention {
  return {
    id: `m-${ts}`,
    dedupe: `slack:${slack.team.id}/${channel}/${ts}`,
    keys: [],
    thread,
    author: { surface: "slack", id: author, name: author },
    text,
    addressed: true,
    at: 0,
    message: ts,
  };
}

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
  test("with its elapsed time, and a Stop button that goes away at the end", () =>
    inThread(async ({ slack, surface, thread, root, clock }) => {
      clock.advance(65_000);
      const ref = await surface.show(thread, progress("Running npm test"), null, null, once("t1/progress"));
      const shown = () => slack.thread("#web", root).replies()[0];
      assert.match(shown()?.seen ?? "", /Running npm test[\s\S]*1 min 5 s[\s\S]*Stop/);
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

  test("not at all when Slack has had enough, and does not try again by itself", () =>
    inThread(async ({ slack, surface, thread }) => {
      slack.faults.next("chat.postMessage", { status: 429, retryAfter: 3 });
      await assert.rejects(surface.show(thread, progress("Reading"), null, null, once("t1/progress")), {
        code: "surface.rate-limited",
        retryAfterMs: 3_000,
      });
      assert.equal(slack.requests.count("chat.postMessage"), 1);
    }));

  test("once, although the first post was taken and its answer lost", () =>
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
  test("that pings the asker once and unfurls nothing", () =>
    inThread(async ({ slack, surface, thread }) => {
      const ref = await surface.answer(thread, answer(ada(slack), "Done, see <@U0GRACE>. @here"), once("t1/answer"));
      assert.deepEqual(slack.pings(), [
        { kind: "user", id: slack.person("ada").id, channel: slack.channel("#web").id, ts: ref, via: "post" },
      ]);
      const [call] = slack.requests.of("chat.postMessage");
      assert.deepEqual([call?.args.unfurl_links, call?.args.unfurl_media].map(String), ["false", "false"]);
    }));

  test("of any length, in messages that Slack accepts", () =>
    inThread(async ({ slack, surface, thread, root }) => {
      const text = `${"A paragraph of the answer.\n\n".repeat(500)}\`\`\`ts\n${"const a = 1;\n".repeat(1_000)}\`\`\``;
      const first = await surface.answer(thread, answer(ada(slack), text), once("t1/answer"));
      const replies = slack.thread("#web", root).replies();
      assert.equal(replies.length, 4);
      assert.equal(replies[0]?.ts, first);
      assert.equal(replies.flatMap(({ seen }) => seen.match(/const a/g) ?? []).length, 1_000);
      assert.equal(slack.pings().length, 1);
    }));

  test("to its end when it broke off half-way, and doubles no part of it", () =>
    inThread(async ({ slack, surface, thread, root }) => {
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
    }));

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

  test("and says how to invite the bot where it is missing", () =>
    inThread(async ({ slack, surface }) => {
      const { message } = slack.as("ada").says("#ops", "hello");
      const posted = surface.say(threadOf(slack, message), "Hello.", once("e1"));
      await assert.rejects(posted, { detail: "The bot is not in the channel: /invite @threadbox" });
    }));
});

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

  test("with the name that people see, and the address for commits", () =>
    inThread(async ({ surface, mention, slack }) => {
      assert.deepEqual(await surface.authorize(mention("fix this")), {
        allowed: true,
        author: {
          surface: "slack",
          id: slack.person("ada").id,
          name: "ada",
          git: { name: "Ada", email: "ada@example.com" },
        },
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

  test("never guesses: what it cannot find out, it does not know", () =>
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
  test("oldest first, with names, without bots, and with who may give orders", () =>
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

  test("the root and the newest of a long thread, and says what is missing", () =>
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
  test("in the thread when they wrote in the thread", () =>
    inThread(async ({ slack, surface, mention, root }) => {
      await surface.refuse(mention("fix this", "gus"), "Guests cannot ask.", once("e1"));
      const [seen] = slack.ephemerals("gus");
      assert.equal(seen && slack.seen(seen), "Guests cannot ask.");
      assert.equal(seen?.threadTs, root.ts);
    }));

  test("in the channel when their message opened the thread, which they have not open yet", () =>
    inThread(async ({ slack, surface, root, thread }) => {
      await surface.refuse(mentionOf(slack, root, thread), "No.", once("e1"));
      assert.equal(slack.ephemerals("ada")[0]?.threadTs, undefined);
    }));

  test("or only in the log when they have left the channel", () =>
    inThread(async ({ slack, surface, mention, lines }) => {
      const asked = mention("fix this", "gus");
      slack.channel("#web").members.delete(slack.person("gus").id);
      await surface.refuse(asked, "Guests cannot ask.", once("e1"));
      assert.deepEqual(slack.ephemerals(), []);
      assert.deepEqual(
        lines.map(({ msg, refusal }) => [msg, refusal]),
        [["slack.refusal-unseen", "Guests cannot ask."]],
      );
    }));
});

test("Slack's eyes do not mind a message that is gone", () =>
  inThread(async ({ surface, thread }) => {
    await surface.acknowledge({ thread, message: "1600000000.000001" });
  }));
