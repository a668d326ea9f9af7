/** Each kind of message that we post in Slack, block by block, as docs/slack.md lists them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { concernsOf } from "../../src/core/card.ts";
import type { Answer, Progress, Repository } from "../../src/core/types.ts";
import type { Rendered } from "../../src/surfaces/slack-blocks.ts";
import { withChange, withChoices } from "../../src/surfaces/slack-choices.ts";
import { type ListedTurn, renderHome } from "../../src/surfaces/slack-home.ts";
import { renderAnswer, renderBeginning, renderNote, withButton } from "../../src/surfaces/slack-render.ts";
import { renderCard, renderPing } from "../../src/surfaces/slack-render-card.ts";
import { renderProgress } from "../../src/surfaces/slack-render-progress.ts";
import { renderQuestion, renderSettled } from "../../src/surfaces/slack-render-question.ts";
import { rowsUnder, textOf, ticked } from "../documents.ts";
import { checkBlocks } from "../emulators/slack/blocks.ts";
import { done as answered, card, question, running, start } from "./slack-examples.ts";

const page = "https://bot.acme.io/sessions/s1";

const starting: Progress = {
  ...running,
  now: "Starting",
  steps: [],
  earlierSteps: 0,
  said: "",
  branch: null,
  usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
  tools: 0,
  changedAt: start,
};
const ended: Progress = { ...running, ended: "done" };

const done: Answer = { ...answered, tests: [{ command: "npm test", ok: true }], page };
const failed: Answer = {
  ...done,
  result: {
    outcome: "failed",
    answer: "",
    failure: { code: "git.push-refused", detail: "main is protected" },
    durationMs: 83_000,
  },
  remedy: "Fix the rule and write `retry`.",
  pullRequest: null,
  tests: [
    { command: "npm test", ok: false },
    { command: "npm run test:e2e", ok: null },
  ],
};
const log = `\`\`\`\n${"GET /login 500\n".repeat(2_000)}\`\`\``;
const long: Answer = {
  ...done,
  tests: [],
  result: { ...done.result, answer: `The login fails 2,000 times a day. All of them:\n\n${log}` },
};
const file = { name: "answer.md", permalink: "https://acme.slack.com/files/U0THREADBOX/F00000001/answer.md" };

const first = ([message]: Rendered[]): Rendered => message ?? { text: "", blocks: [] };
const leave = {
  ...question,
  ...{ text: "Allow bash: npm publish --tag next", options: ["Allow", "Deny"], otherwise: "Deny" },
  permission: { tool: "bash", subject: "npm publish --tag next" },
};
const messages: Record<string, Rendered> = {
  "progress-starting": renderProgress(starting, page, start + 3_000, "plan"),
  "progress-changeable": withChange(
    renderProgress({ ...starting, changeable: true }, page, start + 3_000, "plan"),
    { ...starting, changeable: true },
    ["acme/api", "acme/docs"],
  ),
  "progress-running": renderProgress(running, page, start + 83_000, "plan"),
  "progress-running-in-lines": renderProgress(running, page, start + 83_000, "lines"),
  "progress-ended": renderProgress(ended, page, start + 83_000, "plan"),
  "answer-done": first(renderAnswer(done)),
  "answer-failed": first(renderAnswer(failed)),
  "answer-long": renderBeginning(long, file),
  "card-new": renderCard({ ...card, checks: { passed: 0, failed: 0, running: 0, failing: [] }, reviews: [] }, "card"),
  "card-failed": renderCard(card, "card"),
  "card-in-lines": renderCard(card, "lines"),
  "card-merged": renderCard(
    {
      ...card,
      state: "merged",
      checks: { passed: 4, failed: 0, running: 0, failing: [] },
      reviews: card.reviews.slice(1),
    },
    "card",
  ),
  "card-ping": renderPing(
    concernsOf({ ...card, checks: { passed: 3, failed: 1, running: 0, failing: ["test (20)"] } })[0]?.text ?? "",
    answered.askers,
  ),
  "question-open": renderQuestion(question),
  "question-leave": renderQuestion(leave),
  "question-answered": renderSettled({
    ...question,
    ref: "1700000000.000100",
    decision: { is: "answered", answer: "SQLite", by: "grace" },
  }),
  "question-expired": renderSettled({ ...question, ref: null, decision: { is: "expired", answer: "Postgres" } }),
  note: first(renderNote("Stopped by ada. The branch `threadbox/fix-login` is pushed.")),
  "question-repository": first(
    withChoices(renderNote("Which repository? Say `repo=` with one of: `acme/api`, `acme/docs`."), [
      "acme/api",
      "acme/docs",
    ]),
  ),
  refusal: first(
    renderNote("Guests cannot start turns here; ask a member, or an admin can allow guests in threadbox.yml."),
  ),
  "refusal-connect": first(
    withButton(renderNote("To work on `acme/api` for you I have to know who you are on GitHub."), {
      label: "Connect GitHub",
      url: "https://bot.acme.io/connect/github?t=sealed",
    }),
  ),
};

const mine: ListedTurn = {
  ...{ turn: "t1", session: "s1", title: "fix the login", by: "U1", page },
  thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000000.000100" },
  link: "https://acme.slack.com/archives/C1/p1700000000000100",
  ...{ repository: "acme/api", branch: "threadbox/fix-login", pullRequest: null },
  ...{ startedAt: start, outcome: null, isStopping: false },
};
const over: ListedTurn = { ...mine, turn: "t0", outcome: "done", pullRequest: done.pullRequest };
const api: Repository = { id: "7", name: "acme/api", url: "https://github.com/acme/api", base: "", channels: ["C1"] };
const home = {
  ...{ running: [mine], last: [over], repositories: [api, { ...api, id: "8", name: "acme/docs", channels: [] }] },
  agents: ["pi"],
  preferences: { repository: "acme/api", agent: null, model: "anthropic/claude-sonnet-4-5" },
};
const nothing = { repository: null, agent: null, model: null };
const views: Record<string, ReturnType<typeof renderHome>> = {
  "home-empty": renderHome({ ...home, running: [], last: [], preferences: nothing }),
  home: renderHome({ ...home, github: { login: "ada-l" } }),
  "home-admin": renderHome({
    ...{ ...home, last: [], github: { connectUrl: "https://bot.acme.io/github/connect/abc" } },
    admin: {
      running: [{ ...mine, by: "U2", title: "a secret" }],
      ...{ today: { turns: 12, tokens: 120_000, dollars: 3.5 }, turnsPerDay: 200 },
    },
  }),
};

const FOLDER = join(import.meta.dirname, "..", "fixtures", "slack");
const fixture = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));

describe("what stands in Slack, block by block", () => {
  for (const [name, message] of Object.entries(messages)) {
    test(`#57 ${name}, which Slack takes, with a text for notifications and screen readers`, () => {
      assert.deepEqual(message, fixture(name));
      assert.deepEqual(checkBlocks(message.blocks), { is: "fine" });
      assert.notEqual(message.text, "");
    });
  }

  for (const [name, view] of Object.entries(views)) {
    test(`#46 ${name}, which Slack takes`, () => {
      assert.deepEqual(view, fixture(name));
      assert.deepEqual(checkBlocks(view.blocks, "view"), { is: "fine" });
    });
  }

  test("#46 an admin reads what runs, and no words of others", () =>
    assert.doesNotMatch(JSON.stringify(views["home-admin"]), /a secret/));

  test("is in docs/slack.md, every kind and no other", () => {
    const files = rowsUnder("message", textOf("docs/slack.md")).flatMap(([, , name = ""]) => ticked(name));
    assert.deepEqual(
      files,
      [...Object.keys(messages), ...Object.keys(views)].map((name) => `${name}.json`),
    );
    assert.deepEqual(files.toSorted(), readdirSync(FOLDER).toSorted());
  });
});
