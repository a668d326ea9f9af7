/** A question of the agent in Slack: what stands in the thread, and what Slack shows of its session. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AskedQuestion } from "../../src/core/question.ts";
import { renderQuestion, renderSettled } from "../../src/surfaces/slack-render-question.ts";
import { checkBlocks } from "../emulators/slack/blocks.ts";
import { question, running } from "./slack-examples.ts";
import { inThread, type World } from "./slack-world.ts";

const marker = "t1/question/q1";
const asked = (change: Partial<AskedQuestion> = {}): AskedQuestion => ({ ...question, ...change });
const ours = ({ slack, root }: World) => slack.thread("#web", root).replies();
const statusOf = ({ slack, root }: World) => slack.thread("#web", root).session()?.status;

test("#27 a question has a button for each option and one for other words, which give way to the decision", () =>
  inThread(async (world) => {
    const { surface, thread } = world;
    const ref = await surface.ask(thread, asked(), { marker, again: false });
    const labels = JSON.stringify(ours(world)[0]?.blocks).match(/"text":"(1\. Postgres|2\. SQLite|Other…)"/g);
    assert.equal(labels?.length, 3);
    const decision = { is: "answered" as const, answer: "SQLite", by: "grace" };
    await surface.settle(thread, { ...asked(), decision, ref }, { marker, again: false });
    const [message] = ours(world);
    assert.doesNotMatch(JSON.stringify(message?.blocks), /"button"/);
    assert.match(message?.text ?? "", /^\*Answered by grace: SQLite\*/);
  }));

test("#27 Slack shows that the thread needs somebody, and that the agent goes on afterwards", () =>
  inThread(async (world) => {
    const { slack, surface, thread } = world;
    await surface.ask(thread, asked(), { marker, again: false });
    await slack.until(() => statusOf(world) === "suspended");
    const decision = { is: "expired" as const, answer: null };
    await surface.settle(thread, { ...asked(), decision, ref: null }, { marker, again: false });
    await slack.until(() => statusOf(world) === "processing");
  }));

test("#27 progress that is shown meanwhile does not take that away", () =>
  inThread(async (world) => {
    const { slack, surface, thread } = world;
    await surface.ask(thread, asked(), { marker, again: false });
    await surface.show(thread, { ...running, waits: true }, null, null, { marker: "t1/progress", again: false });
    await slack.settled();
    assert.equal(statusOf(world), "suspended");
  }));

test("a question whose message somebody deleted stays gone", () =>
  inThread(async (world) => {
    const { slack, surface, thread } = world;
    const decision = { is: "stopped" as const };
    await surface.settle(thread, { ...asked(), decision, ref: "1700000000.000900" }, { marker, again: true });
    await surface.settle(thread, { ...asked(), decision, ref: null }, { marker, again: true });
    await slack.settled();
    assert.deepEqual(ours(world), []);
  }));

test("#34 #35 nothing in a question pings, links or formats beyond what it may, and Slack takes the longest", () => {
  const evil = "<!channel> <@U9> @here *x* <https://evil.example|Postgres> &";
  const worst = asked({
    ...{ text: evil.repeat(70).slice(0, 5_000), title: evil, otherwise: evil.repeat(50), id: "q".repeat(200) },
    options: Array.from({ length: 10 }, (_, i) => `${i} ${evil}`.repeat(20).slice(0, 300)),
  });
  const decision = { is: "answered" as const, answer: "&".repeat(9_000), by: "<!channel>" };
  for (const message of [renderQuestion(worst), renderSettled({ ...worst, ref: null, decision })]) {
    assert.deepEqual(checkBlocks(message.blocks), { is: "fine" });
    const all = JSON.stringify(message);
    assert.doesNotMatch(all.replaceAll("<@U1>", ""), /<!channel>|<@U9>/);
    assert.doesNotMatch(message.text, /<https:/);
  }
});
