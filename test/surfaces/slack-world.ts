/** An emulated workspace, a thread in it that ada opened in #web, and the real surface on them. */
import assert from "node:assert/strict";
import { pino } from "pino";
import type { Mention, Thread } from "../../src/core/types.ts";
import { slackSurface } from "../../src/surfaces/slack.ts";
import type { SlackAllow } from "../../src/surfaces/slack-people.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { type HandWoundClock, handWoundClock } from "../clock.ts";
import { defaultScopes } from "../emulators/slack/manifest.ts";
import { type Message, type SlackEmulator, type SlackOptions, startSlack } from "../emulators/slack.ts";

export const people = [
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

/** An app that was installed without the scope to upload. */
export const withoutFiles = { scopes: defaultScopes.filter((scope) => scope !== "files:write") };

export interface World {
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
export async function inThread(
  check: (world: World) => Promise<void>,
  allow: SlackAllow = {},
  app: SlackOptions["app"] = {},
): Promise<void> {
  const world = await startWorld(allow, app);
  try {
    await check(world);
    assert.deepEqual(world.slack.broadcasts(), []);
  } finally {
    await world.slack.close();
  }
}

export async function startWorld(allow: SlackAllow = {}, app: SlackOptions["app"] = {}): Promise<World> {
  const slack = await startSlack({ people, channels, app });
  const clock = handWoundClock();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const { apiUrl } = slack;
  const surface = slackSurface({
    token: slack.app.botToken,
    apiUrl,
    allow,
    name: "threadbox",
    log,
    clock,
    paced: false,
  });
  const root = slack.as("ada").says("#web", "the login test fails").message;
  const thread = threadOf(slack, root);
  const mention = (text: string, who = "ada") => {
    const { message } = slack.as(who).says("#web", text, { thread: root });
    return mentionOf(slack, message, thread);
  };
  return { slack, surface, clock, thread, root, lines, mention };
}

export const threadOf = (slack: SlackEmulator, { channel, ts, threadTs }: Message): Thread => ({
  surface: "slack",
  team: slack.team.id,
  channel,
  threadTs: threadTs ?? ts,
});

export function mentionOf(slack: SlackEmulator, { author, ts, text, channel }: Message, thread: Thread): Mention {
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
