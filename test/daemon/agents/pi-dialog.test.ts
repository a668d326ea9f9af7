/** Dialogs of extensions that people put into pi themselves: questions to people, too. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createPi } from "../../../src/daemon/agents/pi.ts";
import { dialogOf } from "../../../src/daemon/agents/pi-dialog.ts";
import { parsePiLine } from "../../../src/daemon/agents/pi-protocol.ts";
import { type AgentUnderTest, type Bench, makeWorld, until, type World } from "../../contracts/agent-bench.ts";

const BIN = join(dirname(fileURLToPath(import.meta.url)), "../../../node_modules/.bin");
const pi: AgentUnderTest = {
  create: (context) => createPi(context, { maxRetries: 1, baseDelayMs: 1 }),
  env: (modelUrl) => ({ PATH: `${BIN}:/usr/bin:/bin`, ANTHROPIC_API_KEY: "key", ANTHROPIC_BASE_URL: modelUrl }),
  runs: (command) => ({ name: "bash", arguments: { command } }),
  asks: (question) => ({ name: "ask", arguments: { question } }),
  ownVariables: /^PI_/,
};

/** Before any tool runs, `ask` is done; what it comes to is why the tool does not run. Nothing: it runs. */
async function withExtension(source: string, check: (bench: Bench, world: World) => Promise<void>): Promise<void> {
  const world = await makeWorld(pi);
  try {
    const toolCalls = [{ name: "bash", arguments: JSON.stringify({ command: "echo ran" }) }];
    world.model.on({ userMessage: "GATE", hasToolResult: false }, { content: "", toolCalls });
    world.model.on({ userMessage: "GATE", hasToolResult: true }, { content: "Gated." });
    world.model.on({ userMessage: "NEXT" }, { content: "Next." });
    world.model.on({ userMessage: "The answer was" }, { content: "Heard." });
    const bench = world.bench();
    const extensions = join(bench.cwd, "../state/agent/extensions");
    mkdirSync(extensions, { recursive: true });
    writeFileSync(join(extensions, "gate.ts"), source);
    await check(bench, world);
  } finally {
    await world.close();
  }
}
const gate = (ask: string) => `export default (pi) => pi.on("tool_call", async (_event, ctx) => {
  const reason = await (${ask});
  return reason ? { block: true, reason } : undefined;
});`;
const CONFIRM = gate(`ctx.ui.confirm("Run it?", "It prints.").then((yes) => yes ? undefined : "nobody said yes")`);

async function asked({ reports }: Bench) {
  const find = () => reports.find((report) => report.type === "asked");
  await until(() => find() !== undefined, "it asks");
  return find() ?? assert.fail();
}
const output = ({ reports }: Bench) => reports.find((report) => report.type === "tool.ended")?.output ?? "";

for (const [answer, becomes] of [
  ["Yes", /^ran$/m],
  ["No", /nobody said yes/],
  [null, /nobody said yes/],
] as const) {
  test(`a confirmation is a question with Yes and No; ${answer ?? "no answer"} is understood`, () =>
    withExtension(CONFIRM, async (bench) => {
      const prompt = bench.agent.prompt("GATE");
      const { question, ...asks } = await asked(bench);
      assert.deepEqual(asks, { type: "asked", text: "Run it?\n\nIt prints.", options: ["Yes", "No"], otherwise: "No" });
      bench.agent.answer(question, answer);
      assert.equal((await prompt).answer, "Gated.");
      assert.match(output(bench), becomes);
    }));
}

test("words that are no answer to a confirmation reach the model, and nothing is confirmed", () =>
  withExtension(CONFIRM, async (bench, world) => {
    const prompt = bench.agent.prompt("GATE");
    bench.agent.answer((await asked(bench)).question, "Only on Mondays");
    assert.equal((await prompt).answer, "Heard.");
    assert.match(output(bench), /nobody said yes/);
    assert.match(world.asked().at(-1) ?? "", /The answer was: Only on Mondays/);
  }));

for (const [name, ask] of [
  ["a dialog that does not heed an abort", CONFIRM],
  ["a dialog before the prompt is taken", CONFIRM.replace("tool_call", "before_agent_start")],
] as const) {
  test(`abort gets past ${name}`, () =>
    withExtension(ask, async (bench) => {
      const prompt = bench.agent.prompt("GATE");
      await asked(bench);
      const before = bench.processes();
      await bench.agent.abort(10_000);
      assert.equal((await prompt).outcome, "stopped");
      assert.deepEqual(bench.processes(), before);
      assert.equal(bench.reports.filter((report) => report.type === "tool.ended" && report.ok).length, 0);
    }));
}

const line = (more: object) => {
  const parsed = parsePiLine({ type: "extension_ui_request", id: "d1", ...more });
  assert.ok(parsed?.type === "extension_ui_request");
  return parsed;
};
const carried = (ask: unknown) => JSON.stringify({ ask });

for (const { dialog, asks, replies } of [
  {
    dialog: { method: "select", title: "Where?", options: ["Here", "There"], timeout: 5_000 },
    asks: { text: "Where?", options: ["Here", "There"], otherwise: null, withinMs: 5_000 },
    replies: [
      ["There", { value: "There" }],
      ["Elsewhere", { cancelled: true }],
      [null, { cancelled: true }],
    ],
  },
  {
    dialog: { method: "input", title: "Name?", placeholder: "ada" },
    asks: { text: "Name?", options: [], otherwise: null },
    replies: [
      ["Grace", { value: "Grace" }],
      [null, { cancelled: true }],
    ],
  },
  {
    dialog: { method: "input", title: "Name?", placeholder: carried({ options: ["Ada"], otherwise: "Ada" }) },
    asks: { text: "Name?", options: ["Ada"], otherwise: "Ada" },
    replies: [["Grace", { value: "Grace" }]],
  },
  {
    dialog: { method: "input", title: "Name?", placeholder: carried({ options: "Ada" }) },
    asks: { text: "Name?", options: [], otherwise: null },
    replies: [],
  },
  {
    dialog: { method: "editor", title: "Better?", prefill: "one\ntwo" },
    asks: { text: "Better?\n\none\ntwo", options: [], otherwise: null },
    replies: [["three", { value: "three" }]],
  },
] as const) {
  test(`what people see of ${JSON.stringify(dialog)}, and what pi gets back`, () => {
    const read = dialogOf(line(dialog));
    assert.deepEqual(read?.asks, asks);
    for (const [answer, reply] of replies) assert.deepEqual(read?.reply(answer), reply);
  });
}

test("what only tells something is no question", () => {
  for (const method of ["notify", "setStatus", "setWidget", "setTitle", "set_editor_text", "something new"]) {
    assert.equal(dialogOf(line({ method, message: "Look" })), null);
  }
});
