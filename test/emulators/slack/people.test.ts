/** What people and other bots do, as our app is told of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Said } from "../slack.ts";
import { clientOf, outcome, startFor } from "./sdk.ts";

/** Nobody listens there; the events are looked at as they left. */
const unheard = { requestUrl: "http://127.0.0.1:9/nobody", deliverRetry: "never" as const };

function eventsOf(said: Said): Record<string, unknown>[] {
  return said.deliveries.map(({ payload }) => payload.event as Record<string, unknown>);
}

test("files come with the message and with the mention", async (t) => {
  const slack = await startFor(t, unheard);
  const said = slack
    .as("ada")
    .says("#general", "@threadbox look", { files: [{ name: "a.png", content: "png", mimetype: "image/png" }] });
  assert.deepEqual(
    eventsOf(said).map((event) => [event.type, event.subtype, (event.files as { mimetype: string }[])[0]?.mimetype]),
    [
      ["message", "file_share", "image/png"],
      ["app_mention", undefined, "image/png"],
    ],
  );
  await slack.settled();
});

test("a reply names its root, and one that is sent to the channel too brings it along", async (t) => {
  const slack = await startFor(t, unheard);
  const root = slack.as("ada").says("#general", "root").message;
  const [reply] = eventsOf(slack.as("grace").says("#general", "reply", { thread: root }));
  const [broadcast] = eventsOf(slack.as("grace").says("#general", "for all", { thread: root, broadcast: true }));
  assert.deepEqual([reply?.thread_ts, reply?.parent_user_id, reply?.subtype], [root.ts, "U0ADA", undefined]);
  assert.deepEqual(
    [broadcast?.subtype, (broadcast?.root as { ts: string } | undefined)?.ts],
    ["thread_broadcast", root.ts],
  );
  await slack.settled();
});

test("a forwarded message keeps its author and its text", async (t) => {
  const slack = await startFor(t, { ...unheard, channels: ["general", "other"] });
  const { message } = slack.as("grace").says("#other", "it fails since Monday");
  const [event] = eventsOf(slack.as("ada").says("#general", "@threadbox fix this", { shares: message }));
  const [quotation] = (event?.attachments ?? []) as Record<string, unknown>[];
  assert.deepEqual(
    [quotation?.is_share, quotation?.author_id, quotation?.text, quotation?.channel_id],
    [true, "U0GRACE", "it fails since Monday", "C0OTHER"],
  );
  await slack.settled();
});

test("another bot is known by its bot id, and code is no mention", async (t) => {
  const slack = await startFor(t, {
    ...unheard,
    people: ["ada", { name: "deploybot", kind: "bot" }],
    channels: [{ name: "general", members: ["ada", "deploybot"] }],
  });
  const [message, mention] = eventsOf(slack.as("deploybot").says("#general", "@threadbox deployed"));
  assert.deepEqual([message?.bot_id, message?.app_id, mention?.type], ["B0DEPLOYBOT", "A0DEPLOYBOT", "app_mention"]);
  const quoted = slack.as("ada").says("#general", "write `@threadbox fix` to it");
  assert.deepEqual(
    eventsOf(quoted).map((event) => [event.type, event.text]),
    [["message", "write `@threadbox fix` to it"]],
  );
  await slack.settled();
});

test("deleting the root of a thread is a change into a tombstone, deleting anything else a deletion", async (t) => {
  const slack = await startFor(t, unheard);
  const ada = slack.as("ada");
  const root = ada.says("#general", "root").message;
  const reply = ada.says("#general", "reply", { thread: root }).message;
  ada.deletes(root);
  ada.deletes(reply);
  const last = slack.deliveries
    .slice(-2)
    .map(({ payload }) => payload.event as { subtype: string; message?: { subtype: string } });
  assert.deepEqual(
    last.map((event) => [event.subtype, event.message?.subtype]),
    [
      ["message_changed", "tombstone"],
      ["message_deleted", undefined],
    ],
  );
  await slack.settled();
});

test("an archived channel, a session's new title and a revoked token are told; without subscription nothing is", async (t) => {
  const slack = await startFor(t, unheard);
  const client = clientOf(slack);
  const ada = slack.as("ada");
  const { message } = ada.says("#general", "hello");
  await client.agents.sessions.setStatus({
    channel_id: message.channel,
    thread_ts: message.ts,
    status: "suspended",
    title: "Old",
  });
  await client.agents.sessions.rename({ channel_id: message.channel, thread_ts: message.ts, title: "New" });
  ada.renamesSession(message, "Mine");
  ada.archives("#general");
  ada.unreacts(ada.reacts(message, "x") && message, "x");
  await client.auth.revoke();
  assert.deepEqual(
    slack.deliveries.map(({ type }) => type),
    [
      "message",
      "agent_session_title_changed",
      "channel_archive",
      "reaction_added",
      "tokens_revoked",
      "app_uninstalled",
    ],
  );
  assert.equal(slack.thread("#general", message).session()?.title, "Mine");
  assert.deepEqual(ada.says("#general", "anybody?").deliveries, []);
  await slack.settled();
});

test("what a client may also do: join, look up by e-mail, suggest prompts, and call with JSON or with the token in a form", async (t) => {
  const slack = await startFor(t, {
    channels: [{ name: "other", bot: false }],
    app: { scopes: ["channels:join", "users:read.email", "assistant:write", "chat:write"] },
  });
  const client = clientOf(slack);
  await client.conversations.join({ channel: "C0OTHER" });
  assert.equal((await client.users.lookupByEmail({ email: "grace@example.com" })).user?.id, "U0GRACE");
  assert.equal(
    await outcome(
      client.assistant.threads.setSuggestedPrompts({
        channel_id: "C0OTHER",
        thread_ts: "1",
        prompts: [{ title: "a", message: "b" }],
      }),
    ),
    "ok",
  );
  const url = `${slack.apiUrl}chat.postMessage`;
  const blocks = [{ type: "header", text: { type: "plain_text", text: "From JSON" } }];
  const headers = { authorization: `Bearer ${slack.app.botToken}`, "content-type": "application/json" };
  const json = await fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ channel: "C0OTHER", text: "x", blocks }),
  });
  const form = await fetch(url, {
    method: "POST",
    body: new URLSearchParams({ token: slack.app.botToken, channel: "#other", text: "From a form" }),
  });
  assert.deepEqual([json.status, form.status], [200, 200]);
  assert.deepEqual(
    slack.timeline("#other").map(({ seen }) => seen),
    ["From JSON", "From a form"],
  );
});
