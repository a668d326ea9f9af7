/** Signed deliveries over HTTP, received by the real Bolt. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { handWoundClock } from "../../clock.ts";
import { boltOverHttp, clientOf, startFor } from "./sdk.ts";

const answering = { processBeforeResponse: true };

test("Slack's handshake is answered by Bolt", async (t) => {
  const slack = await startFor(t);
  assert.equal(await slack.verifyRequestUrl(), false);
  await boltOverHttp(slack);
  assert.equal(await slack.verifyRequestUrl(), true);
});

describe("what the bot is told", () => {
  test("a mention comes twice, as message and as app_mention, under one ts and two event ids", async (t) => {
    const slack = await startFor(t);
    const app = await boltOverHttp(slack, answering);
    const heard: unknown[] = [];
    app.event(
      "message",
      async ({ event, body }) => void heard.push([event.type, event.ts, event.channel_type, body.event_id]),
    );
    app.event(
      "app_mention",
      async ({ event, body }) => void heard.push([event.type, event.ts, event.text, body.event_id]),
    );

    const { message, delivered } = slack.as("ada").says("#general", "@threadbox fix <it> & #general");
    const deliveries = await delivered;

    assert.deepEqual(
      deliveries.map(({ type, eventId, acknowledged, attempts }) => [type, eventId, acknowledged, attempts[0]?.status]),
      [
        ["message", "Ev00000001", true, 200],
        ["app_mention", "Ev00000002", true, 200],
      ],
    );
    assert.deepEqual(heard.sort(), [
      ["app_mention", message.ts, "<@U0THREADBOX> fix &lt;it&gt; &amp; <#C0GENERAL|general>", "Ev00000002"],
      ["message", message.ts, "channel", "Ev00000001"],
    ]);
  });

  test("what kind of place it was said in, and nothing of places that the bot is not in", async (t) => {
    const channels = ["general", { name: "crew", kind: "private" as const }, { name: "other", bot: false }];
    const slack = await startFor(t, { channels, requestUrl: "http://127.0.0.1:9/nobody", deliverRetry: "never" });
    const ada = slack.as("ada");
    const { channel } = await clientOf(slack).conversations.open({ users: "U0ADA,U0GRACE" });
    const said = ["#general", "#crew", "dm", String(channel?.id), "#other"].map((where) =>
      ada.says(where, "hello @threadbox"),
    );
    const types = said.map(({ deliveries }) =>
      deliveries.map(({ payload }) => {
        const event = payload.event as Record<string, unknown>;
        return event.channel_type ?? event.type;
      }),
    );
    assert.deepEqual(types, [
      ["channel", "app_mention"],
      ["group", "app_mention"],
      ["im"],
      ["mpim", "app_mention"],
      [],
    ]);
    await slack.settled();
  });

  test("edits, deletions, reactions, and the echo of what it wrote itself", async (t) => {
    const slack = await startFor(t);
    await boltOverHttp(slack, answering);
    const client = clientOf(slack);
    const ada = slack.as("ada");
    const { message } = ada.says("#general", "hello");
    ada.edits(message, "hello @threadbox");
    ada.reacts(message, "x");
    const { ts } = await client.chat.postMessage({ channel: "C0GENERAL", text: "working" });
    await client.chat.update({ channel: "C0GENERAL", ts: String(ts), text: "done" });
    ada.deletes(message);
    slack.unfurls({ channel: "C0GENERAL", ts: String(ts) }, { title: "#1", url: "https://example.com/1" });
    await slack.settled();

    const told = slack.deliveries.map(({ payload, acknowledged }) => {
      const event = payload.event as Record<string, Record<string, unknown>>;
      return [
        event.subtype ?? event.type,
        event.message?.text ?? event.reaction ?? event.text ?? event.deleted_ts,
        event.message?.bot_id,
        acknowledged,
      ];
    });
    assert.deepEqual(told, [
      ["message", "hello", undefined, true],
      ["message_changed", "hello <@U0THREADBOX>", undefined, true],
      ["reaction_added", "x", undefined, true],
      ["message", "working", undefined, true],
      ["message_changed", "done", "B0THREADBOX", true],
      ["message_deleted", message.ts, undefined, true],
      ["message_changed", "done", "B0THREADBOX", true],
    ]);
  });

  test("the envelope names the installation, and for a stranger the other team", async (t) => {
    const people = ["ada", { name: "eve", kind: "stranger" as const }];
    const channels = [{ name: "partners", extShared: true, members: ["ada", "eve"] }];
    const slack = await startFor(t, {
      people,
      channels,
      clock: handWoundClock(),
      requestUrl: "http://127.0.0.1:9/nobody",
      deliverRetry: "never",
    });
    const [delivery] = slack.as("eve").says("#partners", "hi").deliveries;
    const { event, event_context: _, ...envelope } = delivery?.payload ?? {};
    assert.deepEqual(envelope, {
      token: "emulated-verification-token",
      team_id: "T0ELSEWHERE",
      context_team_id: "T0ACME",
      context_enterprise_id: null,
      api_app_id: "A0THREADBOX",
      type: "event_callback",
      event_id: "Ev00000001",
      event_time: 1_700_000_000,
      authorizations: [
        { enterprise_id: null, team_id: "T0ACME", user_id: "U0THREADBOX", is_bot: true, is_enterprise_install: false },
      ],
      is_ext_shared_channel: true,
    });
    assert.equal((event as Record<string, unknown>).user_team, "T0ELSEWHERE");
    await slack.settled();
  });

  test("a mention where it is not invited reaches it with the invitation", async (t) => {
    const slack = await startFor(t, { channels: [{ name: "other", bot: false }] });
    await boltOverHttp(slack, answering);
    const ada = slack.as("ada");
    const { message, deliveries } = ada.says("#other", "@threadbox help");
    assert.deepEqual(deliveries, []);
    const told = await ada.invitesBot("#other", message).delivered;
    assert.deepEqual(
      told.map(({ type }) => type),
      ["message", "member_joined_channel", "app_mention"],
    );
  });

  test("a stop of its agent session, and the opening of its home", async (t) => {
    const slack = await startFor(t);
    const app = await boltOverHttp(slack, answering);
    const heard: unknown[] = [];
    app.event(
      "agent_session_stopped",
      async ({ event }) => void heard.push([event.channel, event.user, event.thread_ts]),
    );
    app.event("app_home_opened", async ({ event }) => void heard.push([event.user, event.tab]));
    const { message } = slack.as("ada").says("#general", "@threadbox go");
    await clientOf(slack).agents.sessions.setStatus({
      channel_id: message.channel,
      thread_ts: message.ts,
      status: "processing",
    });
    await slack.as("grace").stopsAgent(message).delivered;
    await slack.as("ada").opensHome("messages").delivered;
    assert.deepEqual(heard, [
      ["C0GENERAL", "U0GRACE", message.ts],
      ["U0ADA", "messages"],
    ]);
  });
});

describe("when a delivery goes wrong", () => {
  test("a bad or stale signature is refused by Bolt, three repeats included", async (t) => {
    const slack = await startFor(t);
    const app = await boltOverHttp(slack, answering);
    let heard = 0;
    app.event("message", async () => {
      heard += 1;
    });
    slack.faults.nextDelivery({ badSignature: true }, 3);
    slack.faults.nextDelivery({ staleBySeconds: 301 });
    const [delivery] = await slack.as("ada").says("#general", "hello").delivered;
    assert.deepEqual(
      [delivery?.acknowledged, delivery?.attempts.map(({ status }) => status), heard],
      [false, [401, 401, 401, 401], 0],
    );
    assert.deepEqual(slack.faults.pending(), []);
  });

  test("a listener that fails before the answer is asked again, with the number and the reason of the retry", async (t) => {
    const slack = await startFor(t);
    const app = await boltOverHttp(slack, {
      ...answering,
      processEventErrorHandler: async ({ response }) => {
        response.writeHead(500).end();
        return true;
      },
    });
    const retries: unknown[] = [];
    app.event("message", async ({ context }) => {
      retries.push([context.retryNum, context.retryReason]);
      if (retries.length < 3) throw new Error("the database is down");
    });
    const [delivery] = await slack.as("ada").says("#general", "hello").delivered;
    assert.deepEqual(retries, [
      [undefined, undefined],
      [1, "http_error"],
      [2, "http_error"],
    ]);
    assert.deepEqual(
      delivery?.attempts.map(({ retryNum, status }) => [retryNum, status]),
      [
        [0, 500],
        [1, 500],
        [2, 200],
      ],
    );
  });

  test("a lost answer brings the same event again under the same id", async (t) => {
    const slack = await startFor(t);
    const app = await boltOverHttp(slack, answering);
    const heard: unknown[] = [];
    app.event("message", async ({ body, context }) => void heard.push([body.event_id, context.retryReason]));
    slack.faults.nextDelivery({ loseAnswer: true });
    await slack.as("ada").says("#general", "hello").delivered;
    assert.deepEqual(heard, [
      ["Ev00000001", undefined],
      ["Ev00000001", "http_timeout"],
    ]);
  });

  test("an app that is away is asked at once, after a minute and after five", async (t) => {
    const clock = handWoundClock();
    const slack = await startFor(t, { clock, deliverRetry: "like-slack", requestUrl: "http://127.0.0.1:9/nobody" });
    const { deliveries, delivered } = slack.as("ada").says("#general", "hello");
    const failed = () => deliveries[0]?.attempts.length;
    await slack.until(() => failed() === 2);
    clock.advance(60_000);
    await slack.until(() => failed() === 3);
    clock.advance(300_000);
    await delivered;
    assert.deepEqual(
      deliveries[0]?.attempts.map(({ failure }) => failure),
      Array.from({ length: 4 }, () => "connection_failed"),
    );
  });

  test("a listener that hangs costs three seconds", async (t) => {
    const clock = handWoundClock();
    const slack = await startFor(t, { clock, deliverRetry: "never" });
    const app = await boltOverHttp(slack, answering);
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    app.event("message", async () => {
      arrived.resolve();
      await release.promise;
    });
    const { delivered } = slack.as("ada").says("#general", "hello");
    await arrived.promise;
    clock.advance(3_000);
    const [delivery] = await delivered;
    release.resolve();
    assert.deepEqual([delivery?.acknowledged, delivery?.attempts[0]?.failure], [false, "http_timeout"]);
  });
});
