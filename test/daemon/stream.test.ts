/** Reading the journal over HTTP: from any cursor, slowly, again and again, and always the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { HEARTBEAT_FRAME } from "../../src/wire/sse.ts";
import { handWoundClock } from "../clock.ts";
import { collect, entriesOf, open, sign, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent } from "./scripted-agent.ts";

const chatty = (tools: number) =>
  scriptedAgent(({ context }) => {
    for (let n = 1; n <= tools; n++) {
      context.report({ type: "tool.started", call: `c${n}`, tool: "bash", title: `step ${n}`, input: "" });
    }
    return done();
  });

test("a burst of 60,000 events reaches a slow reader without a gap", { timeout: 240_000 }, async (t) => {
  const daemon = await startDaemon(t, { agents: { scripted: chatty(60_000).factory } });
  const token = await sign({ scope: "observer" });
  const slow = await open(daemon.url, token, "cursor=0&follow=1");
  await daemon.prompt("Go", { id: "p1" });

  let next = 1;
  for await (const entry of entriesOf(slow)) {
    assert.equal(entry.cursor, next);
    // Slow: the daemon gets many turns of the event loop for each of ours, and must not collect what we do not take.
    if (next % 500 === 0) for (let n = 0; n < 5; n++) await tick();
    next += 1;
    if (turnEnded("p1")(entry.event)) break;
  }
  assert.equal(next - 1, 60_003);
});

test("a reader that stops reading does not hold up anybody, and misses nothing", { timeout: 240_000 }, async (t) => {
  const daemon = await startDaemon(t, { agents: { scripted: chatty(20_000).factory } });
  const stuck = await open(daemon.url, await sign({ scope: "observer" }), "cursor=0&follow=1");
  await daemon.prompt("Go", { id: "p1" });
  const brisk = await daemon.until(turnEnded("p1"));
  const late: unknown[] = [];
  for await (const entry of entriesOf(stuck)) {
    late.push(entry.event);
    if (turnEnded("p1")(entry.event)) break;
  }
  assert.equal(late.length, 20_003);
  assert.deepEqual(late, brisk);
});

test("from every cursor the rest of the log is the same, entry by entry", async (t) => {
  const daemon = await startDaemon(t, { agents: { scripted: chatty(40).factory } });
  await daemon.prompt("Go", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  const whole = await daemon.replay();
  assert.equal(whole.length, 43);
  for (let cursor = 0; cursor <= whole.length; cursor++) {
    assert.deepEqual(await daemon.replay(cursor), whole.slice(cursor));
  }
  assert.deepEqual(await daemon.replay(1_000), []);
});

test("a reader that comes back at every entry while a turn runs gets each entry once", async (t) => {
  const step = Promise.withResolvers<void>();
  const agent = scriptedAgent(async ({ context }) => {
    for (let n = 1; n <= 60; n++) {
      context.report({ type: "tool.started", call: `c${n}`, tool: "bash", title: `step ${n}`, input: "" });
      await tick();
    }
    step.resolve();
    return done();
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  const token = await sign({ scope: "observer" });
  await daemon.prompt("Go", { id: "p1" });
  const seen: number[] = [];
  for (let cursor = 0, ended = false; !ended; ) {
    for await (const entry of entriesOf(await open(daemon.url, token, `cursor=${cursor}&follow=1`))) {
      cursor = entry.cursor;
      seen.push(cursor);
      ended = turnEnded("p1")(entry.event);
      break;
    }
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 63 }, (_, n) => n + 1),
  );
});

test("frames carry the cursor as their id, and the headers keep proxies from holding them back", async (t) => {
  const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory } });
  const response = await open(daemon.url, await sign({ scope: "observer" }), "cursor=0");
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal(response.headers.get("cache-control"), "no-cache, no-transform");
  assert.equal(response.headers.get("x-accel-buffering"), "no");
  const [frame] = (await response.text()).split("\n\n");
  assert.match(
    frame ?? "",
    /^id: 1\ndata: \{"epoch":"[0-9a-f]{16}","cursor":1,"at":\d+,"event":\{"type":"daemon.started","version":5\}\}$/,
  );
});

test("Last-Event-ID counts more than the cursor of the address", async (t) => {
  const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory } });
  await daemon.prompt("Go", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  const headers = { authorization: `Bearer ${await sign({ scope: "observer" })}`, "last-event-id": "2" };
  const entries = await collect(await fetch(`${daemon.url}/stream?cursor=0`, { headers }));
  assert.deepEqual(
    entries.map((entry) => entry.cursor),
    [3],
  );
});

test("a client that knows another epoch, or more of this one than there is, is told so", async (t) => {
  const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory } });
  const { epoch } = await daemon.status();
  const wrong = await daemon.get(`/stream?cursor=5&epoch=0000`);
  assert.deepEqual([wrong.status, wrong.body.code], [409, "epoch-mismatch"]);
  const fromAnotherLife = await daemon.get(`/stream?cursor=500&epoch=${epoch}`);
  assert.deepEqual([fromAnotherLife.status, fromAnotherLife.body.code], [409, "epoch-mismatch"]);
  const right = await open(daemon.url, await sign({ scope: "observer" }), `cursor=0&epoch=${epoch}`);
  assert.equal((await collect(right)).length, 1);
});

test("a quiet stream beats every 15 seconds, and ends when its token does", async (t) => {
  const clock = handWoundClock(1_700_000_000_000);
  const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory }, clock });
  const token = await sign({ scope: "observer", expiresAt: 1_700_000_040 });
  const { body } = await open(daemon.url, token, "cursor=1&follow=1");
  assert.ok(body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader.read()).value;
  assert.equal(await next(), HEARTBEAT_FRAME);
  for (let n = 0; n < 2; n++) {
    const beat = next();
    await daemon.get("/health");
    clock.advance(15_000);
    assert.equal(await beat, HEARTBEAT_FRAME);
  }
  const end = next();
  await daemon.get("/health");
  clock.advance(10_000);
  assert.equal(await end, undefined);
});

test("streams end when the daemon is told to stop, with everything that was to be told", async (t) => {
  const daemon = await startDaemon(t, {
    agents: { scripted: scriptedAgent(({ stopped }) => stopped.then(() => done())).factory },
  });
  await daemon.prompt("Go", { id: "p1" });
  const reading = collect(await open(daemon.url, await sign({ scope: "observer" }), "cursor=0&follow=1"));
  await daemon.close();
  assert.deepEqual(
    (await reading).map((entry) => entry.event.type),
    ["daemon.started", "turn.started", "turn.ended"],
  );
});
