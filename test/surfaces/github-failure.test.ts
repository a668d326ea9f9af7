import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RequestError } from "octokit";
import { ThreadboxError } from "../../src/errors.ts";
import { githubFailure } from "../../src/surfaces/github-failure.ts";
import { handWoundClock } from "../clock.ts";

const clock = handWoundClock(1_700_000_000_000);
const request = { method: "GET" as const, url: "https://api.github.com/x", headers: {} };
const failed = (status: number, headers: Record<string, string> = {}, message = "Nope") =>
  new RequestError(message, status, {
    request,
    response: { status, url: request.url, headers, data: {} },
  });

describe("what GitHub says, as one of our codes", () => {
  const rows: [name: string, thrown: unknown, code: string, retryAfterMs?: number][] = [
    ["a refused token", failed(401), "surface.unauthorized"],
    ["a missing permission or a locked conversation", failed(403), "surface.refused"],
    ["something that is not there", failed(404), "surface.thread-gone"],
    ["something that was deleted", failed(410), "surface.thread-gone"],
    ["a conflict with somebody else's change", failed(409), "surface.unavailable"],
    ["a field that it does not take", failed(422), "surface.refused"],
    ["too much at once", failed(403, { "retry-after": "42" }), "surface.rate-limited", 42_000],
    ["too much at once, newer", failed(429, { "retry-after": "42" }), "surface.rate-limited", 42_000],
    ["too much at once, without a time", failed(429), "surface.rate-limited", 60_000],
    [
      "the hour used up",
      failed(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000090" }),
      "surface.rate-limited",
      90_000,
    ],
    [
      "the hour used up, by a clock ahead of ours",
      failed(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1699999990" }),
      "surface.rate-limited",
      1_000,
    ],
    ["an outage", failed(502), "surface.unavailable"],
    ["no answer at all", new RequestError("connect ECONNREFUSED", 500, { request }), "surface.unavailable"],
    ["a defect of ours", new TypeError("x is not a function"), "internal"],
  ];
  for (const [name, thrown, code, retryAfterMs] of rows) {
    test(name, () => {
      const failure = githubFailure(thrown, "look", clock);
      assert.equal(failure.code, code);
      assert.equal(failure.retryAfterMs, retryAfterMs);
      assert.equal(failure.cause, thrown);
    });
  }
});

test("the detail says what was tried, in one line, without tokens", () => {
  const { detail } = githubFailure(
    failed(422, {}, `ghp_${"a".repeat(36)} is bad\nand more`),
    "comment on a/b#1",
    clock,
  );
  assert.equal(detail, "GitHub, comment on a/b#1: [secret] is bad");
});

test("what is one of ours already stays itself", () => {
  const ours = new ThreadboxError("git.unauthorized", "no App");
  assert.equal(githubFailure(ours, "look", clock), ours);
});
