import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

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
/** Is done at once, but its work takes as long to be committed as the test wants. */
const commitsSlowly: Script = {
  when: /take long to commit/,
  steps: [
    {
      calls: [
        {
          tool: "bash",
          with: {
            command: `git config filter.slow.clean 'touch .git/publishing; until [ -e .git/go ]; do sleep 0.05; done; cat'
              echo '*.txt filter=slow' > .gitattributes; echo slow > slow.txt`,
          },
        },
      ],
    },
    { says: "It is written." },
  ],
};
const tooLate: Script = { when: /now in french/, steps: [{ says: "C'est fait." }] };
const next: Script = { when: /then the docs/, steps: [{ says: "The docs are done." }] };

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];

before(async () => {
  channel = await startSlackChannel(["ada", "grace"], {
    scripts: [takesIn, next, tooLate, commitsSlowly, waits],
  });
  ({ slack, world } = channel);
});
after(() => channel.stop());

const asked = async (text: string): Promise<string> => {
  const ts = channel.mentions(text);
  await channel.isAt(/until \[ -e go \]/);
  return ts;
};
/** The file that the agent's tool waits for, put into its clone from outside. */
const letGo = async (): Promise<void> => {
  const [session] = await world.sessions.list(1);
  await writeFile(`${world.folderOf(session?.id ?? "")}/calculator/go`, "");
};

/** Resolves with the clone when its work is just being committed. */
const publishing = async (): Promise<string> => {
  const clone = async () => `${world.folderOf((await world.sessions.list(1))[0]?.id ?? "")}/calculator`;
  await world.until(async () => existsSync(`${await clone()}/.git/publishing`));
  return clone();
};

describe("a message while the agent works", () => {
  test("#18 reaches the agent in the same turn, which answers it", async () => {
    const thread = await asked("wait for me");
    slack.as("grace").says("#web", "use tabs", { thread });
    await slack.settled();
    await world.until(async () => (await world.sessions.list(1))[0]?.turn?.asks.length === 2);
    await letGo();
    await channel.everything();
    assert.equal(channel.ours(thread).length, 2);
    assert.match(channel.ours(thread).at(-1)?.seen ?? "", /With tabs, as grace said/);
  });

  test("#18 that says queue waits, and gets an answer of its own", async () => {
    const thread = await asked("wait for me");
    slack.as("grace").says("#web", "queue then the docs", { thread });
    await slack.settled();
    await world.until(async () => (await world.sessions.list(1))[0]?.queue.length === 1);
    await letGo();
    await channel.everything();
    const answers = channel
      .ours(thread)
      .filter((message) => message.edits === 0)
      .map((message) => message.seen);
    assert.equal(answers.length, 2);
    assert.match(answers[0] ?? "", /I waited/);
    assert.match(answers[1] ?? "", /The docs are done/);
  });

  test("that comes when the agent is done and its work is being pushed is done afterwards, and answered", async () => {
    const thread = channel.mentions("take long to commit");
    const clone = await publishing();
    slack.as("grace").says("#web", "now in french", { thread });
    await slack.settled();
    await world.until(async () => (await world.sessions.list(1))[0]?.queue.length === 1);
    await writeFile(`${clone}/.git/go`, "");
    await channel.everything();
    const answers = channel
      .ours(thread)
      .filter((message) => message.edits === 0)
      .map((message) => message.seen);
    assert.equal(answers.length, 2);
    assert.match(answers[0] ?? "", /It is written/);
    assert.match(answers[1] ?? "", /C'est fait/);
  });
});
