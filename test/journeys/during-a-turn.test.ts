import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { startWorld, type World } from "../world.ts";

/** Works until the test lets it go on, then answers; what comes meanwhile is part of its conversation. */
const waits: Script = {
  when: /wait for me/,
  steps: [
    { says: "I wait.", calls: [{ tool: "bash", with: { command: "until [ -e go ]; do sleep 0.05; done; rm go" } }] },
    { says: "I waited." },
  ],
};
const takesIn: Script = {
  when: /While you work, grace adds:\n\nuse tabs/,
  steps: [{ says: "With tabs, as grace said." }],
};
const next: Script = { when: /then the docs/, steps: [{ says: "The docs are done." }] };

let slack: SlackEmulator;
let world: World;

before(async () => {
  slack = await startSlack({ people: ["ada", "grace"], channels: [{ name: "web", members: ["ada", "grace"] }] });
  world = await startWorld({
    scripts: [takesIn, next, waits],
    variables: {
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_SIGNING_SECRET: slack.app.signingSecret,
      SLACK_API_URL: slack.apiUrl,
    },
  });
  slack.deliverTo(`${world.url}/slack/events`);
});
after(async () => {
  await world.stop();
  await slack.close();
});

const ours = (ts: string) =>
  slack
    .thread("#web", ts)
    .messages()
    .filter((message) => message.message.author === slack.app.botUserId);
const everything = async (): Promise<void> => {
  await slack.settled();
  await world.settled();
};
const asked = async (text: string): Promise<string> => {
  const { ts } = slack.as("ada").says("#web", `<@${slack.app.botUserId}> ${text}`).message;
  await slack.until(() => /until \[ -e go \]/.test(ours(ts)[0]?.seen ?? ""), "the progress shows the tool");
  return ts;
};
/** The file that the agent's tool waits for, put into its clone from outside. */
const letGo = async (): Promise<void> => {
  const [session] = await world.sessions.list(1);
  await writeFile(`${world.folderOf(session?.id ?? "")}/calculator/go`, "");
};

describe("a message while the agent works", () => {
  test("reaches the agent in the same turn, which answers it", async () => {
    const thread = await asked("wait for me");
    slack.as("grace").says("#web", "use tabs", { thread });
    await slack.settled();
    await world.until(async () => (await world.sessions.list(1))[0]?.turn?.asks.length === 2);
    await letGo();
    await everything();
    assert.equal(ours(thread).length, 2);
    assert.match(ours(thread).at(-1)?.seen ?? "", /With tabs, as grace said/);
  });

  test("that says queue waits, and gets an answer of its own", async () => {
    const thread = await asked("wait for me");
    slack.as("grace").says("#web", "queue then the docs", { thread });
    await slack.settled();
    await world.until(async () => (await world.sessions.list(1))[0]?.queue.length === 1);
    await letGo();
    await everything();
    const answers = ours(thread)
      .filter((message) => message.edits === 0)
      .map((message) => message.seen);
    assert.equal(answers.length, 2);
    assert.match(answers[0] ?? "", /I waited/);
    assert.match(answers[1] ?? "", /The docs are done/);
  });
});
