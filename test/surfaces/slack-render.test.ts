import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer, Progress } from "../../src/core/types.ts";
import { type Rendered, renderAnswer, renderNote, renderProgress } from "../../src/surfaces/slack-render.ts";

const start = 1_700_000_000_000;

const running: Progress = {
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

const mrkdwn = (text: string) => ({ type: "mrkdwn", text, verbatim: true });
const section = (text: string) => ({ type: "section", text: mrkdwn(text) });
const context = (text: string) => ({ type: "context", elements: [mrkdwn(text)] });

describe("progress in Slack", () => {
  test("says what it does now, the last steps, the small print, and can be stopped", () => {
    assert.deepEqual(renderProgress(running, "https://bot.acme.io/sessions/s1", start + 83_000), {
      text: "▸ Working: Running npm test (1 min 23 s as of <!date^1700000083^{time}|22:14 UTC>)",
      blocks: [
        section("*▸ Working: Running npm test*"),
        section("… 2 earlier steps\n✓ done: Read login.ts\n✗ failed: npm run lint\n▸ now: npm test"),
        { type: "markdown", text: "The cookie is **never** set." },
        context(
          "acme/api · `threadbox/fix-login` · 5 steps · 12.3k tokens · 1 min 23 s · as of <!date^1700000083^{time}|22:14 UTC> · <https://bot.acme.io/sessions/s1|session>",
        ),
        {
          type: "actions",
          elements: [
            {
              type: "button",
              action_id: "threadbox_stop",
              value: "t1",
              style: "danger",
              text: { type: "plain_text", text: "Stop" },
              accessibility_label: "Stop this turn",
            },
          ],
        },
      ],
    });
  });

  test("says when nothing was heard for a while", () => {
    const { blocks } = renderProgress(running, null, start + 80_000 + 125_000);
    assert.match(JSON.stringify(blocks), / · no news for 2 min 05 s · as of <!date/);
  });

  const ends: [Progress["ended"], string][] = [
    ["done", "✓ Done"],
    ["failed", "✗ Failed"],
    ["stopped", "■ Stopped"],
    ["timed-out", "✗ Timed out"],
  ];
  for (const [ended, headline] of ends) {
    test(`says ${headline} at its end and nothing to press`, () => {
      assert.deepEqual(renderProgress({ ...running, ended }, null, start + 900_000), {
        text: `${headline} (1 min 20 s)`,
        blocks: [
          section(`*${headline}*`),
          context("acme/api · `threadbox/fix-login` · 5 steps · 12.3k tokens · 1 min 20 s"),
        ],
      });
    });
  }

  test("at the very beginning is two lines and a button", () => {
    const bare = { ...running, steps: [], earlierSteps: 0, said: "", repository: null, branch: null, tools: 0 };
    const empty = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
    const { blocks } = renderProgress({ ...bare, usage: empty, now: "Starting" }, null, start + 3_000);
    assert.deepEqual(blocks.slice(0, 2), [
      section("*▸ Working: Starting*"),
      context("3 s · as of <!date^1700000003^{time}|22:13 UTC>"),
    ]);
  });

  test("shows what a tool is called, not what it would ping or link", () => {
    const steps: Progress["steps"] = [
      { call: "1", title: "echo '<!channel> <https://evil.io|x>' & @here", state: "ok" },
    ];
    const { blocks } = renderProgress({ ...running, steps, earlierSteps: 0 }, null, start);
    assert.deepEqual(blocks[1], section("✓ done: echo '@\u200bchannel &lt;https://evil.io|x&gt;' &amp; @\u200bhere"));
  });

  test("stays within the limits of Slack, however much there is to say", () => {
    const steps = Array.from({ length: 10 }, (_, i) => ({
      call: `${i}`,
      title: "<&>".repeat(400),
      state: "ok" as const,
    }));
    const said = "a".repeat(20_000);
    const long = { ...running, steps, said, now: "&".repeat(5_000), branch: "b".repeat(700) };
    const rendered = renderProgress(long, "https://bot.acme.io/s", start);
    withinLimits(rendered);
    assert.ok(rendered.text.length <= 4_000);
  });
});

const done: Answer = {
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

describe("an answer in Slack", () => {
  test("pings the asker, says what was done, and ends with the small print", () => {
    assert.deepEqual(renderAnswer(done), [
      {
        text: "<@U1> ✓ Done: fix the login\nThe cookie was **never** set.",
        blocks: [
          section("<@U1> ✓ Done: fix the login"),
          { type: "markdown", text: "The cookie was **never** set." },
          context(
            "acme/api · `threadbox/fix-login` · <https://github.com/acme/api/pull/12|pull request #12> · 3 files +10 −2 · 1 min 23 s · 12.3k tokens · $0.12 · session s1",
          ),
        ],
      },
    ]);
  });

  test("pings everybody who asked once, and people of other surfaces not at all", () => {
    const ada = { surface: "slack" as const, id: "U1", name: "ada" };
    const askers = [ada, { surface: "github" as const, id: "7", name: "bob" }, ada, { ...ada, id: "U2" }];
    assert.match(renderAnswer({ ...done, askers })[0]?.text ?? "", /^<@U1> <@U2> ✓ Done/);
    assert.match(renderAnswer({ ...done, askers: [] })[0]?.text ?? "", /^✓ Done/);
  });

  const ends: [string, Partial<Answer["result"]>, string | undefined, string, string][] = [
    [
      "a failure is its cause, then its remedy",
      { outcome: "failed", answer: "I tried.", failure: { code: "git.push-refused", detail: "main is protected" } },
      "Fix the rule and write `retry`.",
      "<@U1> ✗ Failed: fix the login",
      "**main is protected**\n\nFix the rule and write `retry`.\n\nI tried.",
    ],
    [
      "a failure without words is its code",
      { outcome: "timed-out", answer: "", failure: { code: "turn.timed-out", detail: "" } },
      "Write `retry`.",
      "<@U1> ✗ Timed out: fix the login",
      "**turn.timed-out**\n\nWrite `retry`.",
    ],
    [
      "a stop is who stopped it",
      { outcome: "stopped", stoppedBy: "grace", answer: "Half done." },
      undefined,
      "<@U1> ■ Stopped by grace: fix the login",
      "Half done.",
    ],
    ["silence is said", { answer: "  " }, undefined, "<@U1> ✓ Done: fix the login", "The agent ended without a word."],
  ];
  for (const [name, result, remedy, headline, body] of ends) {
    test(name, () => {
      const answer = { ...done, result: { ...done.result, ...result }, ...(remedy ? { remedy } : {}) };
      const [first] = renderAnswer(answer);
      assert.deepEqual(first?.blocks.slice(0, 2), [section(headline), { type: "markdown", text: body }]);
    });
  }

  test("never pings a crowd, whatever the model writes", () => {
    const text = "<!channel> @here <@U9> <!subteam^S1>";
    const [first] = renderAnswer({ ...done, title: text, result: { ...done.result, answer: text } });
    assert.doesNotMatch(JSON.stringify(first), /<!|@here|<@U9>|subteam/);
  });

  test("is several messages when it is long: the ping first, the small print last", () => {
    const answer = "One paragraph of some length, which is repeated.\n\n".repeat(600);
    const messages = renderAnswer({ ...done, result: { ...done.result, answer } });
    assert.equal(messages.length, 3);
    assert.deepEqual(
      messages.map(({ blocks }) => blocks.map((block) => block.type).join(" ")),
      ["section markdown", "markdown", "markdown context"],
    );
    for (const message of messages) withinLimits(message);
    const words = messages.flatMap(({ blocks }) => JSON.stringify(blocks).match(/repeated/g) ?? []);
    assert.equal(words.length, 600);
  });
});

test("a note is Markdown, with a fallback that links and pings nothing", () => {
  assert.deepEqual(renderNote("**Stopped** by <@U1>, see <https://x.io|x>"), [
    {
      text: "**Stopped** by @\u200bU1, see &lt;https://x.io|x&gt;",
      blocks: [{ type: "markdown", text: "**Stopped** by @\u200bU1, see <https://x.io|x>" }],
    },
  ]);
});

/** Slack's limits for blocks, as it enforces them. */
function withinLimits({ blocks }: Rendered): void {
  assert.ok(blocks.length <= 50);
  let chars = 0;
  for (const block of blocks) {
    if (block.type === "section") assert.ok((block.text?.text.length ?? 0) <= 3_000);
    if (block.type === "context") assert.ok(JSON.stringify(block).length <= 2_000);
    if (block.type === "markdown") assert.ok(block.text.length <= 12_000);
    chars += JSON.stringify(block).length;
  }
  assert.ok(chars <= 13_200, `${chars}`);
}
