/** What Slack tells that orders nothing: what people think of answers, other titles, other ids, an opened tab. Through the real receiver. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedbackButtons } from "../../../src/surfaces/slack-feedback.ts";
import type { Message, SlackEmulator } from "../../emulators/slack.ts";
import { type World, withSlack } from "./world.ts";

/** What the surface would have posted, under a message of ada's. */
async function answered({ slack }: Pick<World, "slack">, turn = "m1"): Promise<Message> {
  const root = slack.as("ada").says("#general", "it broke").message;
  const done = { turn, result: { outcome: "done" as const, answer: "", durationMs: 1 } };
  const blocks = [{ type: "markdown", text: "Fixed." }, ...feedbackButtons(done)];
  await called(slack, "chat.postMessage", { channel: root.channel, thread_ts: root.ts, text: "Fixed.", blocks });
  const [answer] = slack.thread("#general", root).replies();
  assert.ok(answer);
  return answer.message;
}

async function called({ apiUrl, app }: SlackEmulator, method: string, args: object): Promise<void> {
  const headers = { authorization: `Bearer ${app.botToken}`, "content-type": "application/json" };
  const answer = await fetch(`${apiUrl}${method}`, { method: "POST", headers, body: JSON.stringify(args) });
  assert.partialDeepStrictEqual(await answer.json(), { ok: true });
}

describe("#48 the buttons under an answer", () => {
  for (const mode of ["http", "socket"] as const)
    test(`store a good word before Slack is acknowledged, over ${mode}, and begin nothing`, () =>
      withSlack(mode, async ({ slack, news, inbox }) => {
        const [delivery] = await slack.as("ada").presses(await answered({ slack }), "Good").delivered;
        assert.equal(delivery?.acknowledged, true);
        const [said] = news.kept.feedback;
        assert.ok(said?.at);
        const ada = { surface: "slack", id: slack.person("ada").id };
        assert.deepEqual({ ...said, at: 0 }, { on: { turn: "m1" }, by: ada, value: "good", at: 0 });
        assert.deepEqual([slack.views(), inbox.mentions.filter(({ text }) => text !== "it broke")], [[], []]);
      }));

  test("ask after a bad word what was wrong, and store that as well", () =>
    withSlack("http", async ({ slack, news }) => {
      await slack.as("grace").presses(await answered({ slack }), "Bad").delivered;
      const [form] = slack.views();
      assert.partialDeepStrictEqual(form?.view, { callback_id: "threadbox_feedback_reason", private_metadata: "m1" });
      const values = { reason: { reason: { type: "plain_text_input", value: " It broke the build. " } } };
      const [delivery] = await slack.as("grace").submits(form?.id ?? "", values).delivered;
      assert.equal(delivery?.acknowledged, true);
      assert.deepEqual(
        news.kept.feedback.map(({ value, reason, on }) => [value, reason, on]),
        [
          ["bad", undefined, { turn: "m1" }],
          ["bad", "It broke the build.", { turn: "m1" }],
        ],
      );
    }));

  test("take a form that was sent without a word for none", () =>
    withSlack("http", async ({ slack, news }) => {
      await slack.as("ada").presses(await answered({ slack }), "Bad").delivered;
      const empty = { reason: { reason: { type: "plain_text_input", value: null } } };
      const [delivery] = await slack.as("ada").submits(slack.views()[0]?.id ?? "", empty).delivered;
      assert.deepEqual([delivery?.acknowledged, news.kept.feedback.length], [true, 1]);
    }));

  test("count also where the form cannot be opened any more", () =>
    withSlack("http", async ({ slack, news, lines }) => {
      slack.faults.next("views.open", { error: "expired_trigger_id" });
      const [delivery] = await slack.as("ada").presses(await answered({ slack }), "Bad").delivered;
      assert.deepEqual([delivery?.acknowledged, delivery?.attempts.length, news.kept.feedback.length], [true, 1, 1]);
      assert.ok(lines.some(({ msg }) => msg === "slack.form-not-opened"));
    }));

  test("ask nothing about an answer that nobody knows any more", () =>
    withSlack("http", async ({ slack }) => {
      await slack.as("ada").presses(await answered({ slack }, "old"), "Bad").delivered;
      assert.deepEqual(slack.views(), []);
    }));
});

describe("#39 thumbs", () => {
  const table = [
    ["+1", "good"],
    ["-1", "bad"],
    ["+1::skin-tone-5", "good"],
    ["-1::skin-tone-2", "bad"],
  ] as const;
  for (const [emoji, value] of table)
    test(`:${emoji}: on an answer of ours is a ${value} word about it`, () =>
      withSlack("http", async ({ slack, news, inbox }) => {
        const answer = await answered({ slack });
        await slack.as("ada").reacts(answer, emoji).delivered;
        const { channel, ts: message } = answer;
        assert.deepEqual(
          news.kept.feedback.map((said) => [said.value, said.on]),
          [[value, { team: slack.team.id, channel, message }]],
        );
        assert.deepEqual(
          inbox.mentions.filter(({ lookup }) => lookup),
          [],
        );
      }));

  test("on what people say are none of our business, nor are other reactions on answers", () =>
    withSlack("http", async ({ slack, news, lines }) => {
      const answer = await answered({ slack });
      const { message } = slack.as("grace").says("#general", "lunch?");
      await slack.as("ada").reacts(message, "+1").delivered;
      await slack.as("ada").reacts(answer, "tada").delivered;
      assert.deepEqual(news.kept.feedback, []);
      assert.equal(lines.filter(({ skipped }) => skipped === "other-reaction").length, 2);
    }));
});

describe("#50 another title", () => {
  test("for the session of a thread is handed on as the person gave it", () =>
    withSlack("http", async ({ slack, news }) => {
      const { message } = slack.as("ada").says("#general", "@threadbox fix the login");
      const { channel, ts: threadTs } = message;
      const session = { channel_id: channel, thread_ts: threadTs, status: "processing", title: "fix the login" };
      await called(slack, "agents.sessions.setStatus", session);
      await slack.as("ada").renamesSession(message, "Login on Safari").delivered;
      const thread = { surface: "slack", team: slack.team.id, channel, threadTs };
      assert.deepEqual(news.kept.renamed, [[thread, "Login on Safari"]]);
    }));
});

test("#54 another id of a channel is handed on before Slack is acknowledged, and told in the log", () =>
  withSlack("http", async ({ slack, news, lines }) => {
    const from = slack.addChannel({ name: "den", kind: "private", members: ["ada"] }).id;
    const [delivery] = await slack.as("ada").sharesOutside("#den").delivered;
    const to = slack.channel("#den").id;
    assert.notEqual(from, to);
    assert.equal(delivery?.acknowledged, true);
    assert.deepEqual(news.kept.moved, [{ team: slack.team.id, from, to }]);
    assert.ok(lines.some(({ msg, level }) => msg === "slack.channel-moved" && level === 40));
  }));

test("#47 whoever opens the direct message, however often, is greeted by nobody", () =>
  withSlack("http", async ({ slack, inbox }) => {
    for (const _ of [1, 2]) {
      const opened = await slack.as("ada").opensHome("messages").delivered;
      assert.ok(opened.every(({ acknowledged }) => acknowledged));
    }
    const posts = slack.requests.calls.filter(({ route }) => /^(chat|views)\./.test(route));
    assert.deepEqual([posts, inbox.mentions], [[], []]);
  }));
