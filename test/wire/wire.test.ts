/** What bot and daemon agree on: the shapes that people already know, and nothing that only one side understands. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AgentEvent, JournalEntry } from "../../src/wire/events.ts";
import { CredentialsRequest, InitRequest, PromptRequest, ROUTES, StreamQuery } from "../../src/wire/routes.ts";
import { toFrame } from "../../src/wire/sse.ts";

test("the routes are those that people drive by hand, each with its scope", () => {
  assert.deepEqual(
    Object.values(ROUTES).map(({ method, path, scope }) => `${method} ${path} ${scope}`),
    [
      "GET /health open",
      "GET /status observer",
      "GET /stream observer",
      "POST /credentials control",
      "POST /init control",
      "POST /prompt control",
      "POST /abort control",
      "POST /answer control",
      "POST /publish control",
    ],
  );
});

describe("requests", () => {
  test("of the runbook are understood", () => {
    const body = { version: "experiment", llm: { openaiApiKey: "k" }, github: { token: "t" } };
    assert.deepEqual(CredentialsRequest.parse(body), body);
    assert.deepEqual(PromptRequest.parse({ message: "hello from outside the sandbox" }), {
      message: "hello from outside the sandbox",
      attempt: 1,
      whileBusy: "steer",
      coAuthors: [],
      publish: true,
    });
  });

  test("hold one repository at most", () => {
    const repo = { id: "a", source: "github:acme/api", path: "api" };
    assert.ok(InitRequest.safeParse({ workspace: { repos: [repo] } }).success);
    assert.ok(!InitRequest.safeParse({ workspace: { repos: [repo, repo] } }).success);
  });

  const queries: [string, Record<string, string>, unknown][] = [
    ["nothing", {}, { cursor: 0, follow: false }],
    ["the runbook's", { cursor: "0", follow: "1" }, { cursor: 0, follow: true }],
    ["words", { cursor: "12", follow: "true", epoch: "e" }, { cursor: 12, follow: true, epoch: "e" }],
    ["no", { follow: "0" }, { cursor: 0, follow: false }],
  ];
  for (const [name, query, expected] of queries) {
    test(`of a stream: ${name}`, () => assert.deepEqual(StreamQuery.parse(query), expected));
  }
});

test("an entry is one frame, whatever its text holds", () => {
  const entry: JournalEntry = {
    epoch: "e1",
    cursor: 7,
    at: 1_000,
    event: { type: "text", turn: "t1", message: 1, text: "two\nlines\r\n\ndata: not a field\u2028" },
  };
  const frame = toFrame(entry);
  assert.ok(frame.startsWith("id: 7\ndata: "));
  assert.deepEqual(frame.match(/[\r\n]+/g), ["\n", "\n\n"]);
  assert.deepEqual(JournalEntry.parse(JSON.parse(frame.slice("id: 7\ndata: ".length))), entry);
});

test("an event with a field that nobody knows is not an event", () => {
  const event = { type: "agent.exited", code: null, signal: "SIGKILL", stderrTail: "" };
  assert.ok(AgentEvent.safeParse(event).success);
  assert.ok(!AgentEvent.safeParse({ ...event, mood: "bad" }).success);
});
