/** The emulated Web API, driven by the real WebClient. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { handWoundClock } from "../clock.ts";
import { clientOf, outcome, startFor } from "./slack/sdk.ts";

describe("a bot that writes", () => {
  test("posts, edits and replies, and people see it in that order", async (t) => {
    const slack = await startFor(t, { clock: handWoundClock() });
    const client = clientOf(slack);
    const root = slack.as("ada").says("#general", "@threadbox fix the login").message;

    const posted = await client.chat.postMessage({ channel: "C0GENERAL", thread_ts: root.ts, text: "Working" });
    await client.chat.update({ channel: "C0GENERAL", ts: String(posted.ts), text: "Reading login.ts" });
    await client.chat.postMessage({
      channel: "C0GENERAL",
      thread_ts: root.ts,
      text: "Fixed",
      blocks: [
        { type: "section", text: { type: "mrkdwn", text: "Fixed by <@U0ADA|ada>, see <https://example.com/pr/1|#1>" } },
        {
          type: "actions",
          elements: [{ type: "button", text: { type: "plain_text", text: "Retry" }, action_id: "retry" }],
        },
      ],
    });

    const thread = slack.thread("#general", root);
    assert.equal(
      thread.print(),
      "ada: @threadbox fix the login\nthreadbox: Reading login.ts (edited)\nthreadbox: Fixed by @ada, see #1 (https://example.com/pr/1)\n[Retry]",
    );
    assert.deepEqual(
      thread.messages().map(({ ts, author, edits, text }) => [ts, author, edits, text]),
      [
        ["1700000000.000000", "ada", 0, "<@U0THREADBOX> fix the login"],
        ["1700000000.000001", "threadbox", 1, "Reading login.ts"],
        ["1700000000.000004", "threadbox", 0, "Fixed"],
      ],
    );
  });

  test("finds its own message again by the metadata that it carries", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    const root = slack.as("ada").says("#general", "hello").message;
    const metadata = { event_type: "threadbox_answer", event_payload: { effect: "e-1" } };
    const { ts } = await client.chat.postMessage({ channel: "C0GENERAL", thread_ts: root.ts, text: "Done", metadata });

    const plain = await client.conversations.replies({ channel: "C0GENERAL", ts: root.ts });
    const whole = await client.conversations.replies({ channel: "C0GENERAL", ts: root.ts, include_all_metadata: true });

    assert.deepEqual(
      plain.messages?.map((message) => message.metadata),
      [undefined, undefined],
    );
    assert.deepEqual(whole.messages?.find((message) => message.metadata?.event_type === "threadbox_answer")?.ts, ts);
    assert.deepEqual(whole.messages?.[1]?.metadata, metadata);
    assert.deepEqual([whole.messages?.[0]?.reply_count, whole.messages?.[0]?.thread_ts], [1, root.ts]);
  });

  test("reads a long thread page by page, and a channel newest first without replies", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    const ada = slack.as("ada");
    const root = ada.says("#general", "root").message;
    for (const text of ["one", "two", "three"]) ada.says("#general", text, { thread: root });
    ada.says("#general", "shown in both", { thread: root, broadcast: true });

    const pages: (string | undefined)[][] = [];
    let cursor = "";
    do {
      const page = await client.conversations.replies({ channel: "C0GENERAL", ts: root.ts, limit: 2, cursor });
      pages.push(page.messages?.map((message) => message.text) ?? []);
      cursor = page.response_metadata?.next_cursor ?? "";
    } while (cursor !== "");
    const history = await client.conversations.history({ channel: "C0GENERAL" });
    const late = await client.conversations.replies({ channel: "C0GENERAL", ts: root.ts, oldest: "9999999999.000000" });

    assert.deepEqual(pages, [["root", "one"], ["two", "three"], ["shown in both"]]);
    assert.deepEqual(
      history.messages?.map((message) => message.text),
      ["shown in both", "root"],
    );
    assert.deepEqual(
      late.messages?.map((message) => message.text),
      ["root"],
    );
  });

  test("marks, whispers, links and opens a direct message", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    const { channel, ts } = slack.as("ada").says("#general", "hello").message;
    const at = { channel, timestamp: ts, name: "eyes" };

    await client.reactions.add(at);
    const { message } = await client.reactions.get({ channel, timestamp: ts });
    assert.deepEqual(message?.reactions, [{ name: "eyes", users: ["U0THREADBOX"], count: 1 }]);
    assert.equal(await outcome(client.reactions.add(at)), "already_reacted");
    await client.reactions.remove(at);
    assert.equal(await outcome(client.reactions.remove(at)), "no_reaction");

    await client.chat.postEphemeral({ channel, user: "U0ADA", text: "only you" });
    assert.deepEqual(
      slack.ephemerals("ada").map((whisper) => whisper.text),
      ["only you"],
    );
    assert.equal(slack.timeline("#general").length, 1);

    const { permalink } = await client.chat.getPermalink({ channel, message_ts: ts });
    assert.equal(permalink, `https://acme.slack.com/archives/C0GENERAL/p${ts.replace(".", "")}`);
    const opened = await client.conversations.open({ users: "U0GRACE" });
    assert.equal(opened.channel?.id, "D0GRACE");
    await client.chat.postMessage({ channel: "U0GRACE", text: "in private" });
    assert.deepEqual(
      slack.timeline("D0GRACE").map((line) => line.seen),
      ["in private"],
    );
  });

  test("deletes its message, but the root of a thread leaves a tombstone", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    const first = await client.chat.postMessage({ channel: "C0GENERAL", text: "alone" });
    const root = await client.chat.postMessage({ channel: "C0GENERAL", text: "root" });
    slack.as("ada").says("#general", "reply", { thread: String(root.ts) });

    await client.chat.delete({ channel: "C0GENERAL", ts: String(first.ts) });
    await client.chat.delete({ channel: "C0GENERAL", ts: String(root.ts) });

    assert.equal(slack.thread("#general", String(root.ts)).print(), "USLACKBOT: This message was deleted.\nada: reply");
    assert.deepEqual(
      slack.timeline("#general").map((line) => line.text),
      ["This message was deleted."],
    );
  });

  test("uploads a file, and downloads one only with its token", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    await client.filesUploadV2({
      channel_id: "C0GENERAL",
      filename: "run.log",
      file: Buffer.from("line 1\n"),
      initial_comment: "The log",
    });
    assert.deepEqual(
      slack.timeline("#general").map((line) => line.seen),
      ["The log\n(file: run.log)"],
    );

    const { message } = slack.as("ada").says("#general", "look", { files: [{ name: "a.txt", content: "secret" }] });
    const { file } = await client.files.info({ file: String(message.files[0]) });
    const url = String(file?.url_private);
    const allowed = await fetch(url, { headers: { authorization: `Bearer ${slack.app.botToken}` } });
    assert.equal(await allowed.text(), "secret");
    assert.match(await (await fetch(url)).text(), /Sign in to Slack/);
  });
});

describe("who and where", () => {
  test("tells guests, strangers, bots and the deleted apart", async (t) => {
    const people = [
      { name: "ada" },
      { name: "gus", kind: "guest" as const },
      { name: "sol", kind: "single-channel-guest" as const },
      { name: "eve", kind: "stranger" as const },
      { name: "deploybot", kind: "bot" as const },
      { name: "gone", kind: "deleted" as const },
    ];
    const slack = await startFor(t, { people });
    const client = clientOf(slack);
    const rows = await Promise.all(
      people.map(async ({ name }) => {
        const { user } = await client.users.info({ user: slack.person(name).id });
        return [
          name,
          user?.is_restricted,
          user?.is_ultra_restricted,
          user?.is_stranger ?? false,
          user?.is_bot,
          user?.deleted,
          user?.team_id,
        ];
      }),
    );
    assert.deepEqual(rows, [
      ["ada", false, false, false, false, false, "T0ACME"],
      ["gus", true, false, false, false, false, "T0ACME"],
      ["sol", true, true, false, false, false, "T0ACME"],
      ["eve", false, false, true, false, false, "T0ELSEWHERE"],
      ["deploybot", false, false, false, true, false, "T0ACME"],
      ["gone", false, false, false, false, true, "T0ACME"],
    ]);
    assert.equal(await outcome(client.users.info({ user: "U0NOBODY" })), "user_not_found");
  });

  test("tells a shared channel from others", async (t) => {
    const people = ["ada", { name: "eve", kind: "stranger" as const }];
    const slack = await startFor(t, {
      people,
      channels: ["general", { name: "partners", extShared: true, members: ["ada", "eve"] }],
    });
    const client = clientOf(slack);
    const { channel: inside } = await client.conversations.info({ channel: "C0GENERAL" });
    const { channel: shared } = await client.conversations.info({ channel: "C0PARTNERS" });
    assert.deepEqual([inside?.is_ext_shared, inside?.is_private, inside?.is_member], [false, false, true]);
    assert.deepEqual([shared?.is_ext_shared, shared?.connected_team_ids], [true, ["T0ELSEWHERE"]]);
    const { members } = await client.conversations.members({ channel: "C0PARTNERS" });
    assert.deepEqual(members, ["U0ADA", "U0EVE", "U0THREADBOX"]);
  });

  test("knows itself", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    const { bot_id, user_id, team_id } = await client.auth.test();
    assert.deepEqual([bot_id, user_id, team_id], ["B0THREADBOX", "U0THREADBOX", "T0ACME"]);
    const { bot } = await client.bots.info({ bot: "B0THREADBOX" });
    assert.deepEqual([bot?.app_id, bot?.user_id], ["A0THREADBOX", "U0THREADBOX"]);
    assert.equal((await client.team.info()).team?.domain, "acme");
    assert.equal((await client.api.test()).ok, true);
  });

  test("keeps the state of an agent session, which forgets a spinner after an hour", async (t) => {
    const clock = handWoundClock();
    const slack = await startFor(t, { clock });
    const client = clientOf(slack);
    const { channel, ts } = slack.as("ada").says("#general", "hello").message;
    await client.agents.sessions.setStatus({
      channel_id: channel,
      thread_ts: ts,
      status: "processing",
      title: "Fix the login",
    });
    await client.assistant.threads.setStatus({ channel_id: channel, thread_ts: ts, status: "is reading" });
    const thread = slack.thread("#general", ts);
    assert.deepEqual(
      [thread.session()?.status, thread.session()?.title, thread.status()],
      ["processing", "Fix the login", "is reading"],
    );
    clock.advance(60 * 60_000);
    assert.deepEqual([thread.session()?.status, thread.status()], ["active", undefined]);
  });

  test("publishes a home tab and judges blocks", async (t) => {
    const slack = await startFor(t);
    const client = clientOf(slack);
    const blocks = [{ type: "divider" as const }];
    await client.views.publish({ user_id: "U0ADA", view: { type: "home", blocks } });
    assert.deepEqual(slack.home("ada"), { type: "home", blocks });
    assert.equal((await client.blocks.validate({ blocks })).ok, true);
    await assert.rejects(client.blocks.validate({ blocks: [{ type: "marquee" }] }), {
      data: {
        ok: false,
        error: "invalid_blocks",
        errors: [{ pointer: "/0/type", code: "failed_constraint", message: "unsupported type: marquee" }],
        response_metadata: { scopes: [...slack.app.scopes] },
      },
    });
  });
});
