/** The agent asks, people answer in Slack, and the agent goes on with what they said. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { asksPeople } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
let slack: SlackChannel["slack"];

before(async () => {
  channel = await startSlackChannel(["ada", "grace"], { scripts: [asksPeople] });
  ({ slack } = channel);
});

after(() => channel.stop());

/** Not the progress, which names it as what the agent does. */
const questionIn = (thread: string) =>
  channel.ours(thread).find(({ seen }) => /Which database\?[\s\S]*2\. SQLite/.test(seen));
/** Asked in a thread of its own. */
async function asked(): Promise<string> {
  const thread = channel.mentions("add a database");
  await slack.until(() => questionIn(thread) !== undefined);
  return thread;
}
/** What the agent was told last. */
const told = (): string => JSON.stringify(channel.world.model.server.getRequests().at(-1)?.body);

describe("the agent asks people", () => {
  test("#27 who press a button, and it goes on with that", async () => {
    const thread = await asked();
    const question = questionIn(thread);
    assert.ok(question);
    slack.as("grace").presses(question.message, "2. SQLite");
    await channel.everything();
    assert.match(questionIn(thread)?.seen ?? "", /Answered by grace: SQLite/);
    assert.match(channel.ours(thread).at(-1)?.seen ?? "", /The database is there/);
    assert.match(told(), /"SQLite"/);
  });

  test("#27 who say it in other words, in a form or in the thread", async () => {
    const inForm = await asked();
    const question = questionIn(inForm);
    assert.ok(question);
    await slack.as("ada").presses(question.message, "Other…").delivered;
    const form = slack.views().at(-1);
    assert.ok(form);
    const values = { answer: { answer: { type: "plain_text_input", value: "MySQL, please" } } };
    await slack.as("ada").submits(form.id, values).delivered;
    await channel.everything();
    assert.match(questionIn(inForm)?.seen ?? "", /Answered by ada: MySQL, please/);
    assert.match(told(), /MySQL, please/);

    const inWords = await asked();
    slack.as("grace").says("#web", "whatever ada likes", { thread: inWords });
    await channel.everything();
    assert.match(questionIn(inWords)?.seen ?? "", /Answered by grace: whatever ada likes/);
    assert.match(told(), /whatever ada likes/);
  });

  test("#27 and a stop ends the question with its turn", async () => {
    const thread = await asked();
    slack.as("ada").says("#web", "stop", { thread });
    await channel.everything();
    assert.match(questionIn(thread)?.seen ?? "", /The turn was stopped before anybody answered/);
  });
});
