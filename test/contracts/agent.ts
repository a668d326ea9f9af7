/**
 * What every agent promises: `agentContract("pi", ...)` runs the same sentences against each adapter with its true binary.
 * Only the language model is a script (aimock), told apart by a word in the prompt.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import type { AgentReport } from "../../src/daemon/agents/agent.ts";
import { signal } from "../../src/daemon/agents/process-tree.ts";
import { asks } from "./agent-asks.ts";
import {
  type AgentUnderTest,
  DEADLINE_MS,
  makeWorld,
  type Sentence,
  STEP,
  script,
  until,
  type World,
} from "./agent-bench.ts";
import { asksLeave } from "./agent-leave.ts";

/** Runs until somebody makes the file `go`; says by the file `started` that it runs. */
const WAITING = "touch started; while [ ! -e go ]; do sleep 0.05; done; echo released";

export function agentContract(name: string, it: AgentUnderTest): void {
  describe(`every agent: ${name}`, () => {
    const promise = (sentence: string, check: (world: World) => Promise<void>): void => {
      const reason = it.cannot?.[sentence];
      test(sentence, { skip: reason === undefined ? false : `honest refusal: ${reason}` }, async () => {
        const world = await makeWorld(it);
        try {
          await check(world);
        } finally {
          await world.close();
        }
      });
    };
    talks(promise, it);
    asks(promise, it);
    asksLeave(promise, it);
    obeys(promise, it);
    survives(promise, it);
    fails(promise, it);
  });
}

function talks(promise: Sentence, it: AgentUnderTest): void {
  promise("tells words and tools in their order, and gives the last words as the answer", async (world) => {
    script(world, it, "GREET", "echo hello from the tool", "Greeted.");
    const { agent, reports } = world.bench();
    const outcome = await agent.prompt("GREET them");
    assert.equal(outcome.outcome, "done");
    assert.equal(outcome.answer, "Greeted.");
    const told = reports.filter((report) => !["usage", "thinking", "raw"].includes(report.type)).map(brief);
    assert.deepEqual(told, [
      "1: On it: GREET.",
      "started echo hello from the tool",
      "ended ok: hello from the tool",
      "2: Greeted.",
    ]);
  });

  promise("a tool really changes the folder", async (world) => {
    script(world, it, "WRITE", "echo changed > file.txt", "Written.");
    const { agent, path } = world.bench();
    await agent.prompt("WRITE the file");
    assert.equal(readFileSync(path("file.txt"), "utf8"), "changed\n");
  });

  promise("usage and cost are those of the prompt, not of the session", async (world) => {
    script(world, it, "COUNT", "true", "Counted.");
    const { agent, reports } = world.bench();
    const first = (await agent.prompt("COUNT")).usage;
    const second = (await agent.prompt("COUNT again")).usage;
    assert.deepEqual([first.inputTokens, first.outputTokens], [200, 20]);
    assert.deepEqual(second, first);
    assert.ok(first.costUsd > 0 || first.pricedBy === "nobody");
    assert.deepEqual(reports.filter((report) => report.type === "usage").at(-1), { type: "usage", usage: second });
  });

  promise("a tool's environment holds what was given, without the key", async (world) => {
    script(world, it, "ENV", "env -0 > env.bin", "Seen.");
    const { agent, path } = world.bench();
    await agent.prompt("ENV please");
    const names = readFileSync(path("env.bin"), "utf8").split("\0").filter(Boolean);
    const given = /^(HOME|PATH|BENCH_MARK|PWD|OLDPWD|SHLVL|_)=/;
    assert.deepEqual(
      names.filter((line) => !given.test(line) && !it.ownVariables.test(line)),
      [],
    );
  });

  promise("two agents in two folders do not mix", async (world) => {
    script(world, it, "LEFT", "echo left > side.txt", "Left.");
    script(world, it, "RIGHT", "echo right > side.txt", "Right.");
    const [left, right] = [world.bench(), world.bench()];
    const outcomes = await Promise.all([left.agent.prompt("LEFT"), right.agent.prompt("RIGHT")]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.answer),
      ["Left.", "Right."],
    );
    assert.equal(readFileSync(left.path("side.txt"), "utf8"), "left\n");
    assert.equal(readFileSync(right.path("side.txt"), "utf8"), "right\n");
  });
}

