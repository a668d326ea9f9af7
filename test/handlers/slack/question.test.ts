/** The buttons and the form under a question of the agent, pressed in an emulated workspace and heard by the real receiver. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerActions, onAnswerForm } from "../../../handlers/slack/question.ts";
import { renderQuestion } from "../../../src/surfaces/slack-render-question.ts";
import { clientOf } from "../../emulators/slack/sdk.ts";
import type { Message, SlackEmulator } from "../../emulators/slack.ts";
import { question } from "../../surfaces/slack-examples.ts";
import { withSlack } from "./world.ts";

const us = { userId: "U0BOT", botId: "B0BOT", teamId: "T1", url: "https://acme.slack.com/", name: "threadbox" };

/** A thread that ada opened, with a question in it. */
async function asked(slack: SlackEmulator): Promise<{ root: Message; message: Message }> {
  const root = slack.as("ada").says("#general", "add a database").message;
  const at = { channel: root.channel, thread_ts: root.ts };
  await clientOf(slack).chat.postMessage({ ...at, ...renderQuestion(question) });
  const message = slack.thread("#general", root).replies()[0]?.message;
  assert.ok(message);
  return { root, message };
}

for (const mode of ["http", "socket"] as const)
  test(`#27 an option is the answer of whoever pressed it, over ${mode}`, () =>
    withSlack(mode, async ({ slack, inbox }) => {
      const { root, message } = await asked(slack);
      const [delivery] = await slack.as("grace").presses(message, "2. SQLite").delivered;
      assert.equal(delivery?.acknowledged, true);
      const [heard] = inbox.mentions;
      assert.deepEqual(
        [heard?.answers, heard?.author.id, heard?.addressed, heard?.message],
        [{ question: "q1", option: 1 }, slack.person("grace").id, false, message.ts],
      );
      assert.deepEqual(heard?.keys, [`slack:thread:${slack.team.id}/${root.channel}/${root.ts}`]);
    }));

for (const mode of ["http", "socket"] as const)
  test(`#27 "Other…" opens a form, and what is written there is the answer, over ${mode}`, () =>
    withSlack(mode, async ({ slack, inbox }) => {
      const { root, message } = await asked(slack);
      const [opened] = await slack.as("grace").presses(message, "Other…").delivered;
      assert.equal(opened?.acknowledged, true);
      assert.equal(inbox.mentions.length, 0);
      const [form] = slack.views();
      assert.ok(form);
      const values = { answer: { answer: { type: "plain_text_input", value: " MySQL, <b> & all " } } };
      const [delivery] = await slack.as("grace").submits(form.id, values).delivered;
      assert.equal(delivery?.acknowledged, true);
      const [heard] = inbox.mentions;
      assert.deepEqual(
        [heard?.answers, heard?.text, heard?.author.id, heard?.addressed],
        [{ question: "q1" }, "MySQL, <b> & all", slack.person("grace").id, false],
      );
      assert.deepEqual(heard?.keys, [`slack:thread:${slack.team.id}/${root.channel}/${root.ts}`]);
      assert.equal(heard?.dedupe, `slack:${slack.team.id}/${root.channel}/question/q1/${form.id}/${heard?.author.id}`);
    }));

test("#28 a press that Slack delivers again is one, and what was not stored is not acknowledged", () =>
  withSlack("http", async ({ slack, inbox }) => {
    const { message } = await asked(slack);
    inbox.failures = 1;
    const [failed] = await slack.as("grace").presses(message, "1. Postgres").delivered;
    assert.equal(failed?.acknowledged, false);
    await slack.as("grace").presses(message, "1. Postgres").delivered;
    await slack.as("ada").presses(message, "1. Postgres").delivered;
    assert.deepEqual(new Set(inbox.mentions.map(({ dedupe }) => dedupe)).size, 2);
  }));

describe("#58 a button counts as what Slack signed", () => {
  const click = {
    ...{ team: { id: "T1" }, user: { id: "U2", name: "ada" }, trigger_id: "1.T1.x" },
    container: { channel_id: "C1", message_ts: "1700000100.000200", thread_ts: "1700000000.000100" },
  };
  const pressed = (value: string) =>
    answerActions.threadbox_answer_1?.({ ...click, actions: [{ action_ts: "1700000200.000100", value }] }, us);

  test("by the id of the presser, whatever name they carry", () => {
    const heard = pressed('{"question":"q1","option":0}');
    assert.deepEqual(heard?.is === "mention" && heard.mention.author, { surface: "slack", id: "U2", name: "ada" });
    assert.equal(heard?.is === "mention" && heard.mention.dedupe, "slack:T1/C1/question/q1/1700000200.000100/U2");
  });

  const values = [
    "",
    "q1",
    "{}",
    '{"question":"q1","option":-1}',
    '{"question":"q1","option":99}',
    '{"question":"q1","more":1}',
  ];
  for (const value of values)
    test(`and ${JSON.stringify(value)} on it is malformed`, () =>
      assert.deepEqual(pressed(value), { is: "ignored", reason: "malformed" }));

  const form = (private_metadata: string) => ({
    user: { id: "U2", name: "ada" },
    view: { id: "V1", private_metadata, state: { values: { answer: { answer: { value: "yes" } } } } },
  });
  for (const kept of [
    "",
    "null",
    '{"question":"q1"}',
    '{"question":"q1","team":"T1","channel":"C1","threadTs":"1.1","message":"1.2","ts":"1.3","thread":"C2"}',
  ])
    test(`and a form that kept ${JSON.stringify(kept)} is malformed`, () =>
      assert.deepEqual(onAnswerForm(form(kept)), { is: "ignored", reason: "malformed" }));
});
