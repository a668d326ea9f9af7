import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer } from "../../src/core/types.ts";
import { feedbackButtons } from "../../src/surfaces/slack-feedback.ts";
import { renderAnswer, renderBeginning, renderNote } from "../../src/surfaces/slack-render.ts";
import { done } from "./slack-examples.ts";
import { withinLimits } from "./slack-limits.ts";

const mrkdwn = (text: string) => ({ type: "mrkdwn", text, verbatim: true });
const section = (text: string) => ({ type: "section", text: mrkdwn(text) });
const context = (text: string) => ({ type: "context", elements: [mrkdwn(text)] });

describe("an answer in Slack", () => {
  test("#57 pings the asker, says what was done in blocks and in text, and ends with the small print", () => {
    assert.deepEqual(renderAnswer(done), [
      {
        text: "<@U1> ✓ Done: fix the login\nThe cookie was **never** set.",
        blocks: [
          section("<@U1> ✓ Done: fix the login"),
          { type: "markdown", text: "The cookie was **never** set." },
          context(
            "acme/api · `threadbox/fix-login` · <https://github.com/acme/api/pull/12|pull request #12> · 3 files +10 −2 · 1 min 23 s · 12.3k tokens · $0.12 · session s1",
          ),
          ...feedbackButtons(done),
        ],
      },
    ]);
  });

  test("#34 pings everybody who asked once, and people of other surfaces not at all", () => {
    const ada = { surface: "slack" as const, id: "U1", name: "ada" };
    const askers = [ada, { surface: "github" as const, id: "7", name: "bob" }, ada, { ...ada, id: "U2" }];
    assert.match(renderAnswer({ ...done, askers })[0]?.text ?? "", /^<@U1> <@U2> ✓ Done/);
    assert.match(renderAnswer({ ...done, askers: [] })[0]?.text ?? "", /^✓ Done/);
  });

  const ends: [string, Partial<Answer["result"]>, string | undefined, string, string][] = [
    [
      "#49 a failure is its cause, then its remedy",
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

  test("#34 never pings a crowd, whatever the model writes", () => {
    const text = "<!channel> @here <@U9> <!subteam^S1>";
    const [first] = renderAnswer({ ...done, title: text, result: { ...done.result, answer: text } });
    assert.doesNotMatch(JSON.stringify(first), /<!|@here|<@U9>|subteam/);
  });

  test("#31 is several messages when it is long: the ping first, the small print last", () => {
    const answer = "One paragraph of some length, which is repeated.\n\n".repeat(600);
    const messages = renderAnswer({ ...done, result: { ...done.result, answer } });
    assert.equal(messages.length, 3);
    assert.deepEqual(
      messages.map(({ blocks }) => blocks.map((block) => block.type).join(" ")),
      ["section markdown", "markdown", "markdown context context_actions"],
    );
    for (const message of messages) withinLimits(message);
    const words = messages.flatMap(({ blocks }) => JSON.stringify(blocks).match(/repeated/g) ?? []);
    assert.equal(words.length, 600);
  });
});

describe("the beginning of an answer in Slack", () => {
  const long = { ...done, result: { ...done.result, answer: `# Found\n\n${"Words of it.\n\n".repeat(3_000)}` } };
  const file = { name: "answer.md", permalink: "https://acme.slack.com/files/U0BOT/F1/answer.md" };

  test("#31 says that it is one, how long the whole is, and where that stands", () => {
    const message = renderBeginning(long, file);
    assert.deepEqual(
      message.blocks.map(({ type }) => type),
      ["section", "markdown", "context", "context", "context_actions"],
    );
    assert.deepEqual(
      message.blocks[2],
      context(
        "This is the beginning. The whole answer, 42,007 characters, is the file <https://acme.slack.com/files/U0BOT/F1/answer.md|answer.md> in this thread.",
      ),
    );
    assert.match(message.text, /This is the beginning\. The whole answer, 42,007 characters/);
    withinLimits(message);
  });

  test("#32 ends between two blocks, and closes a fence that it had to cut", () => {
    const [, beginning] = renderBeginning(long, file).blocks;
    assert.match(beginning?.type === "markdown" ? beginning.text : "", /Words of it\.$/);
    const code = { ...long.result, answer: `\`\`\`ts\n${"const a = 1;\n".repeat(3_000)}\`\`\`` };
    const [, cut] = renderBeginning({ ...long, result: code }, file).blocks;
    assert.match(cut?.type === "markdown" ? cut.text : "", /^```ts\n[\s\S]*\n```$/);
  });

  test("#33 of a table has its head and whole rows", () => {
    const answer = `| file | line |\n|---|---|\n${"| login.ts | 12 |\n".repeat(2_000)}`;
    const [, beginning] = renderBeginning({ ...long, result: { ...long.result, answer } }, file).blocks;
    const text = beginning?.type === "markdown" ? beginning.text : "";
    assert.match(text, /^\| file \| line \|\n\|---\|---\|\n(\| login\.ts \| 12 \|\n?)+$/);
    assert.ok(text.length > 2_000 && text.length <= 3_000);
  });

  test("#34 pings no crowd, and names the file where Slack does not say where it is", () => {
    const crowd = { ...long.result, answer: `<!channel> @here\n\n${long.result.answer}` };
    const message = renderBeginning({ ...long, result: crowd }, { ...file, permalink: "" });
    assert.doesNotMatch(JSON.stringify(message), /<!channel|@here/);
    assert.match(JSON.stringify(message.blocks[2]), /is the file `answer\.md` in this thread/);
  });
});

test("#57 a notification has the words of a link, and not its address", () => {
  const [note] = renderNote(
    "Forked: that goes on [in a thread of its own](https://acme.slack.com/archives/C1/p1?a=1&b=2).",
  );
  assert.equal(note?.text, "Forked: that goes on in a thread of its own.");
});

test("#35 #57 a note is Markdown, with a fallback that links and pings nothing", () => {
  assert.deepEqual(renderNote("**Stopped** by <@U1>, see <https://x.io|x>"), [
    {
      text: "**Stopped** by @\u200bU1, see &lt;https://x.io|x&gt;",
      blocks: [{ type: "markdown", text: "**Stopped** by @\u200bU1, see <https://x.io|x>" }],
    },
  ]);
});