function obeys(promise: Sentence, it: AgentUnderTest): void {
  promise("what is said during a tool reaches the model before it answers", async (world) => {
    script(world, it, "BUILD", WAITING, "Built.");
    world.model.on({ userMessage: "DOCS" }, { content: "Built, with the docs.", ...STEP });
    const { agent, path } = world.bench();
    const prompt = agent.prompt("BUILD it");
    await until(() => existsSync(path("started")), "the tool runs");
    assert.equal(await agent.steer("and the DOCS too"), true);
    writeFileSync(path("go"), "");
    assert.equal((await prompt).answer, "Built, with the docs.");
    assert.match(world.asked()[1] ?? "", /and the DOCS too/);
    assert.equal(world.asked().length, 2);
  });

  promise("nothing can be added when nothing runs", async (world) => {
    const { agent } = world.bench();
    assert.equal(await agent.steer("too early"), false);
  });

  promise("abort ends a long tool in time, and the same agent goes on", async (world) => {
    script(world, it, "SLEEP", "touch started; (setsid sleep 61 &); sleep 60", "Slept.");
    script(world, it, "AGAIN", "echo awake", "Awake.");
    const { agent, path, processes, reports, exits } = world.bench();
    const prompt = agent.prompt("SLEEP");
    await until(() => existsSync(path("started")), "the tool runs");
    await agent.abort(DEADLINE_MS);
    assert.equal((await prompt).outcome, "stopped");
    assert.deepEqual(sleepers(processes()), []);
    assert.equal(reports.findLast((report) => report.type === "tool.ended")?.ok, false);
    assert.equal((await agent.prompt("AGAIN")).answer, "Awake.");
    assert.deepEqual(exits, []);
  });

  promise("what was added before an abort does not come up in the next prompt", async (world) => {
    script(world, it, "SLEEP", "touch started; sleep 60", "Slept.");
    world.model.on({ userMessage: "NEXT" }, { content: "Next.", ...STEP });
    const { agent, path } = world.bench();
    const prompt = agent.prompt("SLEEP");
    await until(() => existsSync(path("started")), "the tool runs");
    await agent.steer("and by the way");
    await agent.abort(DEADLINE_MS);
    await prompt;
    assert.equal((await agent.prompt("NEXT")).answer, "Next.");
    assert.doesNotMatch(world.asked().at(-1) ?? "", /by the way/);
  });

  promise(
    "an agent that does not obey is killed with all its tools, and the next prompt starts it again",
    async (world) => {
      script(world, it, "SLEEP", "touch started; sleep 60", "Slept.");
      world.model.on({ userMessage: "NEXT" }, { content: "Next.", ...STEP });
      const { agent, path, processes, exits } = world.bench();
      const prompt = agent.prompt("SLEEP");
      await until(() => existsSync(path("started")), "the tool runs");
      await agent.abort(0);
      assert.equal((await prompt).outcome, "stopped");
      assert.deepEqual(sleepers(processes()), []);
      assert.equal((await agent.prompt("NEXT")).answer, "Next.");
      assert.deepEqual(exits, []);
    },
  );
}

