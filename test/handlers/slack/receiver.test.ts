import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import { type SlackAppOptions, slackApp } from "../../../handlers/slack/receiver.ts";
import { systemClock } from "../../../src/clock.ts";
import type { Thread } from "../../../src/core/types.ts";
import { slackSurface } from "../../../src/surfaces/slack.ts";
import { progress } from "../../contracts/surface.ts";
import { type Message, type SlackEmulator, startSlack } from "../../emulators/slack.ts";
import { keepingInbox, keepingNews, withSlack } from "./world.ts";

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
        await ada.edits(lunch.message, "lunch?").delivered;
        await slack
          .as("otto")
          .says("#general", "@threadbox fix")
          .delivered.catch(() => {});
        await ada.reacts(lunch.message, "eyes").delivered;
        assert.deepEqual(inbox.mentions, []);
        assert.deepEqual(
          new Set(skips(lines)),
          new Set(["no-mention-and-no-thread", "unchanged", "bot", "other-reaction"]),
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

    test("refuses to start with a token that Slack refuses, and names the setting", async () => {
      const socketMode = mode === "socket";
      const slack = await startSlack({ app: { socketMode } });
      const { apiUrl, app: ours } = slack;
      const right = { botToken: ours.botToken, ...(socketMode ? { appToken: ours.appToken } : { signingSecret: "s" }) };
      const wrong: [string, Partial<SlackAppOptions["config"]>][] = [["SLACK_BOT_TOKEN", { botToken: "xoxb-wrong" }]];
      if (socketMode) wrong.push(["SLACK_APP_TOKEN", { appToken: "xapp-wrong" }]);
      const log = pino({ level: "silent" });
      for (const [setting, change] of wrong) {
        const config = { ...right, apiUrl, name: "threadbox", ...change };
        const app = slackApp({ inbox: keepingInbox(), ...keepingNews(), config, log, clock: systemClock });
        const detail = `${setting}: Slack answered invalid_auth`;
        await assert.rejects(app.start(), { code: "surface.unauthorized", detail });
        await app.stop();
      }
      await slack.close();
    });
  });
}

function speaking(slack: SlackEmulator, root: Message) {
  const log = pino({ level: "silent" });
  const { apiUrl, app, team } = slack;
  const surface = slackSurface({ token: app.botToken, apiUrl, allow: {}, name: "threadbox", log, clock: systemClock });
  const thread: Thread = { surface: "slack", team: team.id, channel: root.channel, threadTs: root.ts };
  return { surface, thread };
}
