/** One `codex app-server`, spoken to: its conversation is taken up or begun, and prompts go through it one after the other. */
import type { AgentContext } from "./agent.ts";
import type { AgentProcess } from "./agent-process.ts";
import { ASK_TOOL } from "./ask-tool.ts";
import { CodexNotification, type CodexTokens, isPiece, ThreadAnswer } from "./codex-protocol.ts";
import { CodexRun, type CodexWays } from "./codex-run.ts";
import { METHOD_NOT_FOUND, type RpcAnswer, type RpcId, RpcPeer, resultOf } from "./json-rpc.ts";
import { noteConversation, readConversation } from "./own-note.ts";
import type { Link, Run } from "./supervised.ts";

/** Or why there is none; null when the process ended first. */
export type Opened = { thread: string; forgot: boolean } | { problem: string } | null;

export class CodexLink implements Link {
  readonly #peer: RpcPeer;
  readonly #context: AgentContext;
  readonly #ways: CodexWays;
  readonly #opened: Promise<Opened>;
  /** What every thread (codex's own helpers have theirs) has taken so far. */
  readonly #totals = new Map<string, CodexTokens>();
  #current: CodexRun | null = null;

  constructor(process: AgentProcess, context: AgentContext, ways: CodexWays) {
    this.#context = context;
    this.#ways = ways;
    const incoming = {
      notified: (method: string, params: unknown, line: unknown) => this.#notified(method, params, line),
      asked: (id: RpcId, method: string, params: unknown, line: unknown) => this.#asked(id, method, params, line),
    };
    this.#peer = new RpcPeer(process, incoming, false);
    this.#opened = this.#open();
  }

  run(message: string): Run {
    const run = new CodexRun(this.#peer, this.#context, this.#ways);
    this.#current = run;
    void run.ended.then(() => {
      if (this.#current === run) this.#current = null;
    });
    void run.begin(this.#opened, message);
    return run;
  }

  async #open(): Promise<Opened> {
    const capabilities = { experimentalApi: true, requestAttestation: false };
    const clientInfo = { name: "threadbox", title: "Threadbox", version: "1" };
    const hello = await this.#peer.request("initialize", { clientInfo, capabilities });
    if (!hello || "error" in hello) return problemOf(hello);
    this.#peer.notify("initialized");
    const known = await readConversation(this.#context);
    if (known !== null) {
      const resumed = await this.#peer.request("thread/resume", {
        threadId: known,
        ...this.#terms(),
        excludeTurns: true,
      });
      if (resultOf(ThreadAnswer, resumed)) return { thread: known, forgot: false };
      if (!resumed) return null;
    }
    const started = await this.#peer.request("thread/start", {
      ...this.#terms(),
      dynamicTools: [{ type: "function", ...ASK_TOOL }],
    });
    const answer = resultOf(ThreadAnswer, started);
    if (!answer) return problemOf(started);
    await noteConversation(this.#context, answer.thread.id);
    return { thread: answer.thread.id, forgot: known !== null };
  }

  /** The sandbox that the agent runs in is the boundary; codex's own would be one inside it. */
  #terms() {
    const approvalPolicy = this.#context.asksLeave ? "untrusted" : "never";
    const { model } = this.#ways;
    return { cwd: this.#context.cwd, ...(model ? { model } : {}), approvalPolicy, sandbox: "danger-full-access" };
  }

  #notified(method: string, params: unknown, line: unknown): void {
    if (!isPiece(method)) this.#current?.turn.telling.raw(method, line);
    const parsed = CodexNotification.safeParse({ method, params });
    if (!parsed.success) return;
    if (parsed.data.method === "thread/tokenUsage/updated") this.#spent(parsed.data.params);
    else this.#current?.take(parsed.data);
  }

  /** Totals go on through all the prompts of a conversation; one that we have not seen before began before its last answer. */
  #spent({ threadId, turnId, tokenUsage: { total, last } }: TokensTold): void {
    const before = this.#totals.get(threadId) ?? minus(total, last);
    this.#totals.set(threadId, total);
    // A conversation that is taken up tells its old total once more.
    if (this.#current?.pays(threadId, turnId)) this.#current.turn.spend(minus(total, before));
  }

  #asked(id: RpcId, method: string, params: unknown, line: unknown): void {
    this.#current?.turn.telling.raw(method, line);
    if (!this.#current?.ask(id, method, params))
      this.#peer.refuse(id, METHOD_NOT_FOUND, "Nobody is here to answer that.");
  }
}

type TokensTold = Extract<CodexNotification, { method: "thread/tokenUsage/updated" }>["params"];

const minus = (a: CodexTokens, b: CodexTokens): CodexTokens => ({
  inputTokens: Math.max(0, a.inputTokens - b.inputTokens),
  cachedInputTokens: Math.max(0, a.cachedInputTokens - b.cachedInputTokens),
  cacheWriteInputTokens: Math.max(0, a.cacheWriteInputTokens - b.cacheWriteInputTokens),
  outputTokens: Math.max(0, a.outputTokens - b.outputTokens),
});

function problemOf(answer: RpcAnswer): Opened {
  if (!answer) return null;
  return { problem: "error" in answer ? answer.error.message : "It answered in a form that is not known." };
}
