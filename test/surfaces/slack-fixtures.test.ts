/** Each kind of message that we post in Slack, block by block, as docs/slack.md lists them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Answer, Progress } from "../../src/core/types.ts";
import type { Rendered } from "../../src/surfaces/slack-blocks.ts";
import { renderAnswer, renderBeginning, renderNote, withButton } from "../../src/surfaces/slack-render.ts";
import { renderProgress } from "../../src/surfaces/slack-render-progress.ts";
import { renderQuestion, renderSettled } from "../../src/surfaces/slack-render-question.ts";
import { rowsUnder, textOf, ticked } from "../documents.ts";
import { checkBlocks } from "../emulators/slack/blocks.ts";
import { done as answered, question, running, start } from "./slack-examples.ts";

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

const done: Answer = { ...answered, page };
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
};
const log = `\`\`\`\n${"GET /login 500\n".repeat(2_000)}\`\`\``;
const long: Answer = {
  ...done,
  result: { ...done.result, answer: `The login fails 2,000 times a day. All of them:\n\n${log}` },
};
const file = { name: "answer.md", permalink: "https://acme.slack.com/files/U0THREADBOX/F00000001/answer.md" };

const first = ([message]: Rendered[]): Rendered => message ?? { text: "", blocks: [] };
const messages: Record<string, Rendered> = {
  "progress-starting": renderProgress(starting, page, start + 3_000, "plan"),
  "progress-running": renderProgress(running, page, start + 83_000, "plan"),
  "progress-running-in-lines": renderProgress(running, page, start + 83_000, "lines"),
  "progress-ended": renderProgress(ended, page, start + 83_000, "plan"),
  "answer-done": first(renderAnswer(done)),
  "answer-failed": first(renderAnswer(failed)),
  "answer-long": renderBeginning(long, file),
  "question-open": renderQuestion(question),
  "question-answered": renderSettled({
    ...question,
    ref: "1700000000.000100",
    decision: { is: "answered", answer: "SQLite", by: "grace" },
  }),
  "question-expired": renderSettled({ ...question, ref: null, decision: { is: "expired", answer: "Postgres" } }),
  note: first(renderNote("Stopped by ada. The branch `threadbox/fix-login` is pushed.")),
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

  test("is in docs/slack.md, every kind and no other", () => {
    const files = rowsUnder("message", textOf("docs/slack.md")).flatMap(([, , name = ""]) => ticked(name));
    assert.deepEqual(
      files,
      Object.keys(messages).map((name) => `${name}.json`),
    );
    assert.deepEqual(files.toSorted(), readdirSync(FOLDER).toSorted());
  });
});
