import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { pino } from "pino";
import { slackApp } from "../../../handlers/slack/receiver.ts";
import { systemClock } from "../../../src/clock.ts";
import { handWoundClock } from "../../clock.ts";
import type { SlackEmulator } from "../../emulators/slack.ts";
import { keepingInbox, keepingNews, messagesOf, type World, withSlack } from "./world.ts";

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

  test("starts while Slack is down, and asks who it is when the first event comes", () => {
    const prepare = (slack: SlackEmulator) => slack.faults.next("auth.test", { status: 503 }, 3);
    const check = async ({ slack, inbox, lines }: World) => {
      assert.deepEqual(messagesOf(lines), ["slack.unreachable"]);
      await slack.as("ada").says("dm", "fix").delivered;
      assert.equal(inbox.mentions.length, 1);
    };
    return withSlack("http", check, { prepare });
  });

  test("answers 500 while it cannot know who it is, so that Slack asks again", () => {
    const prepare = (slack: SlackEmulator) => slack.faults.next("auth.test", { status: 503 }, 6);
    const check = async ({ slack, inbox }: World) => {
      const [delivery] = await slack.as("ada").says("dm", "fix").delivered;
      assert.deepEqual(
        delivery?.attempts.map(({ status }) => status),
        [500, 200],
      );
      assert.equal(inbox.mentions.length, 1);
    };
    return withSlack("http", check, { prepare });
  });

  test("needs a signing secret or an app token", () => {
    const config = { botToken: "xoxb-1", name: "threadbox" };
    const log = pino({ level: "silent" });
    assert.throws(() => slackApp({ inbox: keepingInbox(), ...keepingNews(), config, log, clock: systemClock }), {
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

  test("starts while Slack is down, and comes back after one second, then two", () => {
    const clock = handWoundClock();
    const prepare = (slack: SlackEmulator) => slack.faults.next("apps.connections.open", { status: 503 }, 2);
    const check = async ({ slack, inbox, lines, logged }: World) => {
      const said = slack.as("ada").says("dm", "fix");
      const stillDown = logged("slack.unreachable");
      clock.advance(1_000);
      await stillDown;
      const connected = logged("slack.connected");
      clock.advance(2_000);
      await connected;
      await said.delivered;
      assert.equal(inbox.mentions.length, 1);
      const unreachable = messagesOf(lines).filter((msg) => msg === "slack.unreachable");
      assert.equal(unreachable.length, 2);
    };
    return withSlack("socket", check, { prepare, clock });
  });

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

function signed(secret: string, body: string): { body: string; headers: Record<string, string> } {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const headers = { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${signature}` };
  return { body, headers: { "content-type": "application/json", ...headers } };
}
