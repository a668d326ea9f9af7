/** What the emulated Slack refuses, and in which words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WebClient } from "@slack/web-api";
import { clientOf, outcome, quiet, startFor } from "./sdk.ts";

describe("what Slack refuses", () => {
  const text = (length: number): string => "x".repeat(length);
  const section = (length: number) => ({
    type: "section" as const,
    text: { type: "mrkdwn" as const, text: text(length) },
  });
  const button = (label: string) => ({ type: "button" as const, text: { type: "plain_text" as const, text: label } });
  const posts: [string, Record<string, unknown>, string][] = [
    ["an empty message", {}, "no_text"],
    ["an unknown channel", { channel: "C0NOWHERE", text: "x" }, "channel_not_found"],
    ["a private channel that it was not invited to", { channel: "C0SECRET", text: "x" }, "channel_not_found"],
    ["a public channel that it is not in", { channel: "C0OTHER", text: "x" }, "not_in_channel"],
    ["an archived channel", { channel: "C0OLD", text: "x" }, "is_archived"],
    ["a thread that does not exist", { thread_ts: "1.000001", text: "x" }, "thread_not_found"],
    ["51 blocks", { text: "x", blocks: Array.from({ length: 51 }, () => ({ type: "divider" })) }, "invalid_blocks"],
    ["a section of 3,001 characters", { text: "x", blocks: [section(3_001)] }, "invalid_blocks"],
    [
      "a header of 151 characters",
      { text: "x", blocks: [{ type: "header", text: { type: "plain_text", text: text(151) } }] },
      "invalid_blocks",
    ],
    [
      "a button of 76 characters",
      { text: "x", blocks: [{ type: "actions", elements: [button(text(76))] }] },
      "invalid_blocks",
    ],
    ["a block of no known type", { text: "x", blocks: [{ type: "marquee" }] }, "invalid_blocks"],
    [
      "12,001 characters of Markdown in two blocks",
      {
        text: "x",
        blocks: [
          { type: "markdown", text: text(6_000) },
          { type: "markdown", text: text(6_001) },
        ],
      },
      "invalid_blocks",
    ],
    [
      "13,201 characters over all blocks",
      { text: "x", blocks: [section(3_000), section(3_000), section(3_000), section(3_000), section(1_201)] },
      "msg_blocks_too_long",
    ],
    ["Markdown beside text", { text: "x", markdown_text: "x" }, "markdown_text_conflict"],
    ["a Markdown text of 12,001 characters", { markdown_text: text(12_001) }, "msg_too_long"],
    ["blocks that are no array", { text: "x", blocks: "{" }, "invalid_blocks_format"],
    ["metadata without a type", { text: "x", metadata: { event_payload: {} } }, "invalid_metadata_schema"],
    ["a name of its own without the scope", { text: "x", username: "Santa" }, "missing_scope"],
    ["50 blocks are fine", { text: "x", blocks: Array.from({ length: 50 }, () => ({ type: "divider" })) }, "ok"],
    ["12,000 characters of Markdown are fine", { text: "x", blocks: [{ type: "markdown", text: text(12_000) }] }, "ok"],
  ];
  const channels = [
    { name: "general" },
    { name: "other", bot: false },
    { name: "secret", kind: "private" as const, bot: false },
    { name: "old", archived: true },
  ];
  for (const [name, args, expected] of posts)
    test(name, async (t) => {
      const slack = await startFor(t, { channels });
      assert.equal(
        await outcome(clientOf(slack).apiCall("chat.postMessage", { channel: "C0GENERAL", ...args })),
        expected,
      );
    });

  test("says with a pointer what is wrong with a block", async (t) => {
    const slack = await startFor(t);
    const call = clientOf(slack).chat.postMessage({ channel: "C0GENERAL", text: "x", blocks: [section(3_001)] });
    await assert.rejects(call, {
      data: {
        ok: false,
        error: "invalid_blocks",
        errors: ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
        response_metadata: {
          messages: ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
          scopes: [...slack.app.scopes],
        },
      },
    });
  });

  test("an edit of more than 4,000 characters, or of somebody else's message; a post is cut at 40,000", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    const { ts, channel } = slack.as("ada").says("#general", "mine").message;
    const own = await client.chat.postMessage({ channel, text: text(40_001) });

    assert.equal(own.message?.text?.length, 40_000);
    assert.equal(await outcome(client.chat.update({ channel, ts: String(own.ts), text: text(4_001) })), "msg_too_long");
    assert.equal(await outcome(client.chat.update({ channel, ts, text: "x" })), "cant_update_message");
    assert.equal(await outcome(client.chat.delete({ channel, ts })), "cant_delete_message");
    assert.equal(await outcome(client.chat.update({ channel, ts: "1.000001", text: "x" })), "message_not_found");
    assert.equal(await outcome(client.conversations.replies({ channel, ts: "1.000001" })), "thread_not_found");
    assert.equal(
      await outcome(client.chat.postEphemeral({ channel, user: slack.addPerson("new").id, text: "x" })),
      "user_not_in_channel",
    );
  });

  test("a wrong token, the wrong kind of token, none, a revoked one, and a method that it does not have", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    assert.equal(await outcome(clientOf(slack, {}, "xoxb-wrong").auth.test()), "invalid_auth");
    assert.equal(await outcome(clientOf(slack, {}, slack.app.appToken).auth.test()), "not_allowed_token_type");
    assert.equal(
      await outcome(new WebClient(undefined, { slackApiUrl: slack.apiUrl, logger: quiet }).auth.test()),
      "not_authed",
    );
    assert.equal(await outcome(client.apiCall("chat.shout", {})), "unknown_method");
    await client.auth.revoke();
    assert.equal(await outcome(client.auth.test()), "token_revoked");
  });

  test("a scope that was never granted", async (t) => {
    const slack = await startFor(t, { app: { scopes: ["chat:write"] } });
    await assert.rejects(clientOf(slack).conversations.history({ channel: "C0GENERAL" }), {
      data: {
        ok: false,
        error: "missing_scope",
        needed: "channels:history",
        provided: "chat:write",
        response_metadata: { scopes: ["chat:write"] },
      },
    });
  });

  test("an agent session for an app that is no agent", async (t) => {
    const slack = await startFor(t, { app: { agent: false } });
    const { channel, ts } = slack.as("ada").says("#general", "hello").message;
    const call = clientOf(slack).agents.sessions.setStatus({
      channel_id: channel,
      thread_ts: ts,
      status: "processing",
    });
    assert.equal(await outcome(call), "not_authorized");
  });
});
