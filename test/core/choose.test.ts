import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseWork, type Wish } from "../../src/core/choose.ts";
import type { Options } from "../../src/core/command.ts";
import type { Mention, Repository } from "../../src/core/types.ts";
import { mention, plain, pullRequestThread } from "./story.ts";

const docs: Repository = {
  id: "https://git.example.com/acme/docs",
  name: "acme/docs",
  url: "https://git.example.com/acme/docs.git",
  base: "main",
};
const hint = { id: "7", name: "acme/api", url: "https://github.com/acme/api.git", base: "trunk" };
const onPullRequest = (head?: string): Partial<Mention> => ({
  thread: pullRequestThread,
  repository: head ? { ...hint, head } : hint,
});
const choose = (change: Partial<Mention>, options: Options, repositories: Repository[], more: Partial<Wish> = {}) =>
  chooseWork(mention("m1", "fix it", change), repositories, {
    agents: [{ name: "pi", kind: "pi" }],
    ...more,
    options,
    text: "Please fix the flaky login test!",
    sessionId: "s0123456789",
  });

describe("which repository, and which branch", () => {
  test("the only one needs no words, and gets a branch of its own", () => {
    assert.deepEqual(choose({}, {}, [plain]), {
      is: "chosen",
      work: { repository: plain, branch: "threadbox/fix-flaky-login-test-56789", own: true },
    });
  });
  const problems: [string, Partial<Mention>, Options, Repository[], string][] = [
    [
      "the branch that pull requests go to",
      {},
      { branch: "main" },
      [plain],
      "I do not push to `main` itself. Leave out `branch=`, or name another one.",
    ],
    [
      "that branch, with another base for show",
      {},
      { branch: "main", base: "other" },
      [plain],
      "I do not push to `main` itself. Leave out `branch=`, or name another one.",
    ],
    [
      "a branch that git takes no such name for",
      {},
      { branch: "a..b" },
      [plain],
      "`branch=a..b`: git takes no such name for a branch.",
    ],
    ["such a base", {}, { base: "-x" }, [plain], "`base=-x`: git takes no such name for a branch."],
    [
      "none is set up",
      {},
      {},
      [],
      "No repository is set up. Say `repo=owner/name`, or have it listed in threadbox.yml.",
    ],
    [
      "several, and nobody said which",
      {},
      {},
      [plain, docs],
      "Which repository? Say `repo=` with one of: `acme/api`, `acme/docs`.",
    ],
    [
      "one that nobody knows",
      {},
      { repo: "acme/nope" },
      [plain],
      'I do not know the repository "acme/nope". I know: `acme/api`.',
    ],
  ];
  for (const [name, change, options, repositories, detail] of problems) {
    test(`asks: ${name}`, () => {
      const choice = choose(change, options, repositories);
      assert.equal(choice.is === "problem" && choice.detail, detail);
    });
  }
  const about: Repository = { ...docs, channels: ["C1"] };
  const api = "https://git.example.com/acme/api";
  const ranked: [string, Partial<Mention>, Options, Repository[], Partial<Wish>, string][] = [
    [
      "what is said before the asker's default",
      {},
      { repo: "docs" },
      [plain, docs],
      { preferred: "acme/api" },
      "acme/docs",
    ],
    ["the channel before the asker's default", {}, {}, [plain, about], { preferred: "acme/api" }, "acme/docs"],
    ["the asker's default before a link", { text: api }, {}, [plain, docs], { preferred: "acme/docs" }, "acme/docs"],
    ["the only one, where the default is gone", {}, {}, [plain], { preferred: "acme/gone" }, "acme/api"],
    [
      "a link in the message before one in the thread",
      { text: api },
      {},
      [plain, docs],
      { said: [docs.url] },
      "acme/api",
    ],
    ["a link in the thread", {}, {}, [plain, docs], { said: ["look:", docs.url] }, "acme/docs"],
  ];
  for (const [name, change, options, repositories, more, expected] of ranked)
    test(`#26 ${name}`, () => {
      const choice = choose(change, options, repositories, more);
      assert.equal(choice.is === "chosen" && choice.work.repository.name, expected);
    });
  const unclear: [string, Partial<Mention>, Repository[]][] = [
    [
      "two that the channel is about",
      {},
      [
        { ...plain, channels: ["C1"] },
        { ...docs, channels: ["C1"] },
      ],
    ],
    ["links to two", { text: "https://git.example.com/acme/docs https://git.example.com/acme/api" }, [plain, docs]],
    ["a link to one whose name only begins like it", { text: "https://git.example.com/acme/api-docs" }, [plain, docs]],
  ];
  for (const [name, change, repositories] of unclear) {
    test(`#26 asks, and says what there is: ${name}`, () => {
      const choice = choose(change, {}, repositories);
      assert.deepEqual(choice.is === "problem" && choice.choices, ["acme/api", "acme/docs"]);
    });
  }
  const chosen: [
    string,
    Partial<Mention>,
    Options,
    Repository[],
    { name: string; branch: string; base: string; own: boolean },
  ][] = [
    [
      "the one that was said",
      {},
      { repo: "acme/docs" },
      [plain, docs],
      { name: "acme/docs", branch: "threadbox/fix-flaky-login-test-56789", base: "main", own: true },
    ],
    [
      "its short name will do",
      {},
      { repo: "DOCS" },
      [plain, docs],
      { name: "acme/docs", branch: "threadbox/fix-flaky-login-test-56789", base: "main", own: true },
    ],
    [
      "the one that the issue stands on",
      onPullRequest(),
      {},
      [docs],
      { name: "acme/api", branch: "threadbox/fix-flaky-login-test-56789", base: "trunk", own: true },
    ],
    [
      "the head of the pull request itself",
      onPullRequest("login"),
      {},
      [docs],
      { name: "acme/api", branch: "login", base: "trunk", own: false },
    ],
    [
      "another base",
      {},
      { base: "release" },
      [plain],
      { name: "acme/api", branch: "threadbox/fix-flaky-login-test-56789", base: "release", own: true },
    ],
    ...(
      [
        ["#26 the one that the channel is about", {}, [plain, { ...docs, channels: ["C1"] }]],
        [
          "#26 the one that is linked to",
          { text: "see https://git.example.com/acme/docs/blob/main/a.md" },
          [plain, docs],
        ],
        [
          "#26 the one that what was forwarded links to",
          { about: "<https://git.example.com/acme/docs>" },
          [plain, docs],
        ],
      ] as [string, Partial<Mention>, Repository[]][]
    ).map(([name, change, repositories]): (typeof chosen)[number] => [
      ...([name, change, {}, repositories] as const),
      { name: "acme/docs", branch: "threadbox/fix-flaky-login-test-56789", base: "main", own: true },
    ]),
    ["a branch by name", {}, { branch: "wip" }, [plain], { name: "acme/api", branch: "wip", base: "main", own: false }],
  ];
  for (const [name, change, options, repositories, expected] of chosen) {
    test(name, () => {
      const choice = choose(change, options, repositories);
      assert.ok(choice.is === "chosen");
      const { repository, branch, own } = choice.work;
      assert.deepEqual({ name: repository.name, branch, base: repository.base, own }, expected);
    });
  }
});
