import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Progress } from "../../src/core/types.ts";
import { renderProgress } from "../../src/surfaces/slack-render-progress.ts";
import { running, start } from "./slack-examples.ts";
import { withinLimits } from "./slack-limits.ts";

const mrkdwn = (text: string) => ({ type: "mrkdwn", text, verbatim: true });
const section = (text: string) => ({ type: "section", text: mrkdwn(text) });
const context = (text: string) => ({ type: "context", elements: [mrkdwn(text)] });

describe("progress in Slack, in lines", () => {
  test("#29 #57 says what it does now, the last steps, the small print, and can be stopped", () => {
    assert.deepEqual(renderProgress(running, "https://bot.acme.io/sessions/s1", start + 83_000, "lines"), {
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

  test("#29 says when nothing was heard for a while", () => {
    const { blocks } = renderProgress(running, null, start + 80_000 + 125_000, "lines");
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
      assert.deepEqual(renderProgress({ ...running, ended }, null, start + 900_000, "lines"), {
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
    const { blocks } = renderProgress({ ...bare, usage: empty, now: "Starting" }, null, start + 3_000, "lines");
    assert.deepEqual(blocks.slice(0, 2), [
      section("*▸ Working: Starting*"),
      context("3 s · as of <!date^1700000003^{time}|22:13 UTC>"),
    ]);
  });

  test("#34 #35 shows what a tool is called, not what it would ping or link", () => {
    const steps: Progress["steps"] = [
      { call: "1", title: "echo '<!channel> <https://evil.io|x>' & @here", state: "ok" },
    ];
    const { blocks } = renderProgress({ ...running, steps, earlierSteps: 0 }, null, start, "lines");
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
    const rendered = renderProgress(long, "https://bot.acme.io/s", start, "lines");
    withinLimits(rendered);
    assert.ok(rendered.text.length <= 4_000);
  });
});

describe("progress in Slack, as its own plan", () => {
  const page = "https://bot.acme.io/sessions/s1";
  const planOf = (progress: Progress) => {
    const [plan] = renderProgress(progress, null, start, "plan").blocks;
    return plan?.type === "plan" ? plan : null;
  };

  test("#29 has a card for each of the last steps, with its state", () => {
    const inLines = renderProgress(running, page, start + 83_000, "lines");
    const asPlan = renderProgress(running, page, start + 83_000, "plan");
    assert.deepEqual(asPlan.blocks[0], {
      type: "plan",
      title: "Working: Running npm test",
      tasks: [
        { type: "task_card", task_id: "earlier", title: "… 2 earlier steps", status: "complete" },
        { type: "task_card", task_id: "step-3", title: "Read login.ts", status: "complete" },
        { type: "task_card", task_id: "step-4", title: "npm run lint", status: "error" },
        { type: "task_card", task_id: "step-5", title: "npm test", status: "in_progress" },
      ],
    });
    assert.deepEqual(asPlan.blocks.slice(1), inLines.blocks.slice(2));
    assert.equal(asPlan.text, inLines.text);
  });

  test("#29 leaves no card behind that still goes on when the turn is over", () => {
    const over: Progress = { ...running, ended: "stopped" };
    const rendered = renderProgress(over, page, start + 900_000, "plan");
    assert.deepEqual(rendered, renderProgress(over, page, start + 900_000, "lines"));
    assert.doesNotMatch(JSON.stringify(rendered), /task_card|in_progress/);
  });

  test("is none before the first step", () => {
    const bare = { ...running, steps: [], earlierSteps: 0 };
    assert.deepEqual(renderProgress(bare, null, start, "plan"), renderProgress(bare, null, start, "lines"));
  });

  test("#34 #35 shows what a tool is called as it is, and what would ping broken", () => {
    const steps: Progress["steps"] = [{ call: "1", title: "echo '<!channel> <b>' & @here", state: "ok" }];
    assert.deepEqual(planOf({ ...running, steps, earlierSteps: 0, now: "<@U1>" }), {
      type: "plan",
      title: "Working: @\u200bU1",
      tasks: [
        { type: "task_card", task_id: "step-1", title: "echo '@\u200bchannel <b>' & @\u200bhere", status: "complete" },
      ],
    });
  });

  test("stays within the limits of Slack, and names a step that has no name", () => {
    const steps = Array.from({ length: 8 }, (_, i) => ({
      call: `${i}`,
      title: "<&>".repeat(400),
      state: "ok" as const,
    }));
    const long = { ...running, steps, said: "a".repeat(20_000), now: "&".repeat(5_000), branch: "b".repeat(700) };
    withinLimits(renderProgress(long, page, start, "plan"));
    const nameless = { ...running, steps: [{ call: "1", title: " ", state: "running" as const }], earlierSteps: 0 };
    assert.deepEqual(planOf(nameless)?.tasks, [
      { type: "task_card", task_id: "step-1", title: "step", status: "in_progress" },
    ]);
  });
});

test("#44 the one hour of a clock that is shown is a date of Slack's, in each reader's time zone, with UTC for those who get none", () => {
  const shown = JSON.stringify(renderProgress(running, null, start + 83_000, "plan"));
  const dates = shown.match(/<!date\^\d+\^\{time\}\|\d\d:\d\d UTC>/g) ?? [];
  assert.deepEqual([...new Set(dates)], ["<!date^1700000083^{time}|22:14 UTC>"]);
  assert.doesNotMatch(shown.replaceAll(dates[0] ?? "", ""), /\d\d:\d\d/);
});
