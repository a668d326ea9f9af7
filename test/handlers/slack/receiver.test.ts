import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { pino } from "pino";
import { type SlackApp, slackApp } from "../../../handlers/slack/receiver.ts";
import { systemClock } from "../../../src/clock.ts";
import type { Inbox, NewMention, Thread } from "../../../src/core/types.ts";
import { slackSurface } from "../../../src/surfaces/slack.ts";
import { progress } from "../../contracts/surface.ts";
import { type Message, type SlackEmulator, startSlack } from "../../emulators/slack.ts";

type Mode = "http" | "socket";

/** Keeps what it was given; refuses the next `failures` mentions as a database that is down would. */
interface KeepingInbox extends Inbox {
  mentions: NewMention[];
  failures: number;
  /** Called before each is kept. */
  before(): Promise<void>;
}

interface World {
  slack: SlackEmulator;
  inbox: KeepingInbox;
  app: SlackApp;
  lines: Record<string, unknown>[];
  /** Resolves with the next line of that name. */
  logged(msg: string): Promise<void>;
  /** Where Slack would reach us; empty in Socket Mode. */
  url: string;
}

interface Prepared {
  /** Called before the app starts. */
  prepare?: (slack: SlackEmulator) => void;
}

async function withSlack(
  mode: Mode,
  check: (world: World) => Promise<void>,
  { prepare }: Prepared = {},
): Promise<void> {
  const socketMode = mode === "socket";
  const members = ["ada", "grace", "otto"];
  const slack = await startSlack({
    people: ["ada", "grace", { name: "otto", kind: "bot" }],
    channels: [{ name: "general", members }],
    app: { socketMode },
  });
  prepare?.(slack);
  const inbox = keepingInbox();
  const lines: Record<string, unknown>[] = [];
  const waiting = new Map<string, () => void>();
  const write = (line: string): void => {
    const parsed = JSON.parse(line);
    lines.push(parsed);
    waiting.get(parsed.msg)?.();
  };
  const logged = (msg: string) => new Promise<void>((resolve) => void waiting.set(msg, resolve));
  const log = pino({ base: null, level: "debug" }, { write });
  const { botToken, signingSecret, appToken } = slack.app;
  const way = socketMode ? { appToken } : { signingSecret };
  const config = { botToken, apiUrl: slack.apiUrl, name: "threadbox", ...way };
  const app = slackApp({ inbox, config, log, clock: systemClock });
  const server = app.listener ? await listening(app.listener) : null;
  const url = server ? `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events` : "";
  if (server) slack.deliverTo(url);
  try {
    await app.start();
    await check({ slack, inbox, app, lines, logged, url });
  } finally {
    await app.stop();
    await slack.close();
    server?.close();
    server?.closeAllConnections();
  }
}

function keepingInbox(): KeepingInbox {
  const inbox: KeepingInbox = {
    mentions: [],
    failures: 0,
    before: async () => {},
    async receive(mention) {
      await inbox.before();
      if (inbox.failures-- > 0) throw new Error("the database is down");
      if (inbox.mentions.some(({ dedupe }) => dedupe === mention.dedupe)) return { is: "duplicate" };
      inbox.mentions.push(mention);
      return { is: "accepted", session: "s1", mention: "m1" };
    },
    link: async () => ({ is: "duplicate" }),
  };
  return inbox;
}

async function listening(listener: NonNullable<SlackApp["listener"]>): Promise<Server> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const skips = (lines: Record<string, unknown>[]) =>
  lines.filter(({ msg }) => msg === "slack.ignored").map((l) => l.skipped);

