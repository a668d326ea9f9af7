/** The client against a server whose every byte the test decides: broken connections, silence, refusals. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { after, test } from "node:test";
import { ThreadboxError } from "../../src/errors.ts";
import { type DaemonClient, daemonClient } from "../../src/sandboxes/daemon-client.ts";
import type { JournalEntry } from "../../src/wire/events.ts";
import { HEARTBEAT_FRAME, toFrame } from "../../src/wire/sse.ts";
import { handWoundClock } from "../clock.ts";

type Exchange = { request: IncomingMessage; response: ServerResponse; body: string };

/** What happens, in order, taken one by one. */
function queue<T>() {
  const waiting: T[] = [];
  const wanted: ((item: T) => void)[] = [];
  return {
    put(item: T) {
      const next = wanted.shift();
      if (next) next(item);
      else waiting.push(item);
    },
    take: (): Promise<T> =>
      new Promise((resolve) => {
        if (waiting.length > 0) resolve(waiting.splice(0, 1)[0] as T);
        else wanted.push(resolve);
      }),
  };
}

/** A server that hands each request to the test. */
async function daemon() {
  const exchanges = queue<Exchange>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    exchanges.put({ request, response, body });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${address.port}`, next: exchanges.take };
}

async function connected() {
  const { url, next } = await daemon();
  const clock = handWoundClock();
  const timers = queue<number>();
  let tokens = 0;
  const client = daemonClient({
    url,
    token: async () => `token-${++tokens}`,
    clock: {
      now: clock.now,
      after(ms, fn) {
        timers.put(ms);
        return clock.after(ms, fn);
      },
    },
  });
  /** Resolves when the client begins to wait for one of these spans. */
  const begins = async (...spans: number[]) => {
    for (;;) {
      const ms = await timers.take();
      if (spans.includes(ms)) return ms;
    }
  };
  const pass = async (...spans: number[]) => {
    const ms = await begins(...spans);
    clock.advance(ms);
    return ms;
  };
  return { client, next, begins, pass, clock, url };
}

/** What the client waits for: an answer, the next sign of life in a stream, the next attempt. */
const ANSWER_MS = 30_000;
const SILENCE_MS = 45_000;
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000];

const entry = (cursor: number, epoch = "e1"): JournalEntry => ({
  epoch,
  cursor,
  at: 1_700_000_000_000,
  event: { type: "text", turn: "t1", message: 1, text: `piece ${cursor}` },
});

const failsWith = (code: string, detail: RegExp) => (error: unknown) =>
  error instanceof ThreadboxError && error.code === code && detail.test(error.detail);

const problem = (code: string, status: number) =>
  JSON.stringify({ type: "about:blank", title: "No", status, code, detail: `because ${code}` });

test("each call sends its token and body, and gives the parsed answer", async () => {
  const { client, next } = await connected();
  const answer = { success: true, command: "prompt", id: "p1", turn: "p1", disposition: "started" } as const;
  const asked = client.prompt({ id: "p1", message: "fix it", whileBusy: "queue" });
  const { request, response, body } = await next();
  response.writeHead(202).end(JSON.stringify(answer));
  assert.deepEqual(await asked, answer);
  assert.equal(`${request.method} ${request.url}`, "POST /prompt");
  assert.equal(request.headers.authorization, "Bearer token-1");
  assert.deepEqual(JSON.parse(body), { id: "p1", message: "fix it", whileBusy: "queue" });

  const stopped = client.abort();
  const second = await next();
  second.response.end('{"success":true,"command":"abort","outcome":"idle"}');
  assert.equal((await stopped).outcome, "idle");
  assert.equal(second.request.headers.authorization, "Bearer token-2");
});

for (const [code, status, ours] of [
  ["unauthorized", 401, "daemon.unauthorized"],
  ["forbidden", 403, "daemon.unauthorized"],
  ["invalid", 400, "daemon.refused"],
  ["too-large", 413, "daemon.refused"],
  ["prompt-conflict", 409, "daemon.refused"],
  ["busy", 409, "daemon.refused"],
  ["queue-full", 429, "queue.full"],
  ["epoch-mismatch", 409, "daemon.journal-lost"],
  ["not-ready", 503, "daemon.unreachable"],
  ["internal", 500, "daemon.unreachable"],
] as const) {
  test(`the daemon's "${code}" is our ${ours}`, async () => {
    const { client, next } = await connected();
    const asked = client.prompt({ message: "x" });
    (await next()).response.writeHead(status).end(problem(code, status));
    await assert.rejects(asked, failsWith(ours, new RegExp(`because ${code}`)));
  });
}

test("a proxy that answers in its place, an answer that makes no sense, and nobody at all", async () => {
  const { client, next } = await connected();
  const proxied = client.status();
  (await next()).response.writeHead(502).end("<h1>Bad Gateway</h1>");
  await assert.rejects(proxied, failsWith("daemon.unreachable", /HTTP 502/));
  const nonsense = client.status();
  (await next()).response.end('{"ok":true}');
  await assert.rejects(nonsense, failsWith("daemon.refused", /cannot be understood/));
  const nobody = daemonClient({ url: "http://127.0.0.1:1", token: async () => "t" });
  await assert.rejects(nobody.status(), failsWith("daemon.unreachable", /GET \/status/));
});

test("a token never follows a redirect", async () => {
  const { client, next, url } = await connected();
  const asked = client.status();
  (await next()).response.writeHead(302, { location: `${url}/elsewhere` }).end();
  await assert.rejects(asked, failsWith("daemon.unreachable", /GET \/status/));
});

