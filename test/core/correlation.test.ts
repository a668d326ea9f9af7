import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apiKey, branchKey, canonicalGitUrl, threadKey } from "../../src/core/correlation.ts";
import type { Thread } from "../../src/core/types.ts";

const repo = { id: 7, owner: "acme", name: "api" };

describe("every place has one key", () => {
  const table: [Thread, string][] = [
    [{ surface: "slack", team: "T1", channel: "C1", threadTs: "1.1" }, "slack:thread:T1/C1/1.1"],
    [{ surface: "github", repo, number: 5, is: "issue", installation: 1 }, "github:issue:7#5"],
    [{ surface: "github", repo, number: 5, is: "pr", installation: null }, "github:pr:7#5"],
    [{ surface: "github", repo, number: 5, is: "pr", installation: 1, reviewComment: 9 }, "github:pr:7#5"],
    [{ surface: "web", id: "t1" }, "web:thread:t1"],
    [{ surface: "terminal", id: "t1" }, "api:terminal/t1"],
  ];
  for (const [thread, key] of table) test(key, () => assert.equal(threadKey(thread), key));

  test("a renamed repository keeps its keys", () => {
    const renamed: Thread = {
      surface: "github",
      repo: { id: 7, owner: "acme", name: "service" },
      number: 5,
      is: "pr",
      installation: 1,
    };
    assert.equal(threadKey(renamed), "github:pr:7#5");
  });
  test("a fork's branch is not ours", () => assert.notEqual(branchKey(7, "main"), branchKey(8, "main")));
  test("an api client's thread carries the client", () => assert.equal(apiKey("ci", "1"), "api:ci/1"));
});

describe("one spelling for every URL of the same git remote", () => {
  const table: [string, string][] = [
    ["https://Git.Example.com/acme/api.git", "https://git.example.com/acme/api"],
    ["https://user:secret@git.example.com/acme/api/", "https://git.example.com/acme/api"],
    ["https://git.example.com:443/acme/api", "https://git.example.com/acme/api"],
    ["git@git.example.com:acme/api.git", "ssh://git.example.com/acme/api"],
    ["ssh://git@git.example.com/acme/api.git", "ssh://git.example.com/acme/api"],
    ["file:///srv/git/api.git", "file:///srv/git/api"],
  ];
  for (const [url, canonical] of table) test(url, () => assert.equal(canonicalGitUrl(url), canonical));
});
