/** A browser that stops reading (a laptop that sleeps, a tab behind a debugger), as a real socket that nobody reads. */
import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { after, test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { CUT_OFF_REASON } from "../../src/wire/sse.ts";
import { aSession } from "./memory.ts";
import { servedPages } from "./served.ts";

/** Twice what the buffers of two sockets hold at most. */
const ENTRIES = 1_500;
const TEXT = "x".repeat(15_000);

const served = await servedPages();
after(served.close);
const { clock, sessions, news, url } = served;
sessions.sessions.set("s1", aSession());
sessions.append(
  "s1",
  ...Array.from({ length: ENTRIES }, () => ({ type: "text", turn: "m1", message: 1, text: TEXT }) as const),
);

const follow = (lastId: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { "last-event-id": String(lastId) };
    get(`${url}/sessions/s1/events`, { headers, agent: false }, resolve).once("error", reject);
  });

/** Nobody listens for it any more once it is cut off. */
async function windUntilCutOff(): Promise<void> {
  let quiet = false;
  void news.quiet().then(() => {
    quiet = true;
  });
  while (!quiet) {
    clock.advance(1_000);
    await tick();
  }
}

const idsIn = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

test("it is told so after a minute and cut off, and goes on from its last id without a loss", async () => {
  const response = await follow(0);
  await windUntilCutOff();
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += piece;
  const data = JSON.stringify({ type: "cut-off", reason: CUT_OFF_REASON });
  assert.equal(text.slice(-200).split("\n\n").at(-2), `event: cut-off\ndata: ${data}`);
  const seen = idsIn(text);
  assert.ok(seen.length < ENTRIES, "what the sockets hold is less than there is");
  const rest = await follow(seen.at(-1) ?? 0);
  let more = "";
  for await (const piece of rest.setEncoding("utf8")) {
    more += piece;
    if (more.includes(`id: ${ENTRIES}\n`)) break;
  }
  const whole = [...seen, ...idsIn(more)];
  assert.deepEqual(
    whole,
    Array.from({ length: ENTRIES }, (_, n) => n + 1),
  );
  await news.quiet();
});

test("one that never reads again loses its connection a minute later", async () => {
  const response = await follow(0);
  await windUntilCutOff();
  clock.advance(60_000);
  await assert.rejects(async () => {
    for await (const piece of response) assert.ok(piece);
  });
});
