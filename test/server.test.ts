/** What the listener says about the bot, to whom, and when the database is away. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Hono } from "hono";
import { inTime } from "../src/bounded-wait.ts";
import { healthOf } from "../src/health.ts";
import { type Listening, listen } from "../src/server.ts";
import { metricsRoute } from "../src/web/metrics-route.ts";
import { handWoundClock } from "./clock.ts";

const clock = handWoundClock();
const bot = { lookedAt: clock.now(), stopping: false, database: async () => true, fromSandbox: false };
let server: Listening;

before(async () => {
  const pages = new Hono();
  pages.get("/", (c) => c.text("page"));
  server = await listen(
    {
      ...{ slack: null, github: null, pages },
      metrics: metricsRoute({
        token: "open sesame",
        page: async () => ({ contentType: "text/plain", text: "threadbox_sessions_held 2\n" }),
        isFromSandbox: async () => bot.fromSandbox,
      }),
      health: healthOf({
        clock,
        lookedAt: () => bot.lookedAt,
        isStopping: () => bot.stopping,
        databaseAnswers: () => bot.database(),
      }),
    },
    { host: "127.0.0.1", port: 0 },
  );
});
after(() => server.close());

async function answerTo(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, { headers });
  return { status: response.status, text: await response.text() };
}
const said = async (path: string) => {
  const { status, text } = await answerTo(path);
  return [status, JSON.parse(text)];
};

describe("a bot that is well", () => {
  test("is alive and ready", async () => {
    assert.deepEqual(await said("/healthz"), [200, { ok: true }]);
    assert.deepEqual(await said("/readyz"), [200, { ready: true }]);
  });
});

describe("a bot whose database is away", () => {
  const { promise: hangs, resolve: comesBack } = Promise.withResolvers<boolean>();
  for (const [how, database] of [
    ["refuses", () => Promise.reject(new Error("refused"))],
    ["hangs", () => hangs],
  ] as const) {
    test(`is alive and not ready, and says so soon, when it ${how}`, async () => {
      bot.database = database;
      assert.deepEqual(await said("/healthz"), [200, { ok: true }]);
      assert.deepEqual(await said("/readyz"), [503, { ready: false, notReady: { database: "it does not answer" } }]);
    });
  }
  after(() => {
    bot.database = async () => true;
    comesBack(true);
  });
});

test("whoever asks a database that hangs waits for one question, and it is asked anew when that is over", async () => {
  let asked = 0;
  const first = Promise.withResolvers<string>();
  const ask = inTime(
    () => {
      asked += 1;
      return asked === 1 ? first.promise : Promise.resolve("again");
    },
    1,
    "late",
  );
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), ["late", "late", "late"]);
  assert.equal(asked, 1);
  first.resolve("at last");
  await first.promise;
  await new Promise(setImmediate);
  assert.equal(await ask(), "again");
});

test("a bot whose loop does not come around any more is neither", async () => {
  bot.lookedAt = clock.now() - 61_000;
  const stuck = "it has not looked for work for 61 s";
  assert.deepEqual(await said("/healthz"), [503, { ok: false, stuck }]);
  assert.deepEqual((await said("/readyz"))[1], { ready: false, notReady: { bot: stuck } });
  bot.lookedAt = clock.now();
});

test("a bot that stops is alive, but takes nothing more", async () => {
  bot.stopping = true;
  assert.deepEqual(await said("/healthz"), [200, { ok: true }]);
  assert.deepEqual(await said("/readyz"), [503, { ready: false, notReady: { bot: "it is stopping" } }]);
  bot.stopping = false;
});

describe("the metrics", () => {
  const forwarded = { "x-forwarded-for": "203.0.113.7" };
  for (const [who, headers, status] of [
    ["somebody on this machine", {}, 200],
    ["somebody behind the proxy on this machine", forwarded, 404],
    ["somebody behind it with the token", { ...forwarded, authorization: "Bearer open sesame" }, 200],
    ["somebody behind it with another token", { ...forwarded, authorization: "Bearer sesame" }, 404],
    ["somebody behind it with the token as a password", { ...forwarded, authorization: "Basic open sesame" }, 404],
  ] as const) {
    test(`are ${status === 200 ? "shown to" : "not there for"} ${who}`, async () => {
      const answer = await answerTo("/metrics", headers);
      assert.equal(answer.status, status);
      assert.equal(answer.text.includes("threadbox_sessions_held 2"), status === 200);
    });
  }
  test("are not there for the agent in a local sandbox, unless it was given the token", async () => {
    bot.fromSandbox = true;
    assert.equal((await answerTo("/metrics")).status, 404);
    assert.equal((await answerTo("/metrics", { authorization: "Bearer open sesame" })).status, 200);
    bot.fromSandbox = false;
  });
});

describe("a listener that is closed", () => {
  const routes = {
    slack: null,
    metrics: () => new Response(),
    health: { stuck: () => null, notReady: async () => ({}) },
  };
  const at = { host: "127.0.0.1", port: 0 };

  test("lets a delivery that it has taken be answered, as GitHub sends none twice", async () => {
    const taken = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    const github = async (): Promise<Response> => {
      taken.resolve();
      await stored.promise;
      return new Response("stored", { status: 202 });
    };
    const listening = await listen({ ...routes, github, pages: new Hono() }, at);
    const answer = fetch(`${listening.url}/github/webhooks`, { method: "POST", body: "{}" });
    await taken.promise;
    const closed = listening.close();
    stored.resolve();
    assert.equal((await answer).status, 202);
    await closed;
  });

  test("ends the streams of open pages, which have no end of their own", async () => {
    const pages = new Hono();
    pages.get(
      "/stream",
      () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("first")) })),
    );
    const listening = await listen({ ...routes, github: null, pages }, at);
    const { body } = await fetch(`${listening.url}/stream`);
    await listening.close();
    await assert.rejects(async () => {
      for await (const _ of body ?? []);
    }, /terminated/);
  });
});
