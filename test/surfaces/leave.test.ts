/** A wish for leave as each surface shows it: the command to the letter, and nothing in it means anything to the surface. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AskedQuestion } from "../../src/core/question.ts";
import { renderQuestion as onGitHub } from "../../src/surfaces/github-render.ts";
import { askedText } from "../../src/surfaces/question-text.ts";
import { renderProgress } from "../../src/surfaces/slack-render-progress.ts";
import {
  renderQuestion as inSlack,
  renderSettled as settledInSlack,
} from "../../src/surfaces/slack-render-question.ts";
import { questionText } from "../../src/surfaces/terminal-render.ts";
import { checkBlocks } from "../emulators/slack/blocks.ts";
import { question, running } from "./slack-examples.ts";

const wish = (subject: string): AskedQuestion => ({
  ...question,
  ...{ text: `Allow bash: ${subject}`, options: ["Allow", "Deny"], otherwise: "Deny" },
  permission: { tool: "bash", subject },
});

test("#7 in Slack it has a button to allow and one to deny, and the command stands in a block that Slack does not read", () => {
  const command = "echo *bold* _x_ ~y~ `z` <https://evil.example|here> :smile: &amp; && rm -rf /";
  const { blocks } = inSlack(wish(command));
  assert.deepEqual(checkBlocks(blocks), { is: "fine" });
  assert.deepEqual(
    blocks.filter(({ type }) => type === "rich_text"),
    [
      {
        type: "rich_text",
        elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text: command }] }],
      },
    ],
  );
  const buttons = blocks.flatMap((block) => (block.type === "actions" ? block.elements : []));
  assert.deepEqual(
    buttons.map((button) => button.type === "button" && [button.text.text, button.style ?? null]),
    [
      ["Allow", "primary"],
      ["Deny", "danger"],
      ["Deny, because…", null],
    ],
  );
  const settled = settledInSlack({
    ...wish(command),
    ref: null,
    decision: { is: "answered", answer: "Deny", by: "ada" },
  });
  assert.deepEqual(checkBlocks(settled.blocks), { is: "fine" });
  assert.match(JSON.stringify(settled.blocks), /Answered by ada: Deny/);
});

test("#7 nothing in it pings, however it is written, and Slack takes the longest and the emptiest", () => {
  for (const subject of ["<!channel> <@U9> @here ".repeat(200), "  ", "&".repeat(5_000)]) {
    const message = inSlack({ ...wish(subject), permission: { tool: "<!channel>", subject } });
    assert.deepEqual(checkBlocks(message.blocks), { is: "fine" });
    assert.doesNotMatch(JSON.stringify(message).replaceAll("<@U1>", ""), /<!channel>|<@U9>/);
  }
});

test("#7 on GitHub and on the page it stands in a fence that it cannot end", () => {
  const command = "cat <<'X'\n```\n@acme/everyone **bold**\n````\nX";
  assert.ok(askedText(wish(command)).includes(`\n\`\`\`\`\`\n${command}\n\`\`\`\`\`\n`));
  assert.match(askedText(wish("make deploy")), /^\*\*I need leave\*\* to do this \(bash\):\n\n```\nmake deploy\n```/);
  assert.match(
    onGitHub(wish("make deploy")),
    /1\. Allow\n2\. Deny\n\nReply here Allow or Deny until .* UTC; .* After that it is denied\.$/,
  );
});

test("#7 in a terminal it steers nothing", () => {
  assert.match(
    questionText(wish("make \u001b[2Jdeploy"), false),
    /^\? Allow bash: make deploy\n1\. Allow\n2\. Deny\nReply here Allow/,
  );
});

test("#7 what a rule denied stays under the progress in Slack when the turn is over", () => {
  const over = { ...running, ended: "done" as const, denied: ["rm -rf <!channel>"] };
  const { blocks } = renderProgress(over, null, running.changedAt, "plan");
  assert.match(JSON.stringify(blocks), /✗ not allowed: rm -rf /);
  assert.doesNotMatch(JSON.stringify(blocks), /<!channel>/);
});
