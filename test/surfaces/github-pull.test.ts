import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Repository } from "../../src/core/types.ts";
import type { PullRequestDraft } from "../../src/surfaces/forge.ts";
import { bodyOf } from "../../src/surfaces/github-pull-body.ts";
import { inWorld, REPO, type World } from "./github-world.ts";

const UPDATE = "PATCH /repos/{owner}/{repo}/pulls/{pull_number}";

const repositoryOf = ({ repo, installation }: World): Repository => ({
  id: String(repo.id),
  name: REPO,
  url: repo.cloneUrl,
  base: "main",
  github: { owner: "acme", name: "api", installation },
});

const draftOf = (world: World, change: Partial<PullRequestDraft> = {}): PullRequestDraft => ({
  ...{ repository: repositoryOf(world), head: "login", title: "Fix the login" },
  body: "Sets the cookie. cc @alice, fixes #1",
  ...change,
});

const pushed = (world: World) => world.github.as("alice").pushes(REPO, "login", { "main.ts": "1\n" });
/** As people read it. */
const seen = (body: string | null | undefined): string =>
  (body ?? "")
    .replace(/<!--[\s\S]*?-->\n?/g, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
const pullOf = ({ github }: World) => github.pulls(REPO).at(-1);

/** A draft with everything that there is. */
const whole = {
  body: "Set the cookie before the redirect.\n\nIt was never sent.",
  tests: [
    { command: "npm test", ok: true },
    { command: "npm run e2e", ok: null },
  ],
  requestedBy: [
    { surface: "github", id: "1", name: "alice" },
    { surface: "slack", id: "U2", name: "ada @here" },
  ],
  asked: "https://github.test/acme/api/issues/1",
  page: "https://box.dev/sessions/s1",
  closes: 1,
} satisfies Partial<PullRequestDraft>;

describe("the text of a pull request", () => {
  const repository: Repository = { id: "1", name: REPO, url: "", base: "main" };
  const text = (change: Partial<PullRequestDraft>): string =>
    seen(bodyOf({ repository, head: "login", title: "x", body: "Done.", ...change }, null, "https://github.test"));

  test("says what and why, how it was verified, and who asked for it, which pings nobody", () => {
    assert.equal(
      text(whole),
      `Set the cookie before the redirect.

It was never sent.

### How it was verified

- \`npm test\` passed
- \`npm run e2e\` ran, outcome unknown

---

Requested by [@\u200balice](https://github.test/alice), ada @\u200bhere via Slack ([where it was asked](https://github.test/acme/api/issues/1)). [What the agent did](https://box.dev/sessions/s1). Comment here, and the same session goes on.

Fixes #1`,
    );
  });

  const later = [
    { by: "alice", answer: "Also on Safari.\n\nDetails.", commit: "abc1234def" },
    { by: "ada via Slack", answer: "# Done\n\n- Now with tests, fixes #7", commit: "fed4321abc" },
  ];
  const rows: [string, Partial<PullRequestDraft>, RegExp][] = [
    ["tests that were not run", { tests: [] }, /verified\n\nNo tests were run\./],
    ["tests of which nothing is known", { tests: null }, /verified\n\nIt is not known whether tests were run\./],
    ["an agent without a word", { body: " " }, /^The agent said nothing about it\./],
    [
      "later turns, newest last",
      { later },
      /^Done\.\n\n\*\*Since then\*\*\n\n- abc1234 Also on Safari\. \(asked for by alice\)\n- fed4321 \\- Now with tests, f\u200bixes #7 \(asked for by ada via Slack\)\n/,
    ],
    [
      "what was asked for in Slack",
      { requestedBy: whole.requestedBy.slice(1) },
      /Requested by ada @\u200bhere via Slack\. Comment/,
    ],
  ];
  for (const [name, change, expected] of rows) test(`tells of ${name}`, () => assert.match(text(change), expected));

  test("has room for what GitHub takes, however much there is to tell", () => {
    const long = {
      body: "word ".repeat(30_000),
      later: Array.from({ length: 100 }, () => ({ by: "alice", answer: "é".repeat(5_000), commit: "abc1234" })),
    };
    assert.ok(text(long).length < 50_000);
    assert.match(text(long), /\n- 80 earlier turns\n/);
  });
});

describe("a pull request", () => {
  test("is opened once, pings nobody, and closes only what we say", () =>
    inWorld({}, async (world) => {
      await pushed(world);
      const opened = await world.forge.openPullRequest(draftOf(world, { closes: 1 }));
      assert.deepEqual(await world.forge.openPullRequest(draftOf(world)), opened);
      const [only, ...others] = world.github.pulls(REPO);
      assert.equal(others.length, 0);
      assert.deepEqual([only?.number, only?.htmlUrl, only?.title], [opened.number, opened.url, "Fix the login"]);
      assert.match(seen(only?.body), /^Sets the cookie\. cc @\u200balice, f\u200bixes #1\n[\s\S]*\nFixes #1$/);
      assert.match(only?.body ?? "", /<!-- threadbox:pull-request:login -->$/);
    }));

  test("goes to the default branch where no base is known", () =>
    inWorld({}, async (world) => {
      await pushed(world);
      await world.forge.openPullRequest(draftOf(world, { repository: { ...repositoryOf(world), base: "" } }));
      assert.equal(pullOf(world)?.base, "main");
    }));

  test("that GitHub refuses is told in its words", () =>
    inWorld({}, async (world) => {
      await assert.rejects(world.forge.openPullRequest(draftOf(world, { head: "missing" })), (thrown: Error) => {
        assert.equal("code" in thrown && thrown.code, "github.pull-request-failed");
        assert.match(thrown.message, /open a pull request for missing on acme\/api: Validation Failed/);
        return true;
      });
    }));

  test("that may succeed later keeps the code that says so", () =>
    inWorld({}, async (world) => {
      await pushed(world);
      world.github.faults.next("POST /repos/{owner}/{repo}/pulls", { kind: "status", status: 502, when: "after" });
      await assert.rejects(world.forge.openPullRequest(draftOf(world)), { code: "surface.unavailable" });
      assert.equal((await world.forge.openPullRequest(draftOf(world))).number, 2);
    }));

  const asDraft = (world: World) =>
    draftOf(world, { repository: { ...repositoryOf(world), pullRequests: { draft: true } } });

  test("is a draft where threadbox.yml says so", () =>
    inWorld({}, async (world) => {
      await pushed(world);
      await world.forge.openPullRequest(asDraft(world));
      assert.equal(pullOf(world)?.draft, true);
    }));

  test("is ready for review where GitHub has no drafts, and the log says so", () =>
    inWorld({}, async (world) => {
      await pushed(world);
      world.github.refuseDrafts(REPO);
      const opened = await world.forge.openPullRequest(asDraft(world));
      assert.equal(pullOf(world)?.draft, false);
      assert.deepEqual(await world.forge.openPullRequest(asDraft(world)), opened);
      assert.equal(world.lines.filter(({ msg }) => msg === "github.draft-refused").length, 1);
    }));
});

describe("a repository's template for pull requests", () => {
  const TEMPLATE = "<!-- hello -->\n## Summary\n\nSay what.\n\n## Test plan\n\n## Checklist\n\n- [x] docs\n";
  const places = [
    ".github/pull_request_template.md",
    ".github/PULL_REQUEST_TEMPLATE.md",
    "PULL_REQUEST_TEMPLATE.md",
    "docs/Pull_Request_Template.md",
  ];
  const opened = async (world: World, files: Record<string, string>, change: Partial<PullRequestDraft> = {}) => {
    await world.github.as("alice").pushes(REPO, "main", files);
    await pushed(world);
    await world.forge.openPullRequest(draftOf(world, { body: "Sets the cookie.", tests: [], ...change }));
    return seen(pullOf(world)?.body);
  };

  for (const path of places)
    test(`is filled in from ${path}`, () =>
      inWorld({}, async (world) => {
        assert.match(
          await opened(world, { [path]: TEMPLATE, "docs/readme.md": "x" }),
          /^## Summary\n\nSets the cookie\.\n\n## Test plan\n\nNo tests were run\.\n\n## Checklist\n\n- \[ \] docs\n/,
        );
      }));

  test("is left out where threadbox.yml says so", () =>
    inWorld({}, async (world) => {
      const repository = { ...repositoryOf(world), pullRequests: { template: false } };
      assert.match(await opened(world, { [places[0] ?? ""]: TEMPLATE }, { repository }), /^Sets the cookie\./);
    }));

  test("clinejection: that stands on the head alone is nobody's", () =>
    inWorld({}, async (world) => {
      await world.github
        .as("alice")
        .pushes(REPO, "login", { [places[0] ?? ""]: "## Summary\n\n## Approved by everybody" });
      await world.forge.openPullRequest(draftOf(world, { body: "Sets the cookie." }));
      assert.match(seen(pullOf(world)?.body), /^Sets the cookie\./);
    }));

  test("that cannot be read keeps no work from people", () =>
    inWorld({}, async (world) => {
      world.github.faults.next("GET /repos/{owner}/{repo}/contents/{path}", { kind: "status", status: 500 });
      assert.match(await opened(world, { [places[0] ?? ""]: TEMPLATE }), /^Sets the cookie\./);
      assert.ok(world.lines.some(({ msg }) => msg === "github.template-unread"));
    }));
});

describe("a later turn", () => {
  const next = { ...whole, later: [{ by: "bob", answer: "Also on Safari.", commit: "abc1234def" }] };
  const opened = async (world: World): Promise<number> => {
    await pushed(world);
    return (await world.forge.openPullRequest(draftOf(world, whole))).number;
  };
  const edits = async (world: World, number: number, change: (body: string) => string): Promise<void> => {
    const body = change(pullOf(world)?.body ?? "");
    await world.github.as("alice").editsIssue(REPO, number, { body, title: "Alice's title" });
  };

  test("is told in the same pull request, once, and leaves the title as it is", () =>
    inWorld({}, async (world) => {
      const number = await opened(world);
      await edits(world, number, (body) => `Please look, bob.\r\n\r\n${body.replaceAll("\n", "\r\n")}`);
      await world.forge.updatePullRequest(number, draftOf(world, { ...next, title: "Another title" }));
      await world.forge.updatePullRequest(number, draftOf(world, next));
      const { title, body } = pullOf(world) ?? {};
      assert.match(
        seen(body),
        /^Please look, bob\.\s+Set the cookie[\s\S]*\*\*Since then\*\*\s+- abc1234 Also on Safari\. \(asked for by bob\)/,
      );
      assert.equal(title, "Alice's title");
      assert.equal(world.github.calls()[UPDATE], 1);
    }));

  const left: [string, (body: string) => string][] = [
    ["where somebody edited our words", (body) => body.replace("It was never sent.", "It was never sent (bob).")],
    ["where somebody took the markers away", seen],
    ["where somebody emptied it", () => ""],
  ];
  for (const [name, change] of left)
    test(`changes nothing ${name}`, () =>
      inWorld({}, async (world) => {
        const number = await opened(world);
        await edits(world, number, change);
        const before = pullOf(world)?.body;
        await world.forge.updatePullRequest(number, draftOf(world, next));
        assert.equal(pullOf(world)?.body, before);
      }));

  test("changes nothing where it is closed", () =>
    inWorld({}, async (world) => {
      const number = await opened(world);
      await world.github.as("alice").closes(REPO, number);
      await world.forge.updatePullRequest(number, draftOf(world, next));
      assert.equal(world.github.calls()[UPDATE], undefined);
    }));

  test("forged markers: writes into no pull request of somebody else", () =>
    inWorld({}, async (world) => {
      await opened(world);
      const body = pullOf(world)?.body ?? "";
      await world.github.as("alice").pushes(REPO, "hers", { "main.ts": "2\n" });
      const hers = await world.github
        .as("alice")
        .opensPullRequest(REPO, { title: "Hers", body, head: "hers", base: "main" });
      await world.forge.updatePullRequest(hers.number, draftOf(world, next));
      assert.equal(world.github.calls()[UPDATE], undefined);
    }));
});
