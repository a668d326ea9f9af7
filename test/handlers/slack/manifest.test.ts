import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { pino } from "pino";
import { parse } from "yaml";
import { z } from "zod";
import { slackActions, slackHandlers, slackShortcuts } from "../../../handlers/slack/register.ts";
import { BOT_SCOPES } from "../../../handlers/slack/scopes.ts";
import { slackEndings } from "../../../handlers/slack/uninstalled.ts";
import type { Thread } from "../../../src/core/types.ts";
import { REDIRECT_PATH } from "../../../src/installation.ts";
import { slackSurface } from "../../../src/surfaces/slack.ts";
import { handWoundClock } from "../../clock.ts";
import { answer, progress } from "../../contracts/surface.ts";
import { startSlack } from "../../emulators/slack.ts";

const Manifest = z.object({
  display_information: z.object({ name: z.string().max(35), description: z.string().max(140) }),
  features: z.object({
    agent_view: z.object({
      agent_description: z.string().max(300),
      suggested_prompts: z.array(z.object({ title: z.string(), message: z.string() })).max(4),
    }),
    slash_commands: z.array(z.object({ command: z.string().max(32), url: z.string(), should_escape: z.boolean() })),
    shortcuts: z.array(
      z.object({ type: z.string(), name: z.string().max(24), callback_id: z.string(), description: z.string() }),
    ),
  }),
  oauth_config: z.object({ redirect_urls: z.array(z.string()), scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ request_url: z.string(), bot_events: z.array(z.string()) }),
    interactivity: z.object({
      is_enabled: z.boolean(),
      request_url: z.string(),
      message_menu_options_url: z.string(),
    }),
  }),
});

const read = (name: string) => readFile(new URL(`../../../${name}`, import.meta.url), "utf8");
const manifest = Manifest.parse(parse(await read("manifest.yml")));
const scopes = manifest.oauth_config.scopes.bot;
const events = manifest.settings.event_subscriptions.bot_events;

describe("manifest.yml", () => {
  test("subscribes to exactly the events that have a handler", () => {
    const types = new Set(events.map((event) => event.replace(/^message\..*/, "message")));
    assert.deepEqual([...types].sort(), [...Object.keys(slackHandlers), ...slackEndings].sort());
  });

  test("asks for the scopes that a workspace is asked for which installs it by itself, and is sent back to the same host", () => {
    assert.deepEqual(BOT_SCOPES, scopes);
    const { host } = new URL(manifest.settings.event_subscriptions.request_url);
    const back = manifest.oauth_config.redirect_urls.map((url) => new URL(url));
    assert.deepEqual(
      back.map((url) => [url.host, url.pathname]),
      [[host, REDIRECT_PATH]],
    );
  });

  test("hears messages of every kind of channel", () => {
    const messages = events.filter((event) => event.startsWith("message."));
    assert.deepEqual(messages, ["message.channels", "message.groups", "message.im", "message.mpim"]);
  });

  test("sends buttons where it sends events", () => {
    const answers = Array.from({ length: 10 }, (_, i) => `threadbox_answer_${i + 1}`);
    assert.deepEqual(Object.keys(slackActions), [
      "threadbox_stop",
      "threadbox_repository",
      "threadbox_link",
      "threadbox_feedback",
      ...answers,
      "threadbox_answer_other",
    ]);
    const { event_subscriptions, interactivity } = manifest.settings;
    const { request_url } = event_subscriptions;
    assert.deepEqual(interactivity, { is_enabled: true, request_url, message_menu_options_url: request_url });
    assert.equal(new URL(event_subscriptions.request_url).pathname, "/slack/events");
  });

  test("has one command, and exactly the shortcuts that have a handler", () => {
    const { slash_commands, shortcuts } = manifest.features;
    const { request_url: url } = manifest.settings.event_subscriptions;
    assert.deepEqual(slash_commands, [{ command: "/threadbox", url, should_escape: true }]);
    assert.deepEqual(
      shortcuts.map(({ type, callback_id }) => [type, callback_id]),
      Object.keys(slackShortcuts).map((id) => ["message", id]),
    );
  });

  test("asks for exactly the scopes that docs/slack.md explains", async () => {
    const explained = (await read("docs/slack.md")).match(/^\| `([a-z_.]+:[a-z.]+|commands)`/gm) ?? [];
    assert.deepEqual(explained.map((row) => row.slice(3, -1)).sort(), scopes.toSorted());
  });

  test("asks for every scope that the surface needs", async () => {
    const slack = await startSlack({ app: { scopes, events }, channels: ["web", { name: "den", kind: "private" }] });
    const { apiUrl, app, team } = slack;
    const options = { token: app.botToken, apiUrl, allow: {}, name: "threadbox", log: pino({ level: "silent" }) };
    const surface = slackSurface({ ...options, clock: handWoundClock() });
    try {
      for (const where of ["web", "den", "dm"]) {
        const root = slack.as("ada").says(where, "it broke").message;
        const { channel, author: id, ts } = slack.as("ada").says(where, "fix", { thread: root }).message;
        const thread: Thread = { surface: "slack", team: team.id, channel, threadTs: root.ts };
        const author = { surface: "slack" as const, id, name: id };
        const asked = {
          id: ts,
          dedupe: ts,
          keys: [],
          thread,
          author,
          text: "fix",
          addressed: true,
          at: 0,
          message: ts,
        };
        await surface.acknowledge(asked);
        const verdict = await surface.authorize(asked);
        assert.ok(verdict.allowed);
        assert.equal((await surface.context(asked)).length, 1);
        const ref = await surface.show(thread, progress("Reading"), null, null, { marker: "p", again: true });
        await surface.show(thread, progress("Testing"), null, ref, { marker: "p", again: false });
        await surface.refuse(asked, "No.", { marker: "r", again: false });
        await surface.answer(thread, answer(author, "Done."), { marker: "a", again: false });
      }
    } finally {
      await slack.close();
    }
  });
});
