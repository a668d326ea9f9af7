/** A thread in Slack and one on GitHub that follow the same session say the same: no fact stands in one of them only. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide } from "../../src/core/decide.ts";
import type { Answer, Progress } from "../../src/core/types.ts";
import * as onGitHub from "../../src/surfaces/github-render.ts";
import * as inSlack from "../../src/surfaces/slack-render.ts";
import { renderProgress as slackProgress } from "../../src/surfaces/slack-render-progress.ts";
import {
  accepted,
  done,
  NOW,
  pullRequestThread,
  ready,
  onGitHub as repository,
  says,
  slackThread,
  tell,
} from "../core/story.ts";

const usage = { inputTokens: 11_200, outputTokens: 800, costUsd: 0.1234 };
const page = "https://box.dev/sessions/s1";
const answer: Answer = {
  ...{ turn: "t1", session: "s1", title: "fix the login", repository: "acme/api", page },
  result: {
    ...{ outcome: "done", answer: "Fixed the cookie.", branch: "threadbox/login-x", durationMs: 72_000, usage },
    changes: { files: 3, insertions: 10, deletions: 2 },
  },
  pullRequest: { number: 12, url: "https://github.com/acme/api/pull/12" },
  tests: [
    { command: "npm test", ok: true },
    { command: "npm run e2e", ok: false },
  ],
  askers: [
    { surface: "slack", id: "U1", name: "ada" },
    { surface: "github", id: "1", name: "alice" },
  ],
};
const { result } = answer;
const failure = { code: "git.push-refused", detail: "main is protected" };

const answers: [string, Answer, string[]][] = [
  [
    "that went well",
    answer,
    [
      ...[
        "Fixed the cookie.",
        "threadbox/login-x",
        "pull request #12",
        answer.pullRequest?.url ?? "",
        "3 files +10 −2",
      ],
      ...["npm test` passed", "npm run e2e` failed", "1 min 12 s", "12.0k tokens", "$0.12", page, "acme/api"],
    ],
  ],
  ["without tests", { ...answer, tests: [] }, ["no tests run"]],
  [
    "that failed",
    { ...answer, remedy: "Fix the rule.", result: { ...result, outcome: "failed", failure } },
    ["Failed", "main is protected", "Fix the rule.", "Fixed the cookie."],
  ],
  [
    "that was stopped",
    { ...answer, result: { ...result, outcome: "stopped", stoppedBy: "bob" } },
    ["Stopped by bob", "Fixed the cookie."],
  ],
  ["that took too long", { ...answer, result: { ...result, outcome: "timed-out" } }, ["Timed out"]],
  ["without a word", { ...answer, result: { ...result, answer: "" } }, ["The agent ended without a word."]],
  ["without a page", { ...answer, page: null }, ["s1"]],
];

describe("Slack and GitHub tell the same of a turn", () => {
  for (const [name, told, facts] of answers)
    test(name, () => {
      const slack = plainOf(inSlack.renderAnswer(told));
      const github = onGitHub.renderAnswer(told).join("\n");
      for (const fact of facts)
        for (const text of [slack, github]) assert.ok(text.includes(fact), `${fact} in ${text}`);
    });
});

const progress: Progress = {
  ...{ turn: "t1", startedAt: NOW, now: "Running npm test", earlierSteps: 4, tools: 7, ended: null, usage },
  steps: [
    { call: "1", title: "read src/login.ts", state: "ok" },
    { call: "2", title: "npm run lint", state: "failed" },
    { call: "3", title: "npm test", state: "running" },
  ],
  ...{
    said: "The cookie is set too late.",
    repository: "acme/api",
    branch: "threadbox/login-x",
    changedAt: NOW + 70_000,
  },
};

const states: [string, Progress, string[]][] = [
  [
    "goes on",
    progress,
    [
      ...[
        "Running npm test",
        "read src/login.ts",
        "npm run lint",
        "failed",
        "4 earlier steps",
        "7 steps",
        "12.0k tokens",
      ],
      ...["1 min 15 s", "22:14 UTC", "acme/api", "threadbox/login-x", page, "The cookie is set too late."],
    ],
  ],
  ["went well", { ...progress, ended: "done" }, ["Done", "1 min 10 s", "7 steps", "12.0k tokens", "threadbox/login-x"]],
  ["was stopped", { ...progress, ended: "stopped" }, ["Stopped", "1 min 10 s"]],
];

describe("Slack and GitHub show the same of a turn that", () => {
  for (const [name, shown, facts] of states)
    test(name, () => {
      const now = NOW + 75_000;
      const slack = plainOf([slackProgress(shown, page, now, "lines")]);
      const github = onGitHub.renderProgress(shown, page, now);
      const said = facts.map((fact) => fact.replace("22:14 UTC", new Date(now).toISOString().slice(11, 16)));
      for (const fact of said) for (const text of [slack, github]) assert.ok(text.includes(fact), `${fact} in ${text}`);
    });
});

describe("who follows the session in another thread hears the same news", () => {
  const outcomes = ["done", "failed", "stopped", "timed-out"] as const;
  for (const outcome of outcomes)
    test(`of a turn that is ${outcome}`, () => {
      const asked = says("m1", "fix the login", { thread: pullRequestThread }, repository);
      const { session } = tell(asked, ready, accepted("m1"));
      const result = { ...done, outcome, answer: "The cookie is set." };
      const threads = [pullRequestThread, slackThread];
      const { effects } = decide({ ...session, threads }, { type: "turn.ended", turn: "m1", attempt: 1, result }, NOW);
      const news = effects.flatMap(({ effect }) => (effect.do === "say" ? [effect.text] : []));
      assert.equal(news.length, 1);
      const slack = plainOf(inSlack.renderNote(news[0] ?? ""));
      const github = onGitHub.renderNote(news[0] ?? "").join("\n");
      for (const text of [slack, github]) assert.match(text, /alice asked .*"fix the login"\. .*: The cookie is set\./);
    });
});

/** All that a person reads in it. */
function plainOf(messages: { text: string; blocks: unknown[] }[]): string {
  return JSON.stringify(messages).replaceAll("\\n", "\n").replaceAll('\\"', '"');
}
