/** Socket Mode, spoken by the real SocketModeReceiver. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { handWoundClock } from "../../clock.ts";
import { boltOverSocket, clientOf, outcome, startFor } from "./sdk.ts";

const socketApp = { app: { socketMode: true } };

test("events, presses and commands come over the socket and are acknowledged there", async (t) => {
  const slack = await startFor(t, socketApp);
  const app = await boltOverSocket(slack);
  app.event("app_mention", async ({ event, client }) => {
    await client.chat.postMessage({
      channel: event.channel,
      thread_ts: event.ts,
      text: "On it",
      blocks: [
        {
          type: "actions",
          elements: [{ type: "button", text: { type: "plain_text", text: "Stop" }, action_id: "stop" }],
        },
      ],
    });
  });
  app.action("stop", ({ ack }) => ack());
  app.command("/threadbox", ({ ack }) => ack("all quiet"));

  const { message, delivered } = slack.as("ada").says("#general", "@threadbox go");
  const thread = slack.thread("#general", message);
  await slack.until(() => thread.replies().length === 1);
  assert.deepEqual(
    (await delivered).map(({ type, acknowledged }) => [type, acknowledged]),
    [
      ["message", true],
      ["app_mention", true],
    ],
  );
  const [reply] = thread.replies();
  assert.ok(reply);
  const [press] = await slack.as("ada").presses(reply.message, "Stop").delivered;
  assert.equal(press?.acknowledged, true);
  await slack.as("ada").commands("#general", "/threadbox").delivered;
  assert.deepEqual(
    slack.ephemerals("ada").map(({ text }) => text),
    ["all quiet"],
  );
});

test("what was said while the line was down arrives with the next one", async (t) => {
  const slack = await startFor(t, socketApp);
  const app = await boltOverSocket(slack);
  const heard: unknown[] = [];
  app.event(
    "message",
    async ({ event, context }) => void heard.push(["text" in event && event.text, context.retryNum]),
  );
  slack.socket.drop();
  await slack.until(() => slack.socket.connections() === 0);
  await slack.as("ada").says("#general", "are you there?").delivered;
  assert.deepEqual(heard, [["are you there?", 0]]);
});

test("an acknowledgement that got lost with the line brings the event again on the next one", async (t) => {
  const slack = await startFor(t, { ...socketApp, clock: handWoundClock() });
  const app = await boltOverSocket(slack);
  const heard: unknown[] = [];
  app.event(
    "message",
    async ({ body, context }) => void heard.push([body.event_id, context.retryNum, context.retryReason]),
  );
  slack.faults.nextDelivery({ lose: true });
  const { deliveries, delivered } = slack.as("ada").says("#general", "hello");
  slack.socket.drop();
  await delivered;
  assert.deepEqual(heard, [["Ev00000001", 1, "timeout"]]);
  assert.deepEqual(
    deliveries[0]?.attempts.map(({ failure, status }) => failure ?? status),
    ["timeout", 200],
  );
});

test("an envelope that is not acknowledged in three seconds comes again", async (t) => {
  const clock = handWoundClock();
  const slack = await startFor(t, { ...socketApp, clock });
  const { url } = await clientOf(slack, {}, slack.app.appToken).apps.connections.open({});
  const socket = new WebSocket(String(url));
  t.after(() => socket.terminate());
  const envelopes: { type: string; envelope_id: string; retry_attempt: number; payload: { event_id: string } }[] = [];
  const arrivals = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  socket.on("message", (data) => arrivals[envelopes.push(JSON.parse(data.toString())) - 1]?.resolve());
  await arrivals[0]?.promise;
  const { delivered } = slack.as("ada").says("#general", "hello");
  await arrivals[1]?.promise;
  clock.advance(3_000);
  await arrivals[2]?.promise;
  socket.send(JSON.stringify({ envelope_id: envelopes[2]?.envelope_id }));
  await delivered;
  assert.deepEqual(
    envelopes.map(({ type, retry_attempt, payload }) => [type, retry_attempt, payload?.event_id]),
    [
      ["hello", undefined, undefined],
      ["events_api", 0, "Ev00000001"],
      ["events_api", 1, "Ev00000001"],
    ],
  );
});

test("Slack asks for a new connection, and Bolt comes back", async (t) => {
  const slack = await startFor(t, socketApp);
  await boltOverSocket(slack);
  slack.socket.disconnect("refresh_requested");
  assert.equal(slack.socket.connections(), 0);
  const [delivery] = await slack.as("ada").says("#general", "hello again").delivered;
  assert.deepEqual([delivery?.attempts.map(({ status }) => status), slack.socket.connections()], [[200], 1]);
  assert.equal(slack.requests.count("apps.connections.open"), 2);
});

test("only an app token opens a line, a ticket only one", async (t) => {
  const slack = await startFor(t, socketApp);
  assert.equal(await outcome(clientOf(slack).apps.connections.open({})), "not_allowed_token_type");
  const { url } = await clientOf(slack, {}, slack.app.appToken).apps.connections.open({});
  const opened = (): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(String(url));
      t.after(() => socket.terminate());
      socket.on("open", () => resolve("open"));
      socket.on("error", () => resolve("refused"));
    });
  assert.deepEqual([await opened(), await opened()], ["open", "refused"]);
});
