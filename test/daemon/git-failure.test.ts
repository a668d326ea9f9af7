/** What git and its hosts say, and what we make of it. The sentences are those of git 2.39 to 2.51, GitHub and GitLab. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gitFailure, pushOutcome, relevantLine } from "../../src/daemon/git-failure.ts";

describe("gitFailure", () => {
  for (const [stderr, code] of [
    ["fatal: could not read Username for 'https://github.com': terminal prompts disabled", "git.unauthorized"],
    ["fatal: Authentication failed for 'https://github.com/a/b.git/'", "git.unauthorized"],
    ["remote: Invalid username or password.\nfatal: Authentication failed", "git.unauthorized"],
    ["remote: HTTP Basic: Access denied.\nfatal: Authentication failed", "git.unauthorized"],
    [
      "remote: Permission to a/b.git denied to bot.\nfatal: unable to access 'https://github.com/a/b/': The requested URL returned error: 403",
      "git.unauthorized",
    ],
    [
      "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
      "git.unauthorized",
    ],
    ["remote: Repository not found.\nfatal: repository 'https://github.com/a/b.git/' not found", "git.clone-failed"],
    ["fatal: unable to access 'https://h/a.git/': Could not resolve host: h", "git.clone-failed"],
    ["fatal: '/nowhere' does not appear to be a git repository", "git.clone-failed"],
    ["fatal: something that nobody has seen before", "git.push-refused"],
  ] as const) {
    test(stderr, () => assert.equal(gitFailure({ stderr }, "git.push-refused").code, code));
  }
});

describe("a refusal for the sake of workflows", () => {
  for (const [who, what] of [
    ["a GitHub App", "`workflows` permission"],
    ["a Personal Access Token", "`workflow` scope"],
    ["an OAuth App", "`workflow` scope"],
  ]) {
    test(`of ${who}`, () => {
      const why = `refusing to allow ${who} to create or update workflow \`.github/workflows/ci.yml\` without ${what}`;
      const stdout = `!\tdeadbeef:refs/heads/x\t[remote rejected] (${why})\nDone`;
      assert.deepEqual(pushOutcome({ code: 1, stdout, stderr: "" }), {
        is: "refused",
        code: "git.workflows",
        detail: why,
      });
    });
  }
});

describe("pushOutcome", () => {
  const ref = "deadbeef:refs/heads/x";
  for (const [name, stdout, stderr, expected] of [
    [
      "our branch is behind",
      `!\t${ref}\t[rejected] (fetch first)\nDone`,
      "error: failed to push some refs",
      { is: "raced" },
    ],
    ["our branch is behind what we know", `!\t${ref}\t[rejected] (non-fast-forward)\nDone`, "", { is: "raced" }],
    ["moved while the server took it", `!\t${ref}\t[remote rejected] (failed to update ref)`, "", { is: "raced" }],
    [
      "a protected branch",
      `!\t${ref}\t[remote rejected] (protected branch hook declined)`,
      "remote: error: GH006: Protected branch update failed for refs/heads/x.        \nremote: \nerror: failed to push some refs",
      {
        is: "refused",
        code: "git.push-refused",
        detail: "error: GH006: Protected branch update failed for refs/heads/x. · protected branch hook declined",
      },
    ],
    [
      "a token without the right",
      "",
      "remote: Permission to a/b.git denied to bot.\nfatal: unable to access 'https://h/': The requested URL returned error: 403",
      {
        is: "refused",
        code: "git.unauthorized",
        detail:
          "Permission to a/b.git denied to bot. · fatal: unable to access 'https://h/': The requested URL returned error: 403",
      },
    ],
  ] as const) {
    test(name, () => assert.deepEqual(pushOutcome({ code: 1, stdout, stderr }), expected));
  }

  test("a success", () => assert.deepEqual(pushOutcome({ code: 0, stdout: "", stderr: "" }), { is: "pushed" }));
});

test("the relevant line is the verdict, not the noise before it", () => {
  const stderr = "warning: redirecting to https://h/\nCloning into 'x'...\nfatal: early EOF\n";
  assert.equal(relevantLine(stderr), "fatal: early EOF");
});
