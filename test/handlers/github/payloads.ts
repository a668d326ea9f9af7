/** The payloads of one repository, with the fields that GitHub always sends among those that we read. */

export const repository = {
  id: 900,
  name: "api",
  full_name: "acme/api",
  clone_url: "https://github.com/acme/api.git",
  default_branch: "main",
  owner: { login: "acme", id: 5 },
  private: false,
};
export const alice = { id: 42, login: "alice", type: "User" };
export const bot = { id: 77, login: "renovate[bot]", type: "Bot" };
export const ourselves = { id: 78, login: "acme-coder[bot]", type: "Bot" };

const envelope = { repository, sender: alice, installation: { id: 6 } };

export const issue = {
  id: 2_500,
  number: 7,
  user: alice,
  title: "Login fails",
  body: "It says 401.",
  html_url: "https://github.com/acme/api/issues/7",
  created_at: "2026-03-01T10:00:00Z",
  updated_at: "2026-03-01T10:05:00Z",
};

export const pull = {
  id: 2_600,
  number: 8,
  user: alice,
  title: "Fix login",
  body: "Sets the cookie.",
  html_url: "https://github.com/acme/api/pull/8",
  created_at: "2026-03-01T10:00:00Z",
  updated_at: "2026-03-01T10:05:00Z",
  state: "open",
  head: { ref: "fix-login", sha: "abc", repo: { id: 900 } as { id: number } | null },
  base: { ref: "release" },
};
export const forkPull = { ...pull, head: { ...pull.head, repo: { id: 901 } } };

const time = "2026-03-01T10:05:00Z";

export const issueComment = (body: string, more: Record<string, unknown> = {}) => ({
  action: "created",
  issue,
  comment: {
    id: 31,
    user: more.sender ?? alice,
    body,
    html_url: `${issue.html_url}#issuecomment-31`,
    created_at: time,
  },
  ...envelope,
  ...more,
});

export const reviewComment = (body: string, more: Record<string, unknown> = {}) => ({
  action: "created",
  pull_request: pull,
  comment: {
    id: 32,
    user: alice,
    body,
    html_url: `${pull.html_url}#discussion_r32`,
    created_at: time,
    path: "src/login.ts",
    line: 12,
    diff_hunk: "@@ -10,3 +10,3 @@\n-a\n+b",
    ...more,
  },
  ...envelope,
});

export const review = (body: string | null, more: Record<string, unknown> = {}) => ({
  action: "submitted",
  pull_request: pull,
  review: {
    id: 33,
    user: more.sender ?? alice,
    body,
    html_url: `${pull.html_url}#pullrequestreview-33`,
    submitted_at: time,
    state: "commented",
  },
  ...envelope,
  ...more,
});

export const opened = (change: Partial<typeof issue> = {}) => ({
  action: "opened",
  issue: { ...issue, ...change },
  ...envelope,
});

export const labeled = (name: string, change: Partial<typeof issue> = {}) => ({
  action: "labeled",
  issue: { ...issue, ...change },
  label: { id: 1, name },
  ...envelope,
});

export const pullChanged = (action: string) => ({ action, number: 8, pull_request: pull, ...envelope });

const suite = { id: 40, head_branch: "fix-login" as string | null, head_sha: "abc", pull_requests: [{ number: 8 }] };
export const forkSuite = { ...suite, head_branch: null, pull_requests: [] };

export const checkSuite = (check_suite: unknown = suite) => ({ action: "completed", check_suite, ...envelope });

export const checkRun = (action: string) => ({
  ...{ action, ...envelope },
  check_run: { id: 41, name: "test", head_sha: "abc", check_suite: suite, pull_requests: [{ number: 8 }] },
});

export const status = {
  ...{ id: 43, sha: "abc", state: "failure", context: "ci/lint", commit: { sha: "abc" } },
  branches: [{ name: "fix-login", commit: { sha: "abc" }, protected: false }],
  ...envelope,
};

export const push = (more: Record<string, unknown> = {}) => ({
  ...{ ref: "refs/heads/release", before: "abc", after: "def", created: false, deleted: false, forced: false },
  ...{ commits: [], head_commit: null, pusher: { name: "alice" }, ...envelope, ...more },
});

export const pullOpened = (pull_request: unknown = pull) => ({
  action: "opened",
  number: 8,
  pull_request,
  ...envelope,
});
