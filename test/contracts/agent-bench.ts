/** A workbench for one agent under test: a folder, a scripted model, and everything that the agent told. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LLMock } from "@copilotkit/aimock";
import type { Agent, AgentContext, AgentReport } from "../../src/daemon/agents/agent.ts";
import { listTree } from "../../src/daemon/agents/process-tree.ts";

export interface AgentUnderTest {
  create(context: AgentContext): Agent;
  /** What the agent needs to find its binary and the scripted model, key included. */
  env(modelUrl: string): Record<string, string>;
  /** How this agent's model asks for a shell command. */
  runs(command: string): { name: string; arguments: Record<string, unknown> };
  /** How this agent's model asks people something. */
  asks(question: string, options: string[], otherwise?: string): { name: string; arguments: Record<string, unknown> };
  /** How it names the tool of `runs` where it asks for leave, if that is not its name to the model. */
  leave?: { tool: string };
  /** Sentences of the contract that this agent cannot keep, each with the reason. */
  cannot?: Record<string, string>;
  /** Names that the agent itself puts into its tools' environment. */
  ownVariables: RegExp;
}

/** What one answer of the scripted model costs. */
export const STEP = { usage: { input_tokens: 100, output_tokens: 10 } };
/** In which an agent has to have stopped: far more than it takes, and less than the tools that it stops would run on. */
export const DEADLINE_MS = 40_000;

/** One agent in a folder of its own, with everything that it told. */
export interface Bench {
  agent: Agent;
  cwd: string;
  reports: AgentReport[];
  exits: { code: number | null; signal: string | null; stderrTail: string }[];
  /** The agent's process and all its tools, the eldest first. */
  processes(): number[];
  path(name: string): string;
}

/** Folders, agents and the model of one test; all closed at its end. */
export interface World {
  model: LLMock;
  /** The text of the model's requests so far, oldest first. */
  asked(): string[];
  /** `modelUrl`: of another model than the world's. */
  bench(overrides?: Partial<AgentContext>, modelUrl?: string): Bench;
  close(): Promise<void>;
}

export async function makeWorld(it: AgentUnderTest): Promise<World> {
  const model = new LLMock({ port: 0 });
  await model.start();
  const root = realpathSync(mkdtempSync(join(tmpdir(), "agent-")));
  const benches: Bench[] = [];
  return {
    model,
    asked: () => model.getRequests().map((request) => JSON.stringify(request.body)),
    bench(overrides, modelUrl = model.url) {
      const bench = makeBench(it, join(root, String(benches.length)), modelUrl, overrides);
      benches.push(bench);
      return bench;
    },
    async close() {
      for (const bench of benches) await bench.agent.close();
      const left = benches.flatMap((bench) => bench.processes());
      await model.stop();
      rmSync(root, { recursive: true, force: true });
      assert.deepEqual(left, [], "close() leaves no process behind");
    },
  };
}

function makeBench(it: AgentUnderTest, root: string, modelUrl: string, overrides?: Partial<AgentContext>): Bench {
  const cwd = join(root, "work");
  mkdirSync(cwd, { recursive: true });
  mkdirSync(join(root, "state"));
  const mark = { BENCH_MARK: randomUUID() };
  const reports: AgentReport[] = [];
  const exits: Bench["exits"] = [];
  const agent = it.create({
    cwd,
    stateDir: join(root, "state"),
    keysDir: join(root, "keys"),
    sessionId: randomUUID(),
    model: undefined,
    env: { HOME: root, ...it.env(modelUrl), ...mark },
    wrap: (command, args) => ({ command, args }),
    report: (report) => reports.push(report),
    exited: (exit) => exits.push(exit),
    ...overrides,
  });
  const processes = () => {
    const rows = listTree({ environment: mark });
    return rows.sort((a, b) => Number(a.startTime) - Number(b.startTime) || a.pid - b.pid).map((row) => row.pid);
  };
  return { agent, cwd, reports, exits, processes, path: (name) => join(cwd, name) };
}

/** A promise in words, and how it is seen to be kept. */
export type Sentence = (sentence: string, check: (world: World) => Promise<void>) => void;

/** Scripts: asked for `word`, the model says something, runs the command and ends with `answer`. */
export function script(world: World, it: AgentUnderTest, word: string, command: string, answer: string): void {
  const call = it.runs(command);
  const toolCalls = [{ name: call.name, arguments: JSON.stringify(call.arguments) }];
  world.model.on({ userMessage: word, hasToolResult: false }, { content: `On it: ${word}.`, toolCalls, ...STEP });
  world.model.on({ userMessage: word, hasToolResult: true }, { content: answer, ...STEP });
}

/** For the slowest agent on a busy machine: OpenCode's start was seen to take 20 s there. */
const MAX_ROUNDS = 3_000;

/** Waits for something that has no event: a file that a tool makes, a process that ends. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (condition()) return;
    await delay(20);
  }
  assert.fail(`It never came to this: ${what}`);
}
