/** One agent that speaks the Agent Client Protocol: its conversation is taken up or begun, and prompts go through it one by one. */
import {
  InitializeAnswer,
  LoadAnswer,
  modelChoice,
  PROTOCOL_VERSION,
  SessionAnswer,
  SessionUpdate,
  UpdateName,
} from "./acp-protocol.ts";
import { AcpRun } from "./acp-run.ts";
import { failureOf } from "./acp-turn.ts";
import type { AgentContext } from "./agent.ts";
import type { AgentProcess } from "./agent-process.ts";
import { METHOD_NOT_FOUND, type RpcAnswer, type RpcId, RpcPeer, resultOf } from "./json-rpc.ts";
import { noteConversation, readConversation } from "./own-note.ts";
import type { Failure, Link, Run } from "./supervised.ts";

/** Or why there is none; null when the process ended first. */
export type AcpOpened = { session: string; forgot: boolean } | { failure: Failure } | null;

/** Files and terminals are the agent's own business: it works where they are. */
const CAPABILITIES = {
  fs: { readTextFile: false, writeTextFile: false },
  terminal: false,
  elicitation: { form: {} },
};

export class AcpLink implements Link {
  readonly #peer: RpcPeer;
  readonly #context: AgentContext;
  readonly #opened: Promise<AcpOpened>;
  #current: AcpRun | null = null;
  /** Of the whole conversation: the last that was told, and what it was when the prompt began. */
  #cost: { now: number; before: number } | null = null;

  constructor(process: AgentProcess, context: AgentContext) {
    this.#context = context;
    const incoming = {
      notified: (method: string, params: unknown, line: unknown) => this.#notified(method, params, line),
      asked: (id: RpcId, method: string, params: unknown, line: unknown) => this.#asked(id, method, params, line),
    };
    this.#peer = new RpcPeer(process, incoming, true);
    this.#opened = this.#open();
  }

  run(message: string): Run {
    if (this.#cost) this.#cost.before = this.#cost.now;
    const run = new AcpRun(this.#peer, this.#context);
    this.#current = run;
    void run.ended.then(() => {
      if (this.#current === run) this.#current = null;
    });
    void run.begin(this.#opened, message);
    return run;
  }

  async #open(): Promise<AcpOpened> {
    const hello = await this.#peer.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities: CAPABILITIES,
      clientInfo: { name: "threadbox", title: "Threadbox", version: "1" },
    });
    const agent = resultOf(InitializeAnswer, hello);
    if (!agent) return failed(hello);
    if (agent.protocolVersion !== PROTOCOL_VERSION) {
      return failed({
        error: { code: 0, message: `It speaks version ${agent.protocolVersion} of the protocol, not 1.` },
      });
    }
    const known = await readConversation(this.#context);
    const { loadSession, sessionCapabilities } = agent.agentCapabilities;
    // Taking up tells nothing again; loading tells the whole conversation.
    const how = sessionCapabilities.resume ? "session/resume" : loadSession ? "session/load" : null;
    if (known !== null && how) {
      const loaded = await this.#peer.request(how, { sessionId: known, ...this.#place() });
      if (!loaded) return null;
      if ("result" in loaded)
        return this.#choose(known, LoadAnswer.safeParse(loaded.result).data?.configOptions, false);
    }
    const created = await this.#peer.request("session/new", this.#place());
    const session = resultOf(SessionAnswer, created);
    if (!session) return failed(created);
    await noteConversation(this.#context, session.sessionId);
    // A conversation that was begun here, and not only resumed, has cost nothing yet.
    this.#cost = { now: 0, before: 0 };
    return this.#choose(session.sessionId, session.configOptions, known !== null);
  }

  #place() {
    return { cwd: this.#context.cwd, mcpServers: [] };
  }

  /** The model that was asked for, where the agent lets us choose; where it does not, its own settings decide. */
  async #choose(session: string, options: unknown[] | null | undefined, forgot: boolean): Promise<AcpOpened> {
    const opened = { session, forgot };
    const { model } = this.#context;
    const choice = modelChoice(options);
    if (!model || !choice || choice.current === model) return opened;
    if (!choice.models.includes(model)) {
      const detail = `It has no model "${model}", but: ${choice.models.join(", ")}`;
      return { failure: { code: "agent.no-model", detail } };
    }
    const wish = { sessionId: session, configId: choice.id, value: model };
    const chosen = await this.#peer.request("session/set_config_option", wish);
    return chosen && "result" in chosen ? opened : failed(chosen);
  }

  #notified(method: string, params: unknown, line: unknown): void {
    const native = UpdateName.safeParse(params).data?.update.sessionUpdate ?? method;
    const run = this.#current?.hasBegun ? this.#current : null;
    if (!native.endsWith("_chunk")) run?.turn.telling.raw(native, line);
    const told = SessionUpdate.safeParse(params).data;
    if (method !== "session/update" || !told) return;
    if (told.update.sessionUpdate !== "usage_update") run?.take(told.update);
    else if (told.update.cost?.currency === "USD") this.#costs(told.update.cost.amount);
  }

  #costs(now: number): void {
    // Where the beginning was not seen, what came before is not this prompt's.
    this.#cost = { now, before: this.#cost?.before ?? now };
    this.#current?.turn.cost(Math.max(0, now - this.#cost.before));
  }

  #asked(id: RpcId, method: string, params: unknown, line: unknown): void {
    this.#current?.turn.telling.raw(method, line);
    if (!this.#current?.ask(id, method, params))
      this.#peer.refuse(id, METHOD_NOT_FOUND, "Nobody is here to answer that.");
  }
}

function failed(answer: RpcAnswer): AcpOpened {
  if (!answer) return null;
  if (!("error" in answer)) {
    return { failure: { code: "agent.failed", detail: "The agent answered in a form that is not known." } };
  }
  const failure = failureOf(answer.error);
  return { failure: failure.code === "model.failed" ? { ...failure, code: "agent.failed" } : failure };
}
