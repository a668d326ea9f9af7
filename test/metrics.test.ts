import assert from "node:assert/strict";
import { test } from "node:test";
import type { Happening } from "../src/engine/happenings.ts";
import { createMetrics, type Pending } from "../src/metrics.ts";
import type { Surface } from "../src/surfaces/surface.ts";

const by = { at: 10_000, bot: "b1" };
const ids = { session: "s1", turn: "m1", mention: null };
const asked = (pending: Pending | null = { effects: 3, oldestAt: null }) => ({
  sessionsHeld: () => 2,
  pending: async () => pending,
});

async function lineOf(happenings: Happening[], name: string, pending?: Pending | null): Promise<string[]> {
  const metrics = createMetrics(asked(pending));
  happenings.forEach(metrics.tell);
  return linesOf((await metrics.page()).text, name);
}

const linesOf = (text: string, name: string): string[] => text.split("\n").filter((line) => line.startsWith(name));

const effect = { ...by, ...ids, effect: "say", id: "s1/3", attempt: 1, durationMs: 300 } as const;

for (const [what, happening, line] of [
  [
    "what came in, by surface and by what became of it",
    {
      ...{ ...by, type: "inbound.handled", what: "mention", surface: "slack", dedupe: "d", durationMs: 40 },
      receipt: { is: "accepted", session: "s1", mention: "m1" },
    },
    'threadbox_received_total{surface="slack",what="mention",receipt="accepted"} 1',
  ],
  [
    "how soon it could be acknowledged",
    {
      ...{ ...by, type: "inbound.handled", what: "mention", surface: "slack", dedupe: "d", durationMs: 40 },
      receipt: { is: "duplicate" },
    },
    'threadbox_acknowledgement_seconds_sum{surface="slack"} 0.04',
  ],
  [
    "effects that were done",
    { ...effect, type: "effect.done" },
    'threadbox_effect_seconds_count{effect="say",outcome="done"} 1',
  ],
  [
    "effects that are tried again",
    { ...effect, ...{ type: "effect.failed", outcome: "again", code: "x", detail: "", retryInMs: 1, cause: null } },
    'threadbox_effect_seconds_sum{effect="say",outcome="again"} 0.3',
  ],
  [
    "turns by outcome",
    { ...by, ...ids, type: "turn.ended", turn: "m1", outcome: "failed", code: "x", usage: null, durationMs: 4_000 },
    'threadbox_turn_seconds_sum{outcome="failed"} 4',
  ],
  [
    "tokens",
    {
      ...{ ...by, ...ids, type: "turn.ended", turn: "m1", outcome: "done", code: null, durationMs: 4_000 },
      usage: { inputTokens: 70, outputTokens: 7, costUsd: 0 },
    },
    'threadbox_tokens_total{direction="input"} 70',
  ],
  [
    "dollars, by agent and model",
    {
      ...{ ...by, ...ids, type: "turn.ended", turn: "m1", outcome: "done", code: null, durationMs: 4_000, agent: "pi" },
      usage: { inputTokens: 70, outputTokens: 7, costUsd: 0.5, model: "claude-sonnet-5" },
    },
    'threadbox_cost_dollars_total{agent="pi",model="claude-sonnet-5",priced_by="agent"} 0.5',
  ],
  [
    "turns whose price nobody knows",
    {
      ...{ ...by, ...ids, type: "turn.ended", turn: "m1", outcome: "done", code: null, durationMs: 4_000 },
      usage: { inputTokens: 70, outputTokens: 7, costUsd: 0, model: "my-model", pricedBy: "nobody" },
    },
    'threadbox_unpriced_turns_total{agent="unknown",model="my-model"} 1',
  ],
  [
    "what people wait for, from the mention to the answer",
    { ...by, ...ids, type: "mention.answered", mention: "m1", outcome: "done", delivered: true, since: 4_000 },
    'threadbox_answer_seconds_sum{outcome="done"} 6',
  ],
  [
    "waits for sandboxes by what they came from",
    { ...by, ...ids, type: "sandbox.started", sandbox: "x", from: "warm", waitedMs: 800 },
    'threadbox_sandbox_wait_seconds_sum{origin="warm"} 0.8',
  ],
  [
    "#48 what people think of answers",
    { ...by, ...ids, type: "feedback.given", turn: "m1", surface: "slack", value: "bad" },
    'threadbox_feedback_total{value="bad"} 1',
  ],
  [
    "sessions lost to another bot",
    { ...by, type: "session.taken-over", session: "s1" },
    "threadbox_sessions_taken_over_total 1",
  ],
] as [string, Happening, string][]) {
  test(`the metrics count ${what}`, async () => {
    const name = line.split(/[{ ]/)[0] ?? "";
    assert.ok((await lineOf([happening], name)).includes(line), (await lineOf([happening], name)).join("\n"));
  });
}

test("what there is to do is asked at every scrape", async () => {
  assert.deepEqual(await lineOf([], "threadbox_effects_pending"), ["threadbox_effects_pending 3"]);
  assert.deepEqual(await lineOf([], "threadbox_sessions_held"), ["threadbox_sessions_held 2"]);
  assert.deepEqual(await lineOf([], "threadbox_database_up"), ["threadbox_database_up 1"]);
});

test("what agents call their models has an end: twenty of them, and no long ones", async () => {
  const ended = (model: string): Happening => ({
    ...{ ...by, ...ids, type: "turn.ended", turn: "m1", outcome: "done", code: null, durationMs: 4_000 },
    usage: { inputTokens: 70, outputTokens: 7, costUsd: 1, model },
  });
  const many = Array.from({ length: 100 }, (_, index) => ended(`${"long".repeat(20)}-${index}`));
  const names = Array.from({ length: 100 }, (_, index) => ended(`model-${index}`));
  const lines = await lineOf([...many, ...names], "threadbox_cost_dollars_total{");
  assert.equal(lines.length, 21);
  assert.ok(lines.includes('threadbox_cost_dollars_total{agent="unknown",model="other",priced_by="agent"} 81'));
});

test("sums stay numbers, whatever an agent says that it used", async () => {
  const usage = { inputTokens: 1.7e308, outputTokens: 1.7e308, costUsd: 1.7e308 };
  const ended: Happening = { ...by, ...ids, type: "turn.ended", outcome: "done", code: null, durationMs: 1, usage };
  const lines = [
    ...(await lineOf([ended, ended], "threadbox_tokens_total")),
    ...(await lineOf([ended, ended], "threadbox_cost_dollars_total")),
  ];
  assert.equal(lines.length, 3);
  assert.doesNotMatch(lines.join(), /Inf|NaN/);
});

test("what today has cost stands beside what it may cost", async () => {
  const metrics = createMetrics({ ...asked(), spentToday: async () => 3.5, dollarsPerDay: 200 });
  const { text } = await metrics.page();
  assert.deepEqual(linesOf(text, "threadbox_spent_today"), ["threadbox_spent_today_dollars 3.5"]);
  assert.deepEqual(linesOf(text, "threadbox_day_budget"), ["threadbox_day_budget_dollars 200"]);
  assert.deepEqual(await lineOf([], "threadbox_day_budget"), ["threadbox_day_budget_dollars +Inf"]);
});

test("a database that is away has no number, rather than an old one", async () => {
  assert.deepEqual(await lineOf([], "threadbox_effects_pending", null), ["threadbox_effects_pending Nan"]);
  assert.deepEqual(await lineOf([], "threadbox_database_up", null), ["threadbox_database_up 0"]);
});

test("a name says its unit, what it counts has a total, and the process has its own numbers", async () => {
  const { text, contentType } = await createMetrics(asked()).page();
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  const types = [...text.matchAll(/^# TYPE (threadbox_\w+) (\w+)$/gm)].map(([, name = "", type = ""]) => ({
    name,
    type,
  }));
  assert.deepEqual(
    types.filter(({ name, type }) => (type === "counter") !== name.endsWith("_total")),
    [],
  );
  assert.deepEqual(
    types.filter(({ name, type }) => type === "histogram" && !name.endsWith("_seconds")),
    [],
  );
  assert.match(text, /^process_resident_memory_bytes \d/m);
});

test("edits of progress are counted, and what a surface did is not changed by it", async () => {
  const metrics = createMetrics(asked());
  const refused = new Error("no");
  let answers: (() => string) | null = () => "ref";
  const surface: Pick<Surface, "show"> = {
    async show() {
      if (!answers) throw refused;
      return answers();
    },
  };
  const { web } = metrics.counting({ web: surface as Surface });
  const show = () =>
    (web as Surface).show({ surface: "web", id: "1" }, {} as never, null, null, { marker: "", again: false });
  assert.equal(await show(), "ref");
  answers = null;
  await assert.rejects(show(), refused);
  assert.deepEqual(linesOf((await metrics.page()).text, "threadbox_progress_edits_total"), [
    'threadbox_progress_edits_total{surface="web",outcome="shown"} 1',
    'threadbox_progress_edits_total{surface="web",outcome="dropped"} 1',
  ]);
});
