/**
 * manifest.yml against what Slack takes: only keys that the types of Slack's SDK know, with the limits that Slack documents beside them. The
 * keys are held to those types when this file is compiled, so that a release that drops one is seen.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { AppsManifestValidateArguments } from "@slack/web-api";
import { parse } from "yaml";
import { z } from "zod";

type Known = AppsManifestValidateArguments["manifest"];
type Part<K extends "features" | "oauth_config" | "settings"> = NonNullable<Known[K]>;
type Inside<T, K extends keyof T> = NonNullable<T[K]>;
/** Fields of a part of the manifest; one that Slack's types do not know does not compile. */
type Fields<T> = { [K in keyof T]?: z.ZodType };

const text = (max: number) => z.string().min(1).max(max);
const address = z.string().regex(/^https:\/\//);
const flag = z.boolean();

const prompts = z.array(z.strictObject({ title: text(75), message: text(2_000) })).max(4);
const agentView = {
  agent_description: text(300),
  suggested_prompts: prompts.optional(),
  actions: z.array(z.strictObject({ name: text(75), description: text(300) })).optional(),
} satisfies Fields<Inside<Part<"features">, "agent_view">>;

const appHome = {
  home_tab_enabled: flag,
  messages_tab_enabled: flag,
  messages_tab_read_only_enabled: flag,
} satisfies Fields<Inside<Part<"features">, "app_home">>;

const command = {
  command: z.string().max(32).startsWith("/"),
  description: text(2_000),
  should_escape: flag,
  url: address.optional(),
  usage_hint: text(1_000).optional(),
} satisfies Fields<Inside<Part<"features">, "slash_commands">[number]>;

const shortcut = {
  type: z.enum(["global", "message"]),
  name: text(24),
  callback_id: text(255),
  description: text(150),
} satisfies Fields<Inside<Part<"features">, "shortcuts">[number]>;

const features = {
  agent_view: z.strictObject(agentView),
  app_home: z.strictObject(appHome),
  bot_user: z.strictObject({ display_name: text(80).regex(/^[a-z0-9._-]+$/), always_online: flag }),
  shortcuts: z.array(z.strictObject(shortcut)).max(10),
  slash_commands: z.array(z.strictObject(command)).max(50),
} satisfies Fields<Part<"features">>;

const scopes = z.array(text(100)).max(255);
const oauth = {
  redirect_urls: z.array(address).max(1_000).optional(),
  scopes: z.strictObject({ bot: scopes, user: scopes.optional(), bot_optional: scopes.optional() }),
} satisfies Fields<Part<"oauth_config">>;

const events = { request_url: address.optional(), bot_events: z.array(text(100)).max(100) } satisfies Fields<
  Inside<Part<"settings">, "event_subscriptions">
>;
const interactivity = {
  is_enabled: flag,
  request_url: address.optional(),
  message_menu_options_url: address.optional(),
} satisfies Fields<Inside<Part<"settings">, "interactivity">>;

const settings = {
  event_subscriptions: z.strictObject(events),
  interactivity: z.strictObject(interactivity),
  org_deploy_enabled: flag,
  socket_mode_enabled: flag,
  token_rotation_enabled: flag,
} satisfies Fields<Part<"settings">>;

const display = {
  name: text(35),
  description: text(140),
  long_description: z.string().min(174).max(4_000).optional(),
  background_color: z.string().regex(/^#(?:[\da-fA-F]{3}){1,2}$/),
} satisfies Fields<Known["display_information"]>;

const Manifest = z.strictObject({
  _metadata: z.strictObject({ major_version: z.int(), minor_version: z.int().optional() }).optional(),
  display_information: z.strictObject(display),
  features: z.strictObject(features),
  oauth_config: z.strictObject(oauth),
  settings: z.strictObject(settings),
});

const manifest: unknown = parse(readFileSync(join(import.meta.dirname, "../../../manifest.yml"), "utf8"));
const whole = Manifest.parse(manifest);

describe("manifest.yml, as Slack takes it", () => {
  test("names no event and no scope twice", () => {
    for (const names of [whole.settings.event_subscriptions.bot_events, whole.oauth_config.scopes.bot])
      assert.deepEqual(names, [...new Set(names)]);
  });

  test("hears of Slack's own Stop, without which Slack shows one that nobody hears", () =>
    assert.ok(whole.settings.event_subscriptions.bot_events.includes("agent_session_stopped")));

  test("#47 suggests at most four things to say, which are said as they stand there", () => {
    const { suggested_prompts = [] } = whole.features.agent_view;
    assert.ok(suggested_prompts.length > 0 && suggested_prompts.length <= 4);
    assert.equal(whole.features.app_home.messages_tab_enabled, true);
    assert.equal(whole.features.app_home.messages_tab_read_only_enabled, false);
  });

  const mistakes: [string, object][] = [
    ["a key that Slack does not know", { features: { ...whole.features, assistant: {} } }],
    [
      "five suggestions",
      {
        features: {
          ...whole.features,
          agent_view: { ...whole.features.agent_view, suggested_prompts: Array(5).fill({ title: "a", message: "b" }) },
        },
      },
    ],
    ["a name that is too long", { display_information: { ...whole.display_information, name: "x".repeat(36) } }],
  ];
  for (const [what, change] of mistakes)
    test(`would not be taken with ${what}`, () =>
      assert.equal(Manifest.safeParse({ ...whole, ...change }).success, false));
});
