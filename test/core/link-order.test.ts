import assert from "node:assert/strict";
import { test } from "node:test";
import { linkable, linkOrder, targetOf } from "../../src/core/link-order.ts";
import type { Repository } from "../../src/core/types.ts";
import { pullRequestThread, slackThread } from "./story.ts";

const api: Repository = { id: "x", name: "acme/api", url: "https://github.com/acme/api.git", base: "" };

const cases: [url: string, key: string | null][] = [
  ["https://github.com/acme/api/pull/5", "github:pr:7#5"],
  ["https://github.com/Acme/API/pull/5/files?w=1#diff", "github:pr:7#5"],
  ["https://github.com/acme/api/issues/12", "github:issue:7#12"],
  ["https://github.com/acme/api-docs/pull/5", null],
  ["https://github.com/acme/api/pull/5x", null],
  ["https://evil.example/acme/api/pull/5", null],
  ["https://github.com/acme/api", null],
  ["acme/api#5", null],
];
for (const [url, key] of cases) {
  test(`${url} is ${key ?? "nothing that can be linked to"}`, () => {
    const target = targetOf(url, [api]);
    const link = target && linkOrder(target, "7");
    assert.equal(link?.is === "found" ? link.key : null, key);
  });
}

test("a pull request is remembered with its address, without what stood behind it", () => {
  const target = targetOf("https://github.com/acme/api/pull/5/files", [api]);
  const link = target && linkOrder(target, "7");
  assert.deepEqual(link?.is === "found" && link.pullRequest, { number: 5, url: "https://github.com/acme/api/pull/5" });
});

test("from GitHub nothing of another repository can be linked to, from elsewhere everything that is known", () => {
  const secret: Repository = { ...api, name: "acme/secret", url: "https://github.com/acme/secret.git" };
  const named = (thread: typeof slackThread) => linkable({ thread }, [api, secret]).map(({ name }) => name);
  assert.deepEqual(named(pullRequestThread), ["acme/api"]);
  assert.deepEqual(named(slackThread), ["acme/api", "acme/secret"]);
});
