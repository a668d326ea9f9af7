/** What starts a turn besides comments: labels, assignments, and what a pull request is opened with. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NewMention } from "../../../src/core/types.ts";
import { type Door, openDoor } from "./deliver.ts";
import {
  alice,
  bot,
  forkPull,
  issue,
  issueComment,
  opened,
  ourselves,
  pull,
  pullChanged,
  pullOpened,
} from "./payloads.ts";

const at = Date.parse("2026-03-01T10:05:00Z");
const repo = { id: 900, owner: "acme", name: "api" };
const hint = { id: "900", name: "acme/api", url: "https://github.com/acme/api.git" };
const account = { id: 78, login: "acme-coder[bot]" };
const coder = { id: 91, login: "acme-coder-account" };

const pullLabeled = (name: string, change: Partial<typeof pull> = {}) => ({
  ...pullChanged("labeled"),
  pull_request: { ...pull, ...change },
  label: { id: 1, name },
});
const assigned = (assignee: unknown, sender: unknown = alice) => ({
  ...opened(),
  ...{ action: "assigned", assignee, sender },
});
const pullAssigned = (assignee: unknown) => ({ ...pullChanged("assigned"), assignee });

async function mentionOf(event: string, payload: unknown, door: Door = openDoor()): Promise<NewMention> {
  assert.deepEqual(await door.deliver(event, payload), [202, { accepted: "m1" }]);
  const [mention, ...more] = door.mentions;
  assert.ok(mention);
  assert.deepEqual(more, []);
  return mention;
}

test("the label on a pull request asks for work on that pull request's own branch", async () => {
  assert.deepEqual(await mentionOf("pull_request", pullLabeled("threadbox")), {
    dedupe: `github:label:pull:2600:threadbox:${at}`,
    keys: ["github:pr:900#8", "git:branch:900:fix-login"],
    thread: { surface: "github", repo, number: 8, is: "pr", installation: 6 },
    author: { surface: "github", id: "42", name: "alice" },
    text: "Do what is left to do on pull request #8: what it describes, and what its reviews ask for.",
    addressed: true,
    at,
    message: "issue:8",
    link: "https://github.com/acme/api/pull/8",
    repository: { ...hint, base: "release", head: "fix-login", tip: { sha: "abc", branch: "fix-login" } },
    about: "Fix login\n\nSets the cookie.",
    subject: "Fix login",
  });
});

test("on a fork's pull request no branch is known to work on, only its commit", async () => {
  const mention = await mentionOf("pull_request", pullLabeled("threadbox", forkPull));
  const tip = { sha: "abc", branch: "fix-login", fork: { number: 8, by: "alice" } };
  assert.deepEqual([mention.keys, mention.repository], [["github:pr:900#8"], { ...hint, base: "release", tip }]);
});

test("assigning an issue to the App's account asks, by whoever assigned it", async () => {
  const mention = await mentionOf("issues", assigned(account));
  assert.deepEqual(
    [mention.dedupe, mention.keys, mention.text, mention.author.name, mention.about],
    [
      `github:assigned:2500:78:${at}`,
      ["github:issue:900#7"],
      "Do what issue #7 describes.",
      "alice",
      "Login fails\n\nIt says 401.",
    ],
  );
});

test("so does assigning a pull request, for work on its branch", async () => {
  const mention = await mentionOf("pull_request", pullAssigned(account));
  assert.deepEqual(
    [mention.dedupe, mention.repository?.head, mention.message],
    [`github:assigned:pull:2600:78:${at}`, "fix-login", "issue:8"],
  );
});

test("where GitHub does not let the App be assigned, another account stands for it, in any letters", async () => {
  const door = openDoor({ assignees: { "acme/api": "Acme-Coder-Account" } });
  assert.equal((await mentionOf("issues", assigned(coder), door)).text, "Do what issue #7 describes.");
});

describe("left alone, with the reason", () => {
  const rows: [name: string, event: string, payload: unknown, reason: string][] = [
    ["another label on a pull request", "pull_request", pullLabeled("bug"), "other-label"],
    ["another bot's label", "pull_request", { ...pullLabeled("threadbox"), sender: bot }, "bot-sender"],
    ["an issue assigned to somebody else", "issues", assigned(alice), "other-assignee"],
    ["an issue assigned to somebody who is gone", "issues", assigned(null), "other-assignee"],
    ["a pull request assigned to somebody else", "pull_request", pullAssigned(coder), "other-assignee"],
    ["an assignment by another bot", "issues", assigned(account, bot), "bot-sender"],
    ["an assignment that we made ourselves", "issues", assigned(account, ourselves), "own-message"],
    ["a comment to another bot", "issue_comment", issueComment("@dependabot rebase"), "to-somebody-else"],
    ["a comment to a person", "issue_comment", issueComment("@bob what do you think?"), "to-somebody-else"],
    ["a command of another bot", "issue_comment", issueComment("/retest"), "to-somebody-else"],
    ["a command of a bot with a longer name", "issue_comment", issueComment("/threadbox-dev stop"), "to-somebody-else"],
  ];
  for (const [name, event, payload, reason] of rows)
    test(name, async () => {
      const door = openDoor();
      assert.deepEqual(await door.deliver(event, payload), [202, { ignored: reason }]);
      assert.deepEqual([door.mentions.length, door.lines.map((line) => line.ignored)], [0, [reason]]);
    });

  test("a label taken off", async () => {
    const door = openDoor();
    const payload = { ...pullLabeled("threadbox"), action: "unlabeled" };
    assert.deepEqual(await door.deliver("pull_request", payload), [202, { ignored: "event-unsupported" }]);
  });
});

describe("who else is named", () => {
  for (const [name, body] of [
    ["a comment to us and to a person", "@bob see what @threadbox says: why?"],
    ["a path at its beginning", "/src/login.ts is wrong"],
  ] as const)
    test(`${name} is no reason to leave it`, async () => {
      const mention = await mentionOf("issue_comment", issueComment(body));
      assert.equal(mention.addressed, body.includes("@threadbox"));
    });
});

test("a command counts as if we were named", async () => {
  const mention = await mentionOf("issue_comment", issueComment("Thanks, enough.\r\n\r\n/threadbox stop"));
  assert.deepEqual([mention.text, mention.addressed], ["stop", true]);
});

describe("a pull request that is opened with our name in it", () => {
  const asking = { ...pull, body: "Sets the cookie. @threadbox add a test" };

  test("joins the session of its branch first, and asks then", async () => {
    const order: string[] = [];
    const door = openDoor({
      inbox: {
        link: async ({ also }) => {
          order.push(`link ${also}`);
          return { is: "ignored", reason: "nobody-follows" };
        },
        receive: async ({ dedupe, keys, text, message, repository }) => {
          order.push(dedupe, ...keys, text, message, repository?.head ?? "");
          return { is: "accepted", session: "s1", mention: "m1" };
        },
      },
    });
    assert.deepEqual(await door.deliver("pull_request", pullOpened(asking)), [202, { accepted: "m1" }]);
    assert.deepEqual(order, [
      "link github:pr:900#8",
      "github:pull-request-opened:2600",
      "github:pr:900#8",
      "git:branch:900:fix-login",
      "Fix login\n\nSets the cookie. add a test",
      "issue:8",
      "fix-login",
    ]);
  });

  test("asks on a second delivery, when the first one broke off between the two", async () => {
    const door = openDoor({ receipt: { is: "duplicate" } });
    await door.deliver("pull_request", pullOpened(asking));
    assert.deepEqual([door.links.length, door.mentions.length], [1, 1]);
  });

  test("from a fork asks, and joins nothing", async () => {
    const door = openDoor();
    await door.deliver("pull_request", pullOpened({ ...forkPull, title: "@threadbox: finish this" }));
    assert.deepEqual([door.links.length, door.mentions[0]?.text], [0, "finish this\n\nSets the cookie."]);
  });

  test("by ourselves only joins", async () => {
    const door = openDoor();
    await door.deliver("pull_request", { ...pullOpened({ ...asking, user: ourselves }), sender: ourselves });
    assert.deepEqual([door.links.length, door.mentions.length], [1, 0]);
  });

  test("under a person's token by ourselves, with our marker in it, only joins", async () => {
    const door = openDoor({ self: async () => alice });
    await door.deliver("pull_request", pullOpened({ ...asking, body: "@threadbox <!-- threadbox:s1/3 -->" }));
    assert.deepEqual([door.links.length, door.mentions.length], [1, 0]);
  });
});

test("one that is quoted in an issue is none", async () => {
  const door = openDoor();
  const quoting = opened({ body: `> ${issue.body} @threadbox` });
  assert.deepEqual(await door.deliver("issues", quoting), [202, { ignored: "not-addressed" }]);
});
