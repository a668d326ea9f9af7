/** The terminal surface: what stands on the terminal after each thing it is told. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer, Person } from "../../src/core/types.ts";
import { terminalSurface } from "../../src/surfaces/terminal.ts";
import { answerText } from "../../src/surfaces/terminal-render.ts";
import { answer, progress } from "../contracts/surface.ts";

const thread = { surface: "terminal", id: "x" } as const;
const user: Person = { surface: "terminal", id: "0", name: "alice" };
const once = (marker: string) => ({ marker, again: false });

function start(colour = false) {
  let screen = "";
  const write = (text: string): void => {
    screen += text;
  };
  const surface = terminalSurface({ write, colour });
  return { surface, screen: () => screen };
}

const at = (ms: number) => ({ changedAt: 1_700_000_000_000 + ms });
const step = (call: string, title: string, state: "running" | "ok" | "failed") => ({ call, title, state });

describe("progress", () => {
  test("each change is printed once, below what stands there", async () => {
    const { surface, screen } = start();
    const show = (shown: ReturnType<typeof progress>) => surface.show(thread, shown, null, "p", once("p"));
    await show(progress("Starting the sandbox"));
    await show({ ...progress("npm test"), ...at(5_000), steps: [step("1", "npm test", "running")] });
    await show({ ...progress("npm test"), ...at(8_000), steps: [step("1", "npm test", "running")] });
    await show({
      ...progress("edit a.js"),
      ...at(65_000),
      steps: [step("1", "npm test", "failed"), step("2", "edit a.js", "ok")],
    });
    assert.equal(
      screen(),
      ["· Starting the sandbox  0 s", "… npm test  5 s", "✗ npm test  failed", "✓ edit a.js  ok", ""].join("\n"),
    );
  });

  test("it begins with the address of the session, when there is one", async () => {
    const { surface, screen } = start();
    await surface.show(thread, progress("Reading"), "http://localhost:3000/sessions/s1", null, once("p"));
    assert.equal(screen(), "  http://localhost:3000/sessions/s1\n· Reading  0 s\n");
  });
});

describe("the end of a turn", () => {
  test("an answer has its outcome, its words, and where the work is", () => {
    const ended: Answer = {
      ...answer(user, "The cookie was never set.\n\nIt is now."),
      pullRequest: { number: 42, url: "https://github.com/acme/api/pull/42" },
      page: "http://localhost:3000/sessions/s1",
    };
    ended.result.branch = "threadbox/fix-login";
    ended.result.changes = { files: 1, insertions: 4, deletions: 2 };
    ended.tests = [{ command: "npm\u001b[2J test", ok: true }];
    assert.equal(
      answerText(ended, false),
      `
✓ Done

The cookie was never set.

It is now.

Changed      1 file  +4 −2
Tests        npm test passed
Branch       threadbox/fix-login
Pull request https://github.com/acme/api/pull/42
Took         42 s
Tokens       1200 in, 300 out, $0.04
Session      http://localhost:3000/sessions/s1
`,
    );
  });

  test("a failure has its reason and its remedy", () => {
    const failed: Answer = { ...answer(user, ""), remedy: "Fix the rule and write `retry`." };
    failed.result = {
      outcome: "failed",
      answer: "",
      failure: { code: "git.push-refused", detail: "main is protected" },
      durationMs: 1_000,
    };
    assert.equal(
      answerText(failed, false),
      "\n✗ Failed\n\nmain is protected (git.push-refused)\n→ Fix the rule and write `retry`.\n\nTook         1 s\n",
    );
  });

  test("what was printed already is not printed again", async () => {
    const { surface, screen } = start();
    await surface.answer(thread, answer(user, "Done."), once("a"));
    const before = screen();
    await surface.answer(thread, answer(user, "Done."), { marker: "a", again: true });
    assert.equal(screen(), before);
  });
});

describe("what others wrote", () => {
  test("cannot move the cursor, colour the terminal or turn the direction of writing", async () => {
    const { surface, screen } = start();
    await surface.say(thread, "a\u001b[2Jb\u001b]0;title\u0007c\rd\u202ee\u0008\tf\ng", once("n"));
    assert.equal(screen(), "abcde\tf\ng\n");
  });

  test("in one line stays one line", async () => {
    const { surface, screen } = start();
    const steps = [step("1", "echo a\n✓ everything is fine", "failed")];
    await surface.show(thread, { ...progress("x"), ended: "failed", steps }, null, null, once("p"));
    assert.equal(screen(), "✗ echo a ✓ everything is fine  failed\n");
  });
});

test("colour is used where it was asked for, and nowhere else", async () => {
  const plain = start(false);
  const coloured = start(true);
  for (const { surface } of [plain, coloured]) await surface.answer(thread, answer(user, "Done."), once("a"));
  assert.ok(!plain.screen().includes("\u001b"));
  assert.ok(coloured.screen().includes("\u001b[32m"));
});

test("#27 a question is printed with its numbers, and how it was decided below, each once", async () => {
  const { surface, screen } = start();
  const question = {
    ...{ id: "q1", turn: "t1", title: "add a database", askers: [user], expiresAt: 1_700_000_900_000 },
    ...{ text: "Which \u001b[2Jdatabase?", options: ["Postgres", "SQLite"], otherwise: null },
  };
  const id = once("t1/question/q1");
  const ref = await surface.ask(thread, question, id);
  const settled = { ...question, decision: { is: "answered" as const, answer: "SQLite", by: "alice" }, ref };
  for (let times = 0; times < 2; times++) await surface.settle(thread, settled, id);
  assert.equal(
    screen(),
    [
      "? Which database?",
      "1. Postgres",
      "2. SQLite",
      "Reply here with a number, or in your own words, until 2023-11-14 22:28 UTC. After that I go on without an answer.",
      "Answered by alice: SQLite",
      "",
    ].join("\n"),
  );
});
