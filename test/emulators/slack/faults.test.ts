/** Ordered faults and rate limits, as the real WebClient meets them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { handWoundClock } from "../../clock.ts";
import { clientOf, outcome, startFor } from "./sdk.ts";

test("a 500 after the commit leaves the message, so a blind retry shows it twice", async (t) => {
  const slack = await startFor(t);
  const client = clientOf(slack);
  const say = () => client.chat.postMessage({ channel: "C0GENERAL", text: "Done" });
  slack.faults.next("chat.postMessage", { status: 500, after: "commit" });

  await assert.rejects(say(), { statusCode: 500 });
  assert.deepEqual(
    slack.timeline("#general").map(({ text }) => text),
    ["Done"],
  );
  await say();
  assert.deepEqual(
    slack.timeline("#general").map(({ text }) => text),
    ["Done", "Done"],
  );
});

test("a 500 before the commit leaves nothing, and the next call is well again", async (t) => {
  const slack = await startFor(t);
  const client = clientOf(slack);
  slack.faults.next("chat.postMessage", { status: 500, after: "before" });
  await assert.rejects(client.chat.postMessage({ channel: "C0GENERAL", text: "Done" }), { statusCode: 500 });
  assert.deepEqual(slack.timeline("#general"), []);
  await client.chat.postMessage({ channel: "C0GENERAL", text: "Done" });
  assert.deepEqual(
    slack.requests.of("chat.postMessage").map(({ status, ok }) => [status, ok]),
    [
      [500, false],
      [200, true],
    ],
  );
});

test("a 429 tells the client how long to wait", async (t) => {
  const slack = await startFor(t);
  const client = clientOf(slack, { rejectRateLimitedCalls: true });
  slack.faults.next("chat.postMessage", { status: 429, retryAfter: 7 });
  await assert.rejects(client.chat.postMessage({ channel: "C0GENERAL", text: "x" }), {
    code: "slack_webapi_rate_limited_error",
    retryAfter: 7,
  });
});

test("an error of choice, a torn connection and a call that is never answered", async (t) => {
  const slack = await startFor(t);
  const client = clientOf(slack, { timeout: 200 });
  const call = () => outcome(client.auth.test());
  slack.faults.next("auth.test", { error: "fatal_error" });
  slack.faults.next("*", { reset: true });
  slack.faults.next("auth.test", { hang: true });
  assert.deepEqual(
    [await call(), await call(), await call(), await call()],
    ["fatal_error", "slack_webapi_request_error", "slack_webapi_request_error", "ok"],
  );
  assert.deepEqual(slack.faults.pending(), []);
});

test("asked for, it limits posting to a channel as Slack does", async (t) => {
  const clock = handWoundClock();
  const slack = await startFor(t, { clock, rateLimits: true, channels: ["general", "other"] });
  const client = clientOf(slack, { rejectRateLimitedCalls: true });
  const say = (channel: string) => outcome(client.chat.postMessage({ channel, text: "x" }));
  const burst = [
    await say("C0GENERAL"),
    await say("C0GENERAL"),
    await say("C0GENERAL"),
    await say("C0GENERAL"),
    await say("C0GENERAL"),
  ];
  assert.deepEqual(burst, ["ok", "ok", "ok", "ok", "ok"]);
  assert.deepEqual([await say("C0GENERAL"), await say("C0OTHER")], ["slack_webapi_rate_limited_error", "ok"]);
  clock.advance(5_000);
  assert.equal(await say("C0GENERAL"), "ok");
});

test("it counts its routes, and forgets on reset", async (t) => {
  const slack = await startFor(t);
  const client = clientOf(slack);
  await client.chat.postMessage({ channel: "C0GENERAL", text: "x" });
  assert.deepEqual(slack.requests.counts(), { "chat.postMessage": 1 });
  assert.equal(slack.coverage().find(({ route }) => route === "chat.postMessage")?.calls, 1);
  assert.equal(slack.coverage().find(({ route }) => route === "OUT ws event")?.calls, 0);
  slack.reset();
  assert.deepEqual([slack.requests.counts(), slack.timeline("#general"), slack.person("ada").id], [{}, [], "U0ADA"]);
  await client.chat.postMessage({ channel: "C0GENERAL", text: "x" });
});
