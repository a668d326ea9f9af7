/** Buttons, menus, commands, shortcuts and modals, handled by the real Bolt. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { handWoundClock } from "../../clock.ts";
import { boltOverHttp, clientOf, startFor } from "./sdk.ts";

describe("buttons, commands and modals", () => {
  const actions = [
    {
      type: "actions",
      elements: [{ type: "button", text: { type: "plain_text", text: "Stop" }, action_id: "stop", value: "s-1" }],
    },
  ];

  test("a press carries the value, and its response_url replaces the buttons", async (t) => {
    const slack = await startFor(t);
    const app = await boltOverHttp(slack);
    app.action({ type: "block_actions", action_id: "stop" }, async ({ ack, respond, action, body }) => {
      await ack();
      await respond({
        replace_original: true,
        text: `Stopped ${"value" in action ? action.value : ""} by <@${body.user.id}>`,
      });
    });
    const { ts, channel } = await clientOf(slack).chat.postMessage({
      channel: "C0GENERAL",
      text: "Working",
      blocks: actions,
    });
    const [line] = slack.timeline("#general");
    assert.ok(line);
    assert.throws(() => slack.as("ada").presses(line.message, "Start"), /there is no "Start" to press, only: Stop/);
    const [delivery] = await slack.as("grace").presses(line.message, "Stop").delivered;
    await slack.until(() => slack.timeline("#general")[0]?.text !== "Working");
    assert.deepEqual(
      [delivery?.acknowledged, delivery?.payload.container],
      [true, { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false }],
    );
    assert.equal(slack.timeline("#general")[0]?.text, "Stopped s-1 by <@U0GRACE>");
  });

  test("a command is answered where the bot is not even a member", async (t) => {
    const slack = await startFor(t, { channels: [{ name: "secret", kind: "private", bot: false }] });
    const app = await boltOverHttp(slack);
    app.command("/threadbox", async ({ ack, command }) => ack(`${command.channel_name}: ${command.text}`));
    await slack.as("ada").commands("#secret", "/threadbox", "status").delivered;
    assert.deepEqual(
      slack.ephemerals("ada").map(({ text, via }) => [text, via]),
      [["privategroup: status", "acknowledgement"]],
    );
  });

  test("a modal opens within three seconds of the press, and is submitted", async (t) => {
    const clock = handWoundClock();
    const slack = await startFor(t, { clock });
    const app = await boltOverHttp(slack);
    const view = {
      type: "modal" as const,
      callback_id: "other",
      title: { type: "plain_text" as const, text: "Other" },
      blocks: [],
    };
    const late: unknown[] = [];
    app.action("stop", async ({ ack, body, client }) => {
      await ack();
      const trigger_id = "trigger_id" in body ? body.trigger_id : "";
      await client.views.open({ trigger_id, view });
      clock.advance(3_001);
      await client.views.open({ trigger_id, view }).catch((error) => late.push(error.data.error));
    });
    app.view("other", async ({ ack, view: { state } }) => {
      late.push(state.values.answer?.text?.value);
      await ack();
    });
    await clientOf(slack).chat.postMessage({ channel: "C0GENERAL", text: "Working", blocks: actions });
    const [line] = slack.timeline("#general");
    assert.ok(line);
    await slack.as("ada").presses(line.message, "stop").delivered;
    await slack.until(() => late.length === 1 || slack.requests.count("views.open") === 2);
    const [open] = slack.views();
    assert.ok(open);
    await slack.as("ada").submits(open.id, { answer: { text: { type: "plain_text_input", value: "in French" } } })
      .delivered;
    assert.deepEqual(late, ["expired_trigger_id", "in French"]);
  });

  test("a response_url is good for five answers and half an hour, and knows no markdown_text", async (t) => {
    const clock = handWoundClock();
    const slack = await startFor(t, { clock });
    const app = await boltOverHttp(slack);
    app.command("/threadbox", ({ ack }) => ack());
    const urlOf = async () => {
      const [delivery] = await slack.as("ada").commands("#general", "/threadbox").delivered;
      return String(delivery?.payload.response_url);
    };
    const answer = async (url: string, body: object) => {
      const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
      return [response.status, await response.text()];
    };
    const url = await urlOf();
    assert.deepEqual(await answer(url, { markdown_text: "x" }), [500, '{"ok":false,"error":"no_text"}']);
    for (let use = 1; use <= 5; use += 1) assert.deepEqual(await answer(url, { text: String(use) }), [200, "ok"]);
    assert.deepEqual(await answer(url, { text: "6" }), [404, '{"ok":false,"error":"used_url"}']);
    const stale = await urlOf();
    clock.advance(30 * 60_000 + 1);
    assert.deepEqual(await answer(stale, { text: "late" }), [404, '{"ok":false,"error":"expired_url"}']);
    assert.deepEqual(
      slack.ephemerals("ada").map(({ text }) => text),
      ["1", "2", "3", "4", "5"],
    );
  });

  test("a menu, a shortcut and feedback carry what was chosen", async (t) => {
    const slack = await startFor(t);
    const app = await boltOverHttp(slack);
    const chosen: unknown[] = [];
    app.action("repo", async ({ ack, action }) => {
      chosen.push("selected_option" in action ? action.selected_option : undefined);
      await ack();
    });
    app.shortcut("run_from_message", async ({ ack, shortcut }) => {
      chosen.push("message" in shortcut ? shortcut.message.text : undefined);
      await ack();
    });
    const menu = {
      type: "static_select" as const,
      action_id: "repo",
      placeholder: { type: "plain_text" as const, text: "Repository" },
      options: [{ text: { type: "plain_text" as const, text: "api" }, value: "api" }],
    };
    await clientOf(slack).chat.postEphemeral({
      channel: "C0GENERAL",
      user: "U0ADA",
      text: "Which?",
      blocks: [{ type: "actions", elements: [menu] }],
    });
    const [question] = slack.ephemerals("ada");
    assert.ok(question);
    const ada = slack.as("ada");
    await ada.selects(question, "Repository", "api").delivered;
    await ada.usesShortcut(ada.says("#general", "it is broken").message, "run_from_message").delivered;
    assert.deepEqual(chosen, [{ text: { type: "plain_text", text: "api" }, value: "api" }, "it is broken"]);
  });
});
