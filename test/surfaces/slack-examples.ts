/** A turn that goes on and an answer, as the tests of what Slack shows have them. */
import type { Card } from "../../src/core/card.ts";
import type { AskedQuestion } from "../../src/core/question.ts";
import type { Answer, Progress } from "../../src/core/types.ts";

export const start = 1_700_000_000_000;

export const running: Progress = {
  turn: "t1",
  startedAt: start,
  now: "Running npm test",
  steps: [
    { call: "1", title: "Read login.ts", state: "ok" },
    { call: "2", title: "npm run lint", state: "failed" },
    { call: "3", title: "npm test", state: "running" },
  ],
  earlierSteps: 2,
  said: "The cookie is **never** set.",
  repository: "acme/api",
  branch: "threadbox/fix-login",
  usage: { inputTokens: 11_000, outputTokens: 1_300, costUsd: 0.1 },
  tools: 5,
  ended: null,
  changedAt: start + 80_000,
};

export const done: Answer = {
  turn: "t1",
  session: "s1",
  title: "fix the login",
  result: {
    outcome: "done",
    answer: "The cookie was **never** set.",
    changes: { files: 3, insertions: 10, deletions: 2 },
    branch: "threadbox/fix-login",
    usage: { inputTokens: 11_000, outputTokens: 1_300, costUsd: 0.1234 },
    durationMs: 83_000,
  },
  repository: "acme/api",
  pullRequest: { number: 12, url: "https://github.com/acme/api/pull/12" },
  askers: [{ surface: "slack", id: "U1", name: "ada" }],
  page: null,
};

export const card: Card = {
  ...{ number: 12, url: "https://github.com/acme/api/pull/12", title: "Fix the login", repository: "acme/api" },
  ...{ state: "open", draft: false, head: "abc", changes: { files: 3, insertions: 10, deletions: 2 } },
  checks: { passed: 2, failed: 1, running: 1, failing: ["test (20)"] },
  reviews: [
    {
      ...{ id: 9, by: "rita", says: "changes-requested" },
      url: "https://github.com/acme/api/pull/12#pullrequestreview-9",
    },
    { id: 10, by: "grace", says: "approved", url: "https://github.com/acme/api/pull/12#pullrequestreview-10" },
  ],
  updatedAt: start,
};

export const question: AskedQuestion = {
  id: "q1",
  text: "Which database shall I use?\n\nThe tests need **one** of them.",
  options: ["Postgres", "SQLite"],
  otherwise: "Postgres",
  expiresAt: start + 15 * 60_000,
  turn: "t1",
  title: "add a database",
  askers: [{ surface: "slack", id: "U1", name: "ada" }],
};
