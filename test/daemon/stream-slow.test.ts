/** A reader that stops reading: it holds a connection, not memory and nobody's time, and not for ever. On a real socket that nobody reads. */
import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { CUT_OFF_REASON } from "../../src/wire/sse.ts";
import { handWoundClock } from "../clock.ts";
import { type RunningDaemon, sign, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent } from "./scripted-agent.ts";

/** Twice what the buffers of two sockets hold at most. */
const EVENTS = 1_500;
const OUTPUT = "x".repeat(15_000);

async function withMuchToTell(t: Parameters<typeof startDaemon>[0]) {
  const clock = handWoundClock(Date.now());
  const agent = scriptedAgent(({ context }) => {
    for (let n = 1; n <= EVENTS; n++) {
      const call = { call: `c${n}`, tool: "bash", ok: true, output: OUTPUT, cut: false, durationMs: 1 };
      context.report({ type: "tool.ended", ...call });
    }
    return done();
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, clock });
  await daemon.prompt("Go", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  /** Winds time on until that many times was logged that somebody was cut off. */
  const windUntilCutOff = async (): Promise<void> => {
    while (!daemon.logged.some((line) => line.includes("stream.cut-off"))) {
      clock.advance(1_000);
      await tick();
    }
  };
  return { daemon, clock, windUntilCutOff };
}

/** The answer's head is there, and its body waits on the socket. */
async function follow({ url }: RunningDaemon, lastId: number): Promise<IncomingMessage> {
  const authorization = `Bearer ${await sign({ scope: "observer", expiresAt: Math.floor(Date.now() / 1000) + 86_400 })}`;
  const headers = { authorization, "last-event-id": String(lastId) };
  return new Promise((resolve, reject) => {
    get(`${url}/stream?follow=1`, { headers, agent: false }, resolve).once("error", reject);
  });
}

const idsIn = (text: string): number[] =>
  [...text.matchAll(/^id: (\d+)\ndata: .*\n\n/gm)].map((match) => Number(match[1]));

test("it is told so after a minute and cut off, and goes on from its last id without a loss", async (t) => {
  const { daemon, windUntilCutOff } = await withMuchToTell(t);
  const response = await follow(daemon, 0);
  await windUntilCutOff();
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += piece;
  assert.equal(text.slice(-200).split("\n\n").at(-2), `: cut-off: ${CUT_OFF_REASON}`);
  const seen = idsIn(text);
  assert.ok(seen.length < EVENTS, "what the sockets hold is less than there is");
  const rest = await follow(daemon, seen.at(-1) ?? 0);
  let more = "";
  for await (const piece of rest.setEncoding("utf8")) {
    more += piece;
    if (more.includes('"type":"turn.ended"')) break;
  }
  const whole = [...seen, ...idsIn(`${more}\n\n`)];
  assert.deepEqual(
    whole,
    Array.from({ length: EVENTS + 3 }, (_, n) => n + 1),
  );
});

test("one that never reads again loses its connection a minute later", async (t) => {
  const { daemon, clock, windUntilCutOff } = await withMuchToTell(t);
  const response = await follow(daemon, 0);
  await windUntilCutOff();
  clock.advance(60_000);
  let text = "";
  await assert.rejects(async () => {
    for await (const piece of response.setEncoding("utf8")) text += piece;
  });
  assert.ok(!text.includes("cut-off"));
});
