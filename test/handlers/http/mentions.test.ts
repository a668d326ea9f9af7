/** What programs may ask for, against what they send: no bot behind it, the inbox is a list. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isMentionOf, mentionId } from "../../../handlers/http/api-request.ts";
import { statusOf } from "../../../handlers/http/api-status.ts";
import { apiRoutes } from "../../../handlers/http/mentions.ts";
import { parseCommand } from "../../../src/core/command.ts";
import type { WebPost } from "../../../src/core/pages.ts";
import type { NewMention } from "../../../src/core/types.ts";
import { handWoundClock } from "../../clock.ts";
import { quiet } from "../../quiet.ts";

const CI = "c".repeat(32);
const OPS = "o".repeat(32);

interface Answered {
  id: string;
  type: string;
  status: number;
  detail: string;
}

function newApi() {
  const clock = handWoundClock();
  const stored = new Map<string, NewMention>();
  const posts: WebPost[] = [];
  const app = apiRoutes({
    inbox: {
      async receive(mention) {
        if (stored.has(mention.dedupe)) return { is: "duplicate" };
        stored.set(mention.dedupe, mention);
        return { is: "accepted", session: "s1", mention: "m1" };
      },
      link: async () => ({ is: "duplicate" }),
    },
    threads: {
      posts: async (thread) => posts.filter((post) => post.thread === thread),
      put: async (post) => void posts.push({ ...post, seq: posts.length }),
    },
    clients: [
      { name: "ci", token: CI },
      { name: "ops", token: OPS },
      { name: "new", token: "n".repeat(32) },
    ],
    rights: { ci: { repositories: ["acme/api"] }, ops: { repositories: ["acme/api", "acme/web"] } },
    received: async (dedupe) => {
      const found = stored.get(dedupe);
      return found ? { fingerprint: found.message, session: "s1" } : null;
    },
    page: (session) => `https://bot.acme.com/sessions/${session}`,
    ...{ publicUrl: "https://bot.acme.com", log: quiet, clock },
  });
  const send = async (body: unknown, changed: Record<string, string | null> = {}, method = "POST", path = "/") => {
    const all: Record<string, string | null> = {
      ...{ authorization: `Bearer ${CI}`, "idempotency-key": "k1", "content-type": "application/json" },
      ...changed,
    };
    const headers = Object.entries(all).flatMap(([name, value]) =>
      value === null ? [] : [[name, value] as [string, string]],
    );
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await app.request(path, { method, headers, ...(method === "POST" ? { body: text } : {}) });
    const type = response.headers.get("content-type") ?? "";
    return { status: response.status, type, headers: response.headers, body: (await response.json()) as Answered };
  };
  return {
    ...{ clock, stored, posts, send },
    get: (id: string, token = CI) => send("", { authorization: `Bearer ${token}` }, "GET", `/${id}`),
  };
}

const OK = { text: "fix the test" };

describe("POST /api/mentions", () => {
  test("is a mention with the client's own key, in a thread of its own, in the only repository that it may", async () => {
    const { send, stored, posts } = newApi();
    const { status, body, headers } = await send(OK);
    const id = mentionId("ci", "k1");
    const statusUrl = `https://bot.acme.com/api/mentions/${id}`;
    assert.equal(status, 202);
    assert.deepEqual(body, { id, session: "s1", url: "https://bot.acme.com/sessions/s1", status_url: statusUrl });
    assert.equal(headers.get("location"), statusUrl);
    const mention = stored.get("api:ci/k1");
    assert.deepEqual(mention?.keys, [`web:thread:${id}`, "api:ci/k1"]);
    assert.deepEqual(mention?.author, { surface: "web", id: "api:ci", name: "ci (API)" });
    assert.deepEqual(parseCommand(mention?.text ?? ""), {
      verb: "ask",
      text: "fix the test",
      options: { repo: "acme/api" },
    });
    assert.deepEqual(
      posts.map(({ kind, body }) => [kind, body]),
      [["person", "fix the test"]],
    );
  });

  test("the same key with the same body is the same answer, and one mention", async () => {
    const { send, stored, posts } = newApi();
    const [one, two] = [await send(OK), await send({ ...OK, repository: "acme/api" })];
    assert.deepEqual([one.status, two.status, one.body], [202, 202, two.body]);
    assert.deepEqual([stored.size, posts.length], [1, 1]);
  });

  test("two that come at once are one mention", async () => {
    const { send, stored } = newApi();
    const [one, two] = await Promise.all([send(OK), send(OK)]);
    assert.deepEqual([one?.body, stored.size], [two?.body, 1]);
  });

  test("the same key of another client is another mention", async () => {
    const { send, stored } = newApi();
    const other = await send({ ...OK, repository: "acme/web" }, { authorization: `Bearer ${OPS}` });
    assert.notEqual((await send(OK)).body.id, other.body.id);
    assert.equal(stored.size, 2);
  });

  const refusals: [
    name: string,
    body: unknown,
    headers: Record<string, string | null>,
    status: number,
    detail: RegExp,
  ][] = [
    ["no token", OK, { authorization: null }, 401, /Authorization: Bearer/],
    ["a token that nobody has", OK, { authorization: `Bearer ${"x".repeat(32)}` }, 401, /Authorization/],
    ["the beginning of a token", OK, { authorization: `Bearer ${CI.slice(0, 31)}` }, 401, /Authorization/],
    ["a token as Basic", OK, { authorization: `Basic ${CI}` }, 401, /Authorization/],
    [
      "a client that threadbox.yml does not list",
      OK,
      { authorization: `Bearer ${"n".repeat(32)}` },
      403,
      /may do nothing yet/,
    ],
    ["a repository of others", { ...OK, repository: "acme/web" }, {}, 403, /may not ask for work on that repository/],
    ["the name of something in every object", { ...OK, repository: "constructor" }, {}, 403, /may not ask/],
    ["no repository where there are two", OK, { authorization: `Bearer ${OPS}` }, 422, /one of acme\/api, acme\/web/],
    ["no key", OK, { "idempotency-key": null }, 400, /Idempotency-Key/],
    ["a key with a space in it", OK, { "idempotency-key": "a b" }, 400, /Idempotency-Key/],
    [
      "a form: a page of another site can send one",
      "text=x",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      /application\/json/,
    ],
    ["no JSON", "{", {}, 400, /not JSON/],
    ["no text", {}, {}, 422, /text/],
    ["a field that is none", { ...OK, agent: "x" }, {}, 422, /agent/],
    ["another repository in the text", { text: "repo=acme/web fix the test" }, {}, 422, /nothing else/],
    ["a branch in the text", { text: "fix the test\nbranch=main" }, {}, 422, /nothing else/],
    ["a word to the bot", { text: "stop" }, {}, 422, /nothing else/],
    [
      "a link to a pull request, to hear of it",
      { text: "link https://github.com/acme/web/pull/1" },
      {},
      422,
      /nothing else/,
    ],
    ["a branch that would be an option more", { ...OK, branch: 'x" repo="acme/web' }, {}, 422, /branch/],
    ["too much", { text: "x".repeat(300_000) }, {}, 413, /256000/],
  ];
  for (const [name, body, headers, status, detail] of refusals) {
    test(`refuses ${name} with ${status}, in words and for programs`, async () => {
      const { send, stored } = newApi();
      const answer = await send(body, headers);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(answer.type, "application/problem+json");
      assert.deepEqual([answer.body.status, answer.body.type], [status, "about:blank"]);
      assert.match(answer.body.detail, detail);
      assert.ok(!JSON.stringify(answer.body).includes(CI));
      assert.equal(stored.size, 0);
    });
  }

  test("the same key with another body is refused, and nothing happens", async () => {
    const { send, stored } = newApi();
    await send(OK);
    const other = await send({ text: "delete the test" });
    assert.equal(other.status, 422);
    assert.match(other.body.detail, /was used for another mention/);
    assert.equal(stored.get("api:ci/k1")?.text.startsWith("fix the test"), true);
  });

  test("a client in a circle is slowed down, and the others are not", async () => {
    const { send, clock } = newApi();
    for (let at = 0; at < 60; at++) assert.equal((await send(OK)).status, 202);
    const slow = await send(OK);
    assert.deepEqual([slow.status, slow.headers.get("retry-after")], [429, "60"]);
    assert.equal((await send({ ...OK, repository: "acme/api" }, { authorization: `Bearer ${OPS}` })).status, 202);
    clock.advance(60_000);
    assert.equal((await send(OK)).status, 202);
  });
});

describe("GET /api/mentions/{id}", () => {
  test("tells its client how far it is, and nobody else that it is there", async () => {
    const { send, get } = newApi();
    const { id } = (await send(OK)).body;
    assert.deepEqual((await get(id)).body, { id, state: "waiting" });
    assert.equal((await get(id, OPS)).status, 404);
    assert.equal((await get(id, "x".repeat(32))).status, 401);
    assert.equal((await get("local-thread")).status, 404);
  });
  test("a client whose name begins like another's reads nothing of it", () => {
    assert.equal(isMentionOf("ci", mentionId("ci-nightly", "k")), false);
    assert.equal(isMentionOf("ci-nightly", mentionId("ci-nightly", "k")), true);
  });

  const result = { outcome: "done", answer: "It adds now.", branch: "threadbox/x", durationMs: 5 };
  const cases: [string, [WebPost["kind"], string][], object][] = [
    ["nothing yet", [["person", "x"]], { state: "waiting" }],
    ["at work", [["progress", '{"now":"Running npm test"}']], { state: "running", now: "Running npm test" }],
    ["over for today", [["refusal", "No turns left."]], { state: "refused", detail: "No turns left." }],
    [
      "a note while it works is no refusal",
      [
        ["progress", '{"now":"x"}'],
        ["note", "Half of the time is over."],
      ],
      { state: "running", now: "x" },
    ],
    [
      "done",
      [
        ["progress", '{"now":"x"}'],
        ["answer", JSON.stringify({ result, pullRequest: { number: 3, url: "https://g/3" } })],
      ],
      {
        state: "done",
        answer: "It adds now.",
        branch: "threadbox/x",
        pull_request: { number: 3, url: "https://g/3" },
        duration_ms: 5,
      },
    ],
    [
      "failed",
      [
        [
          "answer",
          JSON.stringify({
            result: { outcome: "failed", answer: "", failure: { code: "agent.x", detail: "It broke." }, durationMs: 1 },
            remedy: "Mend it.",
            pullRequest: null,
          }),
        ],
      ],
      { state: "failed", answer: "", detail: "agent.x: It broke. Mend it.", duration_ms: 1 },
    ],
  ];
  for (const [name, posts, expected] of cases)
    test(name, () => assert.deepEqual(statusOf(posts.map(([kind, body]) => ({ kind, body }))), expected));
});