test("a request without an answer ends after 30 seconds, one that stalls in its body too", async () => {
  const { client, next, pass } = await connected();
  const silent = client.status();
  await next();
  await pass(ANSWER_MS);
  await assert.rejects(silent, failsWith("daemon.unreachable", /within 30 s/));
  const stalling = client.status();
  const { response } = await next();
  response.write('{"wire"');
  await pass(ANSWER_MS);
  await assert.rejects(stalling, failsWith("daemon.unreachable", /within 30 s/));
});

/** Reads one entry after the other, by hand. */
function reading(client: DaemonClient, from = { cursor: 0, epoch: null as string | null }) {
  const end = new AbortController();
  const entries = client.stream({ ...from, signal: end.signal })[Symbol.asyncIterator]();
  const take = async () => (await entries.next()).value?.cursor;
  return { take, end: () => end.abort(), entries };
}

test("a stream goes on behind the last entry when its connection drops, with a new token", async () => {
  const { client, next, pass } = await connected();
  const { take, end } = reading(client, { cursor: 3, epoch: "e1" });
  const first = take();
  const one = await next();
  assert.equal(one.request.url, "/stream?cursor=3&follow=1&epoch=e1");
  one.response.write(toFrame(entry(4)) + toFrame(entry(5)));
  assert.equal(await first, 4);
  assert.equal(await take(), 5);

  const second = take();
  one.response.destroy();
  await pass(250);
  const two = await next();
  assert.equal(two.request.url, "/stream?cursor=5&follow=1&epoch=e1");
  assert.equal(two.request.headers.authorization, "Bearer token-2");
  // An entry that was seen already is not told twice; frames may come in any pieces.
  const frames = toFrame(entry(5)) + toFrame(entry(6));
  two.response.write(frames.slice(0, 40));
  two.response.write(frames.slice(40));
  assert.equal(await second, 6);

  const third = take();
  two.response.end(toFrame(entry(7)));
  assert.equal(await third, 7);
  const ended = take();
  await pass(250);
  await next();
  end();
  assert.equal(await ended, undefined);
});

test("45 seconds of silence count as a dead connection, a heartbeat as life", async () => {
  const { client, next, begins, pass, clock } = await connected();
  const { take, end } = reading(client);
  const first = take();
  const one = await next();
  one.response.write(toFrame(entry(1)));
  await begins(SILENCE_MS);
  assert.equal(await first, 1);
  clock.advance(100_000); // whoever reads us is busy: that is not silence

  const second = take();
  await begins(SILENCE_MS);
  clock.advance(44_999);
  one.response.write(HEARTBEAT_FRAME);
  await begins(SILENCE_MS);
  clock.advance(44_999);
  one.response.write(toFrame(entry(2)));
  assert.equal(await second, 2);

  const third = take();
  await pass(SILENCE_MS);
  await pass(250);
  const two = await next();
  assert.equal(two.request.url, "/stream?cursor=2&follow=1&epoch=e1");
  two.response.write(toFrame(entry(3)));
  assert.equal(await third, 3);
  end();
});

test("a journal that is another one, and a token that is refused, end the stream", async () => {
  for (const [code, status, ours] of [
    ["epoch-mismatch", 409, "daemon.journal-lost"],
    ["unauthorized", 401, "daemon.unauthorized"],
  ] as const) {
    const { client, next } = await connected();
    const taken = reading(client, { cursor: 3, epoch: "old" }).take();
    (await next()).response.writeHead(status).end(problem(code, status));
    await assert.rejects(taken, failsWith(ours, /because/));
  }
});

test("an event that is not part of the wire ends the stream, too", async () => {
  const { client, next } = await connected();
  const taken = reading(client).take();
  (await next()).response.write('id: 1\ndata: {"hello":1}\n\n');
  await assert.rejects(taken, failsWith("daemon.refused", /cannot be understood/));
});

test("a daemon that stays away is given up after a minute, and is asked less and less often until then", async () => {
  const { client, next, pass } = await connected();
  const given = assert.rejects(reading(client).take(), failsWith("daemon.unreachable", /not-ready/));
  const pauses: number[] = [];
  for (const until = 60_000; pauses.reduce((sum, ms) => sum + ms, 0) < until; ) {
    (await next()).response.writeHead(503).end(problem("not-ready", 503));
    pauses.push(await pass(...PAUSES_MS));
  }
  (await next()).response.writeHead(503).end(problem("not-ready", 503));
  await given;
  assert.deepEqual(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test("a daemon that hangs is given up: it takes connections, and its heart does not beat", async () => {
  const { client, next, pass } = await connected();
  const given = assert.rejects(reading(client).take(), failsWith("daemon.unreachable", /./));
  const one = await next();
  one.response.writeHead(200, { "content-type": "text/event-stream" }).write(HEARTBEAT_FRAME);
  await pass(SILENCE_MS);
  await pass(250);
  await next(); // and never an answer
  await pass(ANSWER_MS);
  await given;
});

test("what answers in the daemon's place with nothing at all is given up as well", async () => {
  const { client, next, pass } = await connected();
  const given = assert.rejects(reading(client).take(), failsWith("daemon.unreachable", /tells nothing/));
  for (let waited = 0; waited < 60_000; waited += await pass(...PAUSES_MS))
    (await next()).response.writeHead(200).end();
  (await next()).response.writeHead(200).end();
  await given;
});
