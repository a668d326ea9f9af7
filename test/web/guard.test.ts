/** What keeps others out: foreign sites, foreign hosts, foreign markup. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Hono } from "hono";
import { startPages } from "./in-process.ts";
import { aSession } from "./memory.ts";

describe("who may ask", () => {
  const foreign: [what: string, headers: Record<string, string>, status: number][] = [
    ["a form of another site", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["a form that sends plain text", { "content-type": "text/plain" }, 415],
    ["another origin", { origin: "https://evil.example" }, 403],
    ["a sandboxed frame", { origin: "null" }, 403],
    ["another port of this machine", { origin: "http://localhost:8080", host: "localhost:3000" }, 403],
    ["a cross-site request", { "sec-fetch-site": "cross-site" }, 403],
    ["a same-site request", { "sec-fetch-site": "same-site" }, 403],
    ["a name that was rebound to this machine", { host: "evil.example" }, 421],
    ["a visitor who came through a proxy", { "x-forwarded-for": "203.0.113.7" }, 403],
  ];
  for (const [who, headers, status] of foreign) {
    test(`${who} cannot start a turn`, async () => {
      const { post, inbox } = startPages();
      assert.equal((await post("/threads", { text: "hi" }, headers)).status, status);
      assert.deepEqual(inbox.mentions, []);
    });
  }

  const senders: [from: string | undefined, status: number][] = [
    ["127.0.0.1", 202],
    ["::ffff:127.0.0.1", 202],
    ["::1", 202],
    ["203.0.113.7", 403],
    ["::ffff:203.0.113.7", 403],
    [undefined, 403],
  ];
  for (const [remoteAddress, status] of senders) {
    test(`whoever writes localhost into the Host header and comes from ${remoteAddress} gets ${status}`, async () => {
      const { app } = startPages();
      const said = {
        method: "POST",
        headers: { "content-type": "application/json", host: "localhost:3000" },
        body: JSON.stringify({ text: "hi" }),
      };
      assert.equal((await app.request("/threads", said, { incoming: { socket: { remoteAddress } } })).status, status);
    });
  }

  for (const host of ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "LOCALHOST"]) {
    test(`the page answers as ${host}`, async () => {
      const { get, post } = startPages();
      assert.equal((await get("/", { host })).status, 200);
      const own = { host, origin: `http://${host.toLowerCase()}`, "sec-fetch-site": "same-origin" };
      assert.equal((await post("/threads", { text: "hi" }, { ...own, host: host.toLowerCase() })).status, 202);
    });
  }

  const behindPublicUrl: [path: string, status: number][] = [
    ["/sessions/s1", 200],
    ["/assets/session.js", 200],
    ["/sessions/s1/diff", 404],
    ["/", 403],
    ["/sessions", 403],
    ["/threads", 403],
    ["/threads/t1", 403],
    ["/threads/t1/events", 403],
  ];
  for (const [path, status] of behindPublicUrl) {
    test(`behind the public address ${path} answers ${status}`, async () => {
      const { get, sessions, person } = startPages("https://bot.example");
      sessions.sessions.set("s1", aSession());
      await person("t1", "a", "hi");
      assert.equal((await get(path, { host: "bot.example" })).status, status);
    });
  }
});

describe("every page", () => {
  for (const path of ["/threads/nope", "/sessions/nope", "/threads/..%2f..%2fetc", "/nothing"]) {
    test(`${path} says in words that nothing is there`, async () => {
      const response = await startPages().get(path);
      assert.equal(response.status, 404);
      assert.match(await response.text(), /<h1>There is/);
    });
  }

  for (const path of ["/", "/assets/page.js", "/threads/nope"]) {
    test(`${path} runs nothing inline, stands in no frame and is not sniffed`, async () => {
      const { headers } = await startPages().get(path);
      assert.match(
        headers.get("content-security-policy") ?? "",
        /default-src 'none'; script-src 'self'; style-src 'self'/,
      );
      assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
    });
  }

  test("an unchanged asset is not sent twice", async () => {
    const { get } = startPages();
    const etag = (await get("/assets/base.css")).headers.get("etag") ?? "";
    assert.equal((await get("/assets/base.css", { "if-none-match": etag })).status, 304);
  });

  test("only the files of the pages are assets", async () => {
    const { get } = startPages();
    for (const file of ["page.html", "..%2fpages.ts", "nope.js"])
      assert.equal((await get(`/assets/${file}`)).status, 404);
  });

  test("beside other routes, the pages guard only their own", async () => {
    const { app } = startPages();
    const whole = new Hono();
    whole.post("/slack/events", (c) => c.text("ok"));
    whole.route("/", app);
    whole.get("/metrics", (c) => c.text("up 1"));
    const event = await whole.request("/slack/events", {
      method: "POST",
      headers: { host: "bot.example" },
      body: "{}",
    });
    assert.equal(event.status, 200);
    const metrics = await whole.request("/metrics", { headers: { host: "bot.example" } });
    assert.equal(metrics.status, 200);
    assert.equal(metrics.headers.get("content-security-policy"), null);
    assert.equal((await whole.request("/", { headers: { host: "evil.example" } })).status, 421);
  });

  test("Markdown that takes too long is shown as it is, and the next one is rendered again", async () => {
    const { post, clock } = startPages();
    const sent = Promise.withResolvers<void>();
    const { after } = clock;
    clock.after = (ms, fn) => {
      sent.resolve();
      return after(ms, fn);
    };
    // Takes about a minute.
    const slow = "*a_ ".repeat(25_000);
    const response = post("/markdown", { texts: [slow, "*quick*"] });
    await sent.promise;
    clock.advance(2_000);
    assert.deepEqual(await (await response).json(), { html: [`<pre>${slow}</pre>`, "<p><em>quick</em></p>"] });
  });

  const hostile: [markdown: string, html: string][] = [
    ["<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
    ["<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"],
    ["[x](javascript:alert(1))", '<p><a href="">x</a></p>'],
    ["![x](data:text/html,<b>)", '<p><img src="" alt="x" /></p>'],
    [
      "<https://example.com/?a=1&b=2>",
      '<p><a href="https://example.com/?a=1&amp;b=2">https://example.com/?a=1&amp;b=2</a></p>',
    ],
  ];
  for (const [markdown, html] of hostile) {
    test(`${markdown} cannot become markup`, async () => {
      const response = await startPages().post("/markdown", { texts: [markdown] });
      assert.deepEqual(await response.json(), { html: [html] });
    });
  }
});
