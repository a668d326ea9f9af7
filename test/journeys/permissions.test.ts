/** What the agent may do without asking, in a thread in Slack: denied by a rule, asked about, or allowed; with the real pi. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

const runs = (when: RegExp, command: string, says: string): Script => ({
  when,
  steps: [{ calls: [{ tool: "bash", with: { command } }] }, { says }],
});

let channel: SlackChannel;
let slack: SlackChannel["slack"];

before(async () => {
  channel = await startSlackChannel(["ada", "grace"], {
    scripts: [
      runs(/clean it up/, "echo *bold* <!channel> && touch cleaned && rm -rf src", "I was not allowed to clean up."),
      runs(/deploy it/, "touch deployed", "Deployed, or not."),
      runs(/test it/, "touch tested", "Tested."),
    ],
    permissions: {
      all: {
        rules: [
          { decide: "deny", tool: "run", pattern: "rm -rf *" },
          { decide: "ask", tool: "run", pattern: "touch deployed" },
        ],
      },
      of: {},
    },
  });
  ({ slack } = channel);
});
after(() => channel.stop());

const seen = (thread: string): string =>
  channel
    .ours(thread)
    .map((one) => one.seen)
    .join("\n");
const told = (): string => JSON.stringify(channel.world.model.server.getRequests().at(-1)?.body);
const wish = (thread: string) =>
  channel.ours(thread).find((one) => /touch deployed/.test(one.seen) && /May I/.test(one.seen));

async function hasFile(name: string): Promise<boolean> {
  const [session] = await channel.world.sessions.list(1);
  return existsSync(join(channel.world.folderOf(session?.id ?? ""), "calculator", name));
}

describe("#7 rules about what the agent may do", () => {
  test("deny a command: nothing of its line runs, the model hears why, and people see it", async () => {
    const thread = channel.mentions("clean it up");
    await channel.everything();
    assert.match(seen(thread), /✗ not allowed: echo \*bold\*/);
    assert.match(seen(thread), /I was not allowed to clean up/);
    assert.match(told(), /a rule of the people you work for denies it \(run rm -rf \*\)/);
    assert.equal(await hasFile("cleaned"), false);
  });

  test("have one asked about, and it runs when somebody clicks Allow", async () => {
    const thread = channel.mentions("deploy it");
    await slack.until(() => wish(thread) !== undefined);
    assert.equal(await hasFile("deployed"), false);
    const question = wish(thread);
    assert.ok(question);
    slack.as("grace").presses(question.message, "Allow");
    await channel.everything();
    assert.match(seen(thread), /Answered by grace: Allow/);
    assert.equal(await hasFile("deployed"), true);
  });

  test("have one asked about, and it does not run when somebody says why not", async () => {
    const thread = channel.mentions("deploy it again");
    await slack.until(() => wish(thread) !== undefined);
    slack.as("ada").says("#web", "not on a Friday", { thread });
    await channel.everything();
    assert.match(seen(thread), /Answered by ada: not on a Friday/);
    assert.match(told(), /did not allow this. They said: not on a Friday/);
    assert.equal(await hasFile("deployed"), false);
  });

  test("and leave alone what they do not speak of", async () => {
    const thread = channel.mentions("test it");
    await channel.everything();
    assert.match(seen(thread), /Tested\./);
    assert.doesNotMatch(seen(thread), /leave|allowed/);
    assert.equal(await hasFile("tested"), true);
  });
});
