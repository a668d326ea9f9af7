/** The pages as a client without a browser meets them: routes, streams, and what is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ThreadboxError } from "../../src/errors.ts";
import { eventsOf } from "./events.ts";
import { startPages } from "./in-process.ts";
import { aSession } from "./memory.ts";

const ID = "6f1c9a52-6f0e-4d3b-9d0a-0f6f7c1b2a3d";

describe("speaking on the page", () => {
  test("the first message makes a thread and reaches the inbox as a mention", async () => {
    const { post, inbox, threads } = startPages();
    const response = await post("/threads", { text: " fix the login ", id: ID });
    assert.equal(response.status, 202);
    assert.deepEqual(await response.json(), { thread: ID, message: ID, receipt: "accepted", session: "s1" });
    assert.deepEqual(inbox.mentions, [
      {
        dedupe: `web:${ID}/${ID}`,
        keys: [`web:thread:${ID}`],
        thread: { surface: "web", id: ID },
        author: { surface: "web", id: "local", name: "web user" },
        text: "fix the login",
        addressed: true,
        at: 1_700_000_000_000,
        message: ID,
        link: `http://localhost/threads/${ID}`,
      },
    ]);
    assert.deepEqual(
      threads.all.map(({ kind, body }) => [kind, body]),
      [["person", "fix the login"]],
    );
  });

  test("a later message goes to the same thread under a ref of its own", async () => {
    const { post, inbox, person } = startPages();
    await person("t1", "a", "fix it");
    const response = await post("/threads/t1/messages", { text: "and test it" });
    assert.equal(response.status, 202);
    assert.deepEqual(inbox.mentions[0]?.keys, ["web:thread:t1"]);
    assert.notEqual(inbox.mentions[0]?.message, "a");
  });

  test("a message that is sent again with its id is one message", async () => {
    const { post, inbox, threads } = startPages();
    await post("/threads", { text: "fix it", id: ID });
    const again = await post("/threads", { text: "fix it", id: ID });
    assert.equal(((await again.json()) as { receipt: string }).receipt, "duplicate");
    assert.equal(inbox.mentions.length, 1);
    assert.equal(threads.all.length, 1);
  });

  test("the stop button is a mention that says stop", async () => {
    const { post, inbox, person } = startPages();
    await person("t1", "a", "fix it");
    assert.equal((await post("/threads/t1/stop", {})).status, 202);
    assert.equal(inbox.mentions[0]?.text, "stop");
  });

  test("when the inbox fails, the words stay and the reason has a remedy", async () => {
    const { post, inbox, threads } = startPages();
    inbox.failure = new ThreadboxError("queue.full", "twenty are waiting");
    const response = await post("/threads", { text: "fix it" });
    assert.equal(response.status, 500);
    assert.match(((await response.json()) as { error: string }).error, /queue\.full.*write `stop`/);
    assert.equal(threads.all[0]?.body, "fix it");
  });

  const refused: [what: string, path: string, body: unknown, status: number][] = [
    ["no text", "/threads", {}, 400],
    ["only blanks", "/threads", { text: "  \n " }, 400],
    ["an unknown field", "/threads", { text: "hi", html: "<b>" }, 400],
    ["an id that is none", "/threads", { text: "hi", id: "../x" }, 400],
    ["a body that is not JSON", "/threads", "text=hi", 400],
    ["a body of two megabytes", "/threads", { text: "x".repeat(2_000_000) }, 413],
    ["a thread that does not exist", "/threads/t9/messages", { text: "hi" }, 404],
    ["a stop in a thread that does not exist", "/threads/t9/stop", {}, 404],
  ];
  for (const [what, path, body, status] of refused) {
    test(`${what} is answered ${status} with a reason`, async () => {
      const { post, inbox } = startPages();
      const response = await post(path, body);
      assert.equal(response.status, status);
      assert.notEqual(((await response.json()) as { error: string }).error, "");
      assert.deepEqual(inbox.mentions, []);
    });
  }
});

describe("following a thread", () => {
  test("the stream tells what is stored and then what becomes stored", async () => {
    const { get, person, news } = startPages();
    await person("t1", "a", "fix **it**");
    const events = eventsOf(await get("/threads/t1/events"));
    const [state, first] = await events.take(2);
    assert.deepEqual(state?.data, { title: "fix it", session: null });
    assert.equal(first?.id, "1");
    assert.equal(first?.data.html, "<p>fix <strong>it</strong></p>");
    await person("t1", "b", "and test it");
    const [second] = await events.take(1);
    assert.deepEqual([second?.id, second?.data.ref], ["2", "b"]);
    await events.leave();
    await news.quiet();
  });

  test("it goes on after the browser's last event, whatever the address says", async () => {
    const { get, person } = startPages();
    for (const ref of ["a", "b", "c"]) await person("t1", ref, ref);
    for (const [path, headers] of [
      ["/threads/t1/events?after=2", {}],
      ["/threads/t1/events?after=0", { "last-event-id": "2" }],
    ] as const) {
      const events = eventsOf(await get(path, headers));
      const [, only] = await events.take(2);
      assert.equal(only?.id, "3");
      await events.leave();
    }
  });

  test("an edited message comes again under its ref, with a new id", async () => {
    const { get, person } = startPages();
    await person("t1", "a", "first");
    const events = eventsOf(await get("/threads/t1/events?after=1"));
    await events.take(1);
    await person("t1", "a", "second");
    // The thread's new title stands above it, and comes before or after, as the edit met the stream.
    const seen = (await events.take(2)).map(({ event, id, data }) => [event, id, data.ref ?? data.title]);
    assert.deepEqual(seen.sort(), [
      ["post", "2", "a"],
      ["state", undefined, "second"],
    ]);
    await events.leave();
  });

  test("a silent stream is kept open by a heartbeat", async () => {
    const { get, person, clock, news } = startPages();
    const waiting = Promise.withResolvers<void>();
    const { after } = clock;
    clock.after = (ms, fn) => {
      if (ms === 15_000) waiting.resolve();
      return after(ms, fn);
    };
    await person("t1", "a", "hi");
    const response = await get("/threads/t1/events");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const text = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    let seen = "";
    while (!seen.includes("id: 1\n\n")) seen += await text();
    await waiting.promise;
    clock.advance(15_000);
    assert.equal(await text(), ": heartbeat\n\n");
    await reader.cancel();
    await news.quiet();
  });

  test("a link that is not http is no link", async () => {
    const { get, threads } = startPages();
    const answer = {
      turn: "m1",
      session: "s1",
      title: "x",
      result: { outcome: "done", answer: "ok", durationMs: 1 },
      repository: null,
      pullRequest: { number: 1, url: "javascript:alert(1)" },
      askers: [],
      page: null,
    };
    await threads.put({ thread: "t1", ref: "e1", kind: "answer", author: "x", body: JSON.stringify(answer), at: 1 });
    const events = eventsOf(await get("/threads/t1/events"));
    const [, post] = await events.take(2);
    assert.match(JSON.stringify(post?.data), /"pullRequest":\{"number":1,"url":null\}/);
    await events.leave();
  });

  test("a message that cannot be read keeps none of the others away", async () => {
    const { get, threads, person } = startPages();
    await threads.put({ thread: "t1", ref: "e1", kind: "answer", author: "x", body: "{broken", at: 1 });
    await person("t1", "a", "still here");
    const events = eventsOf(await get("/threads/t1/events"));
    assert.deepEqual(
      (await events.take(3)).slice(1).map(({ data }) => data.html),
      ["<p>This message cannot be shown.</p>", "<p>still here</p>"],
    );
    await events.leave();
  });

  test("the list names the threads by their first line, newest first", async () => {
    const { get, person, clock } = startPages();
    await person("t1", "a", "first");
    clock.advance(1);
    await person("t2", "a", "second\nand more");
    const { threads } = (await (await get("/threads")).json()) as { threads: { title: string }[] };
    assert.deepEqual(
      threads.map(({ title }) => title),
      ["second", "first"],
    );
  });
});

describe("looking into a session", () => {
  test("the transcript comes from the cursor on, and follows", async () => {
    const { get, sessions } = startPages();
    sessions.sessions.set("s1", aSession());
    sessions.append(
      "s1",
      { type: "daemon.started", version: 1 },
      { type: "text", turn: "m1", message: 1, text: "Hello" },
    );
    const events = eventsOf(await get("/sessions/s1/events?cursor=1"));
    const [state, entry] = await events.take(2);
    assert.equal(state?.event, "state");
    assert.equal(state?.data.branch, "threadbox/fix-login");
    assert.deepEqual(entry, {
      id: "2",
      event: "entry",
      data: { cursor: 2, at: 1_700_000_000_000, event: { type: "text", turn: "m1", message: 1, text: "Hello" } },
    });
    sessions.append("s1", { type: "text", turn: "m1", message: 1, text: " again" });
    assert.equal((await events.take(1))[0]?.id, "3");
    await events.leave();
  });

  test("what the agent itself told comes only when it is asked for, from any place on, also when the sandbox is long gone", async () => {
    const { get, sessions } = startPages();
    sessions.sessions.set("s1", aSession({ sandbox: { is: "none" } }));
    const words = { type: "text", turn: "m1", message: 1, text: "Hello" } as const;
    const raw = { type: "agent.raw", turn: "m1", native: "message_end", line: "{}", cut: false } as const;
    sessions.append("s1", raw, words, raw, words);
    const ids = async (path: string, count: number, headers = {}) => {
      const events = eventsOf(await get(path, headers));
      const seen = (await events.take(count + 1)).slice(1).map(({ id }) => id);
      await events.leave();
      return seen;
    };
    assert.deepEqual(await ids("/sessions/s1/events", 2), ["2", "4"]);
    assert.deepEqual(await ids("/sessions/s1/events?raw=1", 4), ["1", "2", "3", "4"]);
    assert.deepEqual(await ids("/sessions/s1/events?raw=1&cursor=2", 2), ["3", "4"]);
    assert.deepEqual(await ids("/sessions/s1/events?raw=1&cursor=1", 1, { "last-event-id": "3" }), ["4"]);
  });

  test("a history longer than one batch comes whole and in order", async () => {
    const { get, sessions } = startPages();
    sessions.sessions.set("s1", aSession());
    const texts = Array.from({ length: 1_203 }, (_, i) => String(i));
    sessions.append("s1", ...texts.map((text) => ({ type: "text", turn: "m1", message: 1, text }) as const));
    const events = eventsOf(await get("/sessions/s1/events"));
    const ids = (await events.take(1_204)).slice(1).map(({ id }) => Number(id));
    assert.deepEqual(
      ids,
      texts.map((_, i) => i + 1),
    );
    await events.leave();
  });

  test("the diff is the last one, as text", async () => {
    const { get, sessions } = startPages();
    sessions.sessions.set("s1", aSession());
    assert.equal((await get("/sessions/s1/diff")).status, 404);
    for (const patch of ["old", "new"]) sessions.append("s1", { type: "diff", turn: "m1", patch, cut: false });
    const response = await get("/sessions/s1/diff");
    assert.equal(await response.text(), "new");
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
  });

  test("the list of sessions is JSON", async () => {
    const { get, sessions } = startPages();
    sessions.sessions.set("s1", aSession());
    const body = (await (await get("/sessions")).json()) as { sessions: { id: string; page: string }[] };
    assert.deepEqual(body.sessions[0]?.page, "/sessions/s1");
  });

  test("a title with markup stays text", async () => {
    const { get, sessions } = startPages();
    sessions.sessions.set("s1", aSession({ title: `</title><script>alert("x")</script>` }));
    const html = await (await get("/sessions/s1")).text();
    assert.doesNotMatch(html, /<script>alert/);
    assert.match(html, /&lt;script&gt;alert\(&quot;x&quot;\)/);
  });
});