function survives(promise: Sentence, it: AgentUnderTest): void {
  promise(
    "a killed agent fails the prompt, leaves no tool behind and remembers everything afterwards",
    async (world) => {
      script(world, it, "SLEEP", "touch started; sleep 60", "Slept.");
      world.model.on({ userMessage: "REMEMBER" }, { content: "I do.", ...STEP });
      const { agent, path, processes, exits } = world.bench();
      const prompt = agent.prompt("SLEEP on it");
      await until(() => existsSync(path("started")), "the tool runs");
      signal(processes()[0], "SIGKILL");
      const outcome = await prompt;
      assert.equal(outcome.outcome, "failed");
      assert.equal(outcome.failure?.code, "agent.exited");
      assert.match(outcome.failure?.detail ?? "", /SIGKILL$/);
      assert.deepEqual(processes(), []);
      assert.deepEqual(
        exits.map(({ code, signal }) => ({ code, signal })),
        [{ code: null, signal: "SIGKILL" }],
      );
      assert.equal((await agent.prompt("REMEMBER?")).answer, "I do.");
      assert.match(world.asked().at(-1) ?? "", /SLEEP on it/);
    },
  );

  promise("after a close the next prompt has the memory, too", async (world) => {
    world.model.on({ userMessage: "FIRST" }, { content: "One.", ...STEP });
    world.model.on({ userMessage: "SECOND" }, { content: "Two.", ...STEP });
    const { agent, processes } = world.bench();
    await agent.prompt("FIRST things");
    await agent.close();
    assert.deepEqual(processes(), []);
    assert.equal((await agent.prompt("SECOND things")).answer, "Two.");
    assert.match(world.asked().at(-1) ?? "", /FIRST things/);
  });

  promise("closing during a prompt stops it", async (world) => {
    script(world, it, "SLEEP", "touch started; sleep 60", "Slept.");
    const { agent, path, processes } = world.bench();
    const prompt = agent.prompt("SLEEP");
    await until(() => existsSync(path("started")), "the tool runs");
    await agent.close();
    assert.equal((await prompt).outcome, "stopped");
    assert.deepEqual(processes(), []);
  });
}

function fails(promise: Sentence, it: AgentUnderTest): void {
  for (const [status, code] of [
    [401, "model.unauthorized"],
    [403, "model.unauthorized"],
    [429, "model.rate-limited"],
    [500, "model.unavailable"],
    [400, "model.failed"],
  ] as const) {
    promise(`the provider's ${status} is ${code}`, async (world) => {
      world.model.on({ userMessage: "ASK" }, { error: { message: "says the provider", type: "api_error" }, status });
      const { agent } = world.bench();
      const outcome = await agent.prompt("ASK");
      assert.equal(outcome.outcome, "failed");
      assert.equal(outcome.failure?.code, code);
    });

    promise(`the provider's ${status} is told in its own words`, async (world) => {
      world.model.on({ userMessage: "ASK" }, { error: { message: "says the provider", type: "api_error" }, status });
      const outcome = await world.bench().agent.prompt("ASK");
      assert.match(outcome.failure?.detail ?? "", /says the provider/);
    });
  }

  promise("a provider that cannot be reached is model.unavailable", async (world) => {
    const { agent } = world.bench();
    await world.model.stop();
    assert.equal((await agent.prompt("ASK")).failure?.code, "model.unavailable");
    await world.model.start();
  });

  promise("a model that takes the request and never answers does not hold up an abort", async (world) => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve()).listen(0, "127.0.0.1");
    try {
      await once(silent, "listening");
      const { agent, exits } = world.bench({}, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
      const prompt = agent.prompt("ASK");
      await asked.promise;
      await agent.abort(DEADLINE_MS);
      assert.equal((await prompt).outcome, "stopped");
      assert.deepEqual(exits, []);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  promise("no command on the PATH is agent.not-found", async (world) => {
    const { agent } = world.bench({ env: { ...it.env(world.model.url), PATH: "/nowhere" } });
    assert.equal((await agent.prompt("ASK")).failure?.code, "agent.not-found");
  });

  promise("no key for any model is agent.no-model", async (world) => {
    const { agent } = world.bench({ env: { PATH: "/nowhere" } });
    assert.equal((await agent.prompt("ASK")).failure?.code, "agent.no-model");
  });
}

function brief(report: AgentReport): string {
  switch (report.type) {
    case "text":
    case "thinking":
      return `${report.message}: ${report.text}`;
    case "tool.started":
      return `started ${report.title}`;
    case "tool.ended":
      return `ended ${report.ok ? "ok" : "not ok"}: ${report.output.trim()}`;
    case "retrying":
      return `retrying ${report.attempt}`;
    case "usage":
      return `usage ${report.usage.inputTokens}`;
    case "raw":
      return `raw ${report.native}`;
    case "asked":
      return `asked ${report.text}`;
    default:
      return report satisfies never;
  }
}

/** Those of the processes that are a `sleep`. */
const sleepers = (pids: number[]): number[] =>
  pids.filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "sleep");