for (const mode of ["http", "socket"] as const) {
  describe(`Slack over ${mode}`, () => {
    test("hands a mention over once, though Slack tells of it twice", () =>
      withSlack(mode, async ({ slack, inbox, lines }) => {
        const { message, delivered } = slack.as("ada").says("#general", "@threadbox fix the login");
        const deliveries = await delivered;
        assert.equal(deliveries.length, 2);
        assert.ok(deliveries.every(({ acknowledged, attempts }) => acknowledged && attempts.length === 1));
        assert.deepEqual(
          inbox.mentions.map(({ text, author, message: ts }) => [text, author.id, ts]),
          [["fix the login", slack.person("ada").id, message.ts]],
        );
        const receipts = lines.filter(({ msg }) => msg === "slack.received").map(({ receipt }) => receipt);
        assert.deepEqual(receipts.sort(), ["accepted", "duplicate"]);
      }));

    test("hands over direct messages and replies in threads", () =>
      withSlack(mode, async ({ slack, inbox }) => {
        await slack.as("ada").says("dm", "fix the login").delivered;
        const root = slack.as("grace").says("#general", "it broke");
        await root.delivered;
        await slack.as("ada").says("#general", "and the tests", { thread: root.message }).delivered;
        assert.deepEqual(
          inbox.mentions.map(({ text, addressed }) => [text, addressed]),
          [
            ["fix the login", true],
            ["and the tests", false],
          ],
        );
      }));

    test("is acknowledged only after the mention is stored", () =>
      withSlack(mode, async ({ slack, inbox }) => {
        const stored = Promise.withResolvers<void>();
        const reached = Promise.withResolvers<void>();
        inbox.before = () => {
          reached.resolve();
          return stored.promise;
        };
        const { deliveries, delivered } = slack.as("ada").says("dm", "fix");
        await reached.promise;
        assert.equal(deliveries[0]?.acknowledged, false);
        stored.resolve();
        assert.equal((await delivered)[0]?.acknowledged, true);
      }));

    test("is asked again when the mention could not be stored, and loses nothing", async () => {
      await withSlack(mode, async ({ slack, inbox, lines, logged }) => {
        inbox.failures = 1;
        const notStored = logged("slack.not-stored");
        const { deliveries, delivered } = slack.as("ada").says("dm", "fix");
        await notStored;
        // Over a socket Slack waits for three seconds before it sends again, or for the line to break.
        if (mode === "socket") slack.socket.drop();
        await delivered;
        assert.deepEqual(
          inbox.mentions.map(({ text }) => text),
          ["fix"],
        );
        assert.ok((deliveries[0]?.attempts.length ?? 0) > 1);
        assert.equal(lines.filter(({ msg }) => msg === "slack.not-stored").length, 1);
      });
    });

    test("keeps one mention when Slack does not hear that it was taken", () =>
      withSlack(mode, async ({ slack, inbox }) => {
        slack.faults.nextDelivery({ loseAnswer: true });
        await slack.as("ada").says("dm", "fix").delivered;
        assert.equal(inbox.mentions.length, 1);
      }));

    test("says why it leaves something alone", () =>
      withSlack(mode, async ({ slack, inbox, lines }) => {
        const ada = slack.as("ada");
        const lunch = ada.says("#general", "lunch?");
        await lunch.delivered;
        await ada.edits(lunch.message, "dinner?").delivered;
        await slack
          .as("otto")
          .says("#general", "@threadbox fix")
          .delivered.catch(() => {});
        await ada.reacts(lunch.message, "eyes").delivered;
        assert.deepEqual(inbox.mentions, []);
        assert.deepEqual(
          new Set(skips(lines)),
          new Set(["no-mention-and-no-thread", "edit-or-deletion", "bot", "no-handler"]),
        );
      }));

    test("does not hear its own words, nor the edits of them", () =>
      withSlack(mode, async ({ slack, inbox, lines }) => {
        const root = slack.as("ada").says("#general", "hello");
        const { surface, thread } = speaking(slack, root.message);
        const ref = await surface.show(thread, progress("Reading"), null, null, { marker: "p", again: false });
        await surface.show(thread, progress("Testing"), null, ref, { marker: "p", again: false });
        await slack.settled();
        assert.deepEqual(inbox.mentions, []);
        assert.deepEqual(skips(lines).slice(1), ["own-message", "edit-or-deletion"]);
      }));

    test("turns the Stop button into the word, with who pressed it", () =>
      withSlack(mode, async ({ slack, inbox }) => {
        const root = slack.as("ada").says("#general", "hello").message;
        const { surface, thread } = speaking(slack, root);
        await surface.show(thread, progress("Reading"), null, null, { marker: "p", again: false });
        const shown = slack.thread("#general", root).replies()[0]?.message;
        assert.ok(shown);
        const [delivery] = await slack.as("grace").presses(shown, "Stop").delivered;
        assert.equal(delivery?.acknowledged, true);
        const stop = inbox.mentions.at(-1);
        assert.deepEqual([stop?.text, stop?.author.id, stop?.thread], ["stop", slack.person("grace").id, thread]);
      }));

    test("refuses to start with a token that Slack refuses", async () => {
      const slack = await startSlack({ app: { socketMode: mode === "socket" } });
      const way = mode === "socket" ? { appToken: slack.app.appToken } : { signingSecret: "s" };
      const config = { botToken: "xoxb-wrong", apiUrl: slack.apiUrl, name: "threadbox", ...way };
      const log = pino({ level: "silent" });
      const app = slackApp({ inbox: keepingInbox(), config, log, clock: systemClock });
      await assert.rejects(app.start(), { code: "surface.unauthorized" });
      await app.stop();
      await slack.close();
    });
  });
}

