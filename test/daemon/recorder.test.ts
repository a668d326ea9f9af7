/** What an agent says, on its way into the journal: in readable pieces, and no longer than agreed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentQuestion } from "../../src/daemon/agents/agent.ts";
import { createDaemonLog } from "../../src/daemon/log.ts";
import { createRecorder } from "../../src/daemon/recorder.ts";
import { createRedactor } from "../../src/daemon/redactor.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";

function recording() {
  const clock = handWoundClock();
  const redactor = createRedactor();
  const events: AgentEvent[] = [];
  const log = createDaemonLog(() => {});
  const asked: string[] = [];
  const ask = (turn: string, { text }: AgentQuestion) => asked.push(`${turn}: ${text} (after ${events.length})`);
  const recorder = createRecorder({ turn: "t1", append: (event) => events.push(event), ask, redactor, clock, log });
  const texts = () => events.map((event) => ("text" in event ? event.text : event.type));
  return { clock, redactor, recorder, events, texts, asked };
}
const text = (words: string, message = 1) => ({ type: "text", message, text: words }) as const;

test("words are collected for 50 ms", () => {
  const { clock, recorder, texts } = recording();
  for (const word of ["a ", "quick ", "fox "]) {
    recorder.report(text(word));
    clock.advance(10);
  }
  assert.deepEqual(texts(), []);
  clock.advance(20);
  assert.deepEqual(texts(), ["a quick fox "]);
  recorder.report(text("jumps"));
  recorder.close();
  assert.deepEqual(texts(), ["a quick fox ", "jumps"]);
});

test("a long piece does not wait", () => {
  const { recorder, texts } = recording();
  recorder.report(text("x".repeat(2_000)));
  assert.deepEqual(texts(), ["x".repeat(2_000)]);
});

test("another message, thinking, or a tool begins a new piece, in the right order", () => {
  const { recorder, events } = recording();
  recorder.report(text("one"));
  recorder.report(text("two", 2));
  recorder.report({ type: "thinking", message: 2, text: "hm" });
  recorder.report({ type: "usage", usage: { inputTokens: 1, outputTokens: 1, costUsd: 0 } });
  assert.deepEqual(events, [
    { type: "text", turn: "t1", message: 1, text: "one" },
    { type: "text", turn: "t1", message: 2, text: "two" },
    { type: "thinking", turn: "t1", message: 2, text: "hm" },
    { type: "usage", turn: "t1", usage: { inputTokens: 1, outputTokens: 1, costUsd: 0 } },
  ]);
});

test("what was said before a question is written before it", () => {
  const { recorder, texts, asked } = recording();
  recorder.report(text("I have to ask."));
  recorder.report({ type: "asked", question: "q1", text: "Which one?", options: [], otherwise: null });
  assert.deepEqual([texts(), asked], [["I have to ask."], ["t1: Which one? (after 1)"]]);
});

test("the beginning of a secret waits for what follows", () => {
  const { clock, redactor, recorder, texts } = recording();
  redactor.learn("sk-12345678");
  recorder.report(text("key: sk-123"));
  clock.advance(50);
  assert.deepEqual(texts(), ["key: "]);
  recorder.report(text("45678."));
  recorder.report(text("next", 2));
  assert.deepEqual(texts(), ["key: ", "[secret]."]);
  recorder.report(text(", or sk-123", 2));
  recorder.close();
  assert.deepEqual(texts(), ["key: ", "[secret].", "next, or sk-123"]);
});

test("long outputs keep their head and their tail, without half characters", () => {
  const { recorder, events } = recording();
  const output = `head${"🦊".repeat(10_000)}tail`;
  recorder.report({ type: "tool.ended", call: "c", tool: "bash", ok: true, output, cut: false, durationMs: 1 });
  const [event] = events;
  assert.ok(event?.type === "tool.ended" && event.cut);
  assert.ok(event.output.length <= 16_000 && event.output.length > 15_900);
  assert.ok(event.output.startsWith("head") && event.output.endsWith("tail"));
  assert.ok(event.output.includes("\n… 4008 characters cut …\n"));
  assert.ok(event.output.isWellFormed());
});

test("inputs and titles are cut at their end", () => {
  const { recorder, events } = recording();
  recorder.report({ type: "tool.started", call: "c", tool: "bash", title: "t".repeat(400), input: "i".repeat(5_000) });
  const [event] = events;
  assert.ok(event?.type === "tool.started");
  assert.deepEqual([event.title.length, event.input.length, event.input.at(-1)], [300, 4_000, "…"]);
});

test("nothing that an agent tells makes an entry that no reader takes, and no cut leaves half a key", () => {
  const { redactor, recorder, events, texts } = recording();
  redactor.learn("a-key-of-somebody");
  const long = `${"n".repeat(290)}a-key-of-somebody${"n".repeat(5_000_000)}`;
  const named = `${"n".repeat(290)}[secret]n…`;
  recorder.report({ type: "raw", native: long, line: "{}" });
  recorder.report({ type: "tool.started", call: long, tool: long, title: "t", input: "i" });
  recorder.report({ type: "tool.ended", call: long, tool: long, ok: true, output: "", cut: false, durationMs: 1 });
  recorder.report({ type: "usage", usage: { inputTokens: 1, outputTokens: 1, costUsd: 0, model: long } });
  const words = `${"🦊".repeat(70_000)}.`;
  recorder.report(text(words));
  recorder.close();
  const [raw, started, ended, used] = events;
  assert.ok(raw?.type === "agent.raw" && started?.type === "tool.started");
  assert.ok(ended?.type === "tool.ended" && used?.type === "usage");
  const names = [raw.native, started.call, started.tool, ended.call, ended.tool, used.usage.model];
  assert.deepEqual(new Set(names), new Set([named]));
  assert.deepEqual(
    texts()
      .slice(4)
      .map((piece) => [piece.isWellFormed(), piece.length]),
    [
      [true, 100_000],
      [true, 40_001],
    ],
  );
});

test("nothing is taken after the turn, and nothing that the wire does not know", () => {
  const { recorder, events } = recording();
  recorder.report({ type: "retrying", attempt: 1.5, delayMs: 1, reason: "half an attempt" });
  recorder.close();
  recorder.report(text("too late"));
  assert.deepEqual(events, []);
});