describe("Slack over http", () => {
  const events: [string, (slack: SlackEmulator) => void][] = [
    ["that somebody else signed", (slack) => slack.faults.nextDelivery({ badSignature: true }, 4)],
    ["that is older than five minutes", (slack) => slack.faults.nextDelivery({ staleBySeconds: 301 }, 4)],
    ["that was signed for tomorrow", (slack) => slack.faults.nextDelivery({ staleBySeconds: -86_400 }, 4)],
  ];
  for (const [name, disturb] of events) {
    test(`refuses a request ${name}, with one line in the log for each`, () =>
      withSlack("http", async ({ slack, inbox, lines }) => {
        disturb(slack);
        lines.length = 0;
        const [delivery] = await slack.as("ada").says("dm", "fix").delivered;
        assert.deepEqual(
          delivery?.attempts.map(({ status }) => status),
          [401, 401, 401, 401],
        );
        assert.deepEqual(inbox.mentions, []);
        assert.equal(lines.length, 4);
      }));
  }

  test("answers Slack's question whether it is there", () =>
    withSlack("http", async ({ slack }) => assert.equal(await slack.verifyRequestUrl(), true)));

  test("refuses bodies over four megabytes, and other paths and methods", () =>
    withSlack("http", async ({ url, slack }) => {
      const post = async (to: string, init: RequestInit) => (await fetch(to, init)).status;
      assert.equal(await post(url, { method: "POST", body: "x".repeat(4 * 1024 * 1024 + 1) }), 413);
      assert.equal(await post(url, { method: "GET" }), 404);
      assert.equal(await post(url.replace("events", "else"), { method: "POST", body: "{}" }), 404);
      assert.equal(await post(url, { method: "POST", body: "{}" }), 401);
      assert.equal(await post(url, { method: "POST", ...signed(slack.app.signingSecret, "no json") }), 400);
    }));

  test("asks who it is once Slack can tell, and loses nothing meanwhile", () =>
    withSlack("http", async ({ slack, inbox }) => {
      slack.reset();
      const { message } = slack.as("ada").says("dm", "fix");
      await slack.settled();
      assert.deepEqual(
        inbox.mentions.map(({ message: ts }) => ts),
        [message.ts],
      );
    }));

  test("needs a signing secret or an app token", () => {
    const config = { botToken: "xoxb-1", name: "threadbox" };
    const log = pino({ level: "silent" });
    assert.throws(() => slackApp({ inbox: keepingInbox(), config, log, clock: systemClock }), {
      code: "config.invalid",
    });
  });
});

describe("Slack over socket", () => {
  for (const end of ["disconnect", "drop"] as const) {
    test(`comes back after a ${end}, and gets what was said meanwhile`, () =>
      withSlack("socket", async ({ slack, inbox }) => {
        await slack.as("ada").says("dm", "before").delivered;
        slack.socket[end]();
        await slack.as("ada").says("dm", "after").delivered;
        assert.deepEqual(
          inbox.mentions.map(({ text }) => text),
          ["before", "after"],
        );
        assert.equal(slack.socket.connections(), 1);
      }));
  }

  test("stores what it has begun before it stops", () =>
    withSlack("socket", async ({ slack, inbox, app }) => {
      const stored = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      inbox.before = () => {
        reached.resolve();
        return stored.promise;
      };
      const { delivered } = slack.as("ada").says("dm", "fix");
      await reached.promise;
      const stopped = app.stop();
      stored.resolve();
      await stopped;
      assert.equal((await delivered)[0]?.acknowledged, true);
      assert.equal(inbox.mentions.length, 1);
    }));
});

function speaking(slack: SlackEmulator, root: Message) {
  const log = pino({ level: "silent" });
  const { apiUrl, app, team } = slack;
  const surface = slackSurface({ token: app.botToken, apiUrl, allow: {}, name: "threadbox", log, clock: systemClock });
  const thread: Thread = { surface: "slack", team: team.id, channel: root.channel, threadTs: root.ts };
  return { surface, thread };
}

function signed(secret: string, body: string): { body: string; headers: Record<string, string> } {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const headers = { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${signature}` };
  return { body, headers: { "content-type": "application/json", ...headers } };
}
