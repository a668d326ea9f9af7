/** One prompt on its way through one agent that speaks the Agent Client Protocol. */
import { type Field, type FormReply, fieldsOf } from "./acp-form.ts";
import type { AcpOpened } from "./acp-link.ts";
import { type AcpUpdate, ElicitationWish, PermissionWish } from "./acp-protocol.ts";
import { subjectOf, toolName } from "./acp-tool.ts";
import { AcpTurn } from "./acp-turn.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import type { RpcId, RpcPeer } from "./json-rpc.ts";
import { OpenQuestions } from "./open-questions.ts";
import type { Run } from "./supervised.ts";

export class AcpRun implements Run {
  readonly accepted: Promise<boolean>;
  readonly ended: Promise<AgentOutcome>;
  readonly turn: AcpTurn;
  readonly #peer: RpcPeer;
  readonly #context: AgentContext;
  readonly #questions: OpenQuestions;
  readonly #accepted = Promise.withResolvers<boolean>();
  readonly #ended = Promise.withResolvers<AgentOutcome>();
  /** Said by people while the agent was busy, in answers that the protocol has no place for. */
  readonly #later: string[] = [];
  #session: string | null = null;
  #forgot = false;
  #stopping = false;

  constructor(peer: RpcPeer, context: AgentContext) {
    this.#peer = peer;
    this.#context = context;
    this.#questions = new OpenQuestions(context.report);
    this.turn = new AcpTurn(context);
    this.accepted = this.#accepted.promise;
    this.ended = this.#ended.promise;
  }

  async begin(opening: Promise<AcpOpened>, message: string): Promise<void> {
    const opened = await opening;
    if (!opened) return;
    if ("failure" in opened) {
      this.#accepted.resolve(false);
      this.#ended.resolve(this.cutShort({ outcome: "failed", failure: opened.failure }));
      return;
    }
    this.#forgot = opened.forgot;
    // Said once: the next prompt knows of this one.
    opened.forgot = false;
    if (this.#stopping) return this.#ended.resolve(this.cutShort({ outcome: "stopped" }));
    this.#session = opened.session;
    this.#accepted.resolve(true);
    await this.#submit(message);
  }

  /** Before the prompt was sent, it is an old conversation told again. */
  get hasBegun(): boolean {
    return this.#session !== null;
  }

  take(update: AcpUpdate): void {
    this.turn.take(update);
  }

  /** A request of the agent. False: it is none that we answer. */
  ask(id: RpcId, method: string, params: unknown): boolean {
    if (method === "session/request_permission") return this.#askLeave(id, PermissionWish.safeParse(params).data);
    if (method === "elicitation/create") return this.#askPeople(id, ElicitationWish.safeParse(params).data);
    return false;
  }

  /** The protocol has no way to add to a prompt: the daemon keeps it for the next one. */
  async steer(): Promise<boolean> {
    return false;
  }

  answer(question: string, answer: string | null): void {
    this.#questions.answer(question, answer);
  }

  interrupt(): void {
    this.#stopping = true;
    if (this.#session === null) return;
    this.#peer.notify("session/cancel", { sessionId: this.#session });
    // The protocol wants all that waits for an answer answered after that.
    this.#questions.dismissAll();
  }

  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    this.turn.telling.settle("Stopped.");
    return this.#withMemory(this.turn.telling.outcome(end));
  }

  async #submit(text: string): Promise<void> {
    const prompt = [{ type: "text", text }];
    const answer = await this.#peer.request("session/prompt", { sessionId: this.#session, prompt });
    if (!answer) return;
    const outcome = this.turn.end(answer);
    const later = this.#later.splice(0);
    if (later.length > 0 && !this.#stopping && outcome.outcome !== "failed") return this.#submit(later.join("\n\n"));
    this.#ended.resolve(this.#withMemory(outcome));
  }

  #askLeave(id: RpcId, wish: PermissionWish | undefined): boolean {
    if (!wish) return false;
    const choose = (...kinds: string[]) => {
      const option = kinds.flatMap((kind) => wish.options.filter((one) => one.kind === kind))[0];
      const outcome = option && !this.#stopping ? { outcome: "selected", optionId: option.optionId } : CANCELLED;
      this.#peer.reply(id, { outcome });
    };
    // Never for good where once can be had: a rule may decide otherwise the next time.
    const allow = () => choose("allow_once", "allow_always");
    const deny = () => choose("reject_once", "reject_always");
    if (this.#stopping) deny();
    else if (!this.#context.asksLeave) allow();
    else {
      const tool = this.turn.known(wish.toolCall);
      this.#questions.askLeave(toolName(tool), subjectOf(tool), {
        allowed: allow,
        denied: (reason) => {
          if (reason !== null) this.#later.push(reason);
          deny();
        },
      });
    }
    return true;
  }

  #askPeople(id: RpcId, wish: ElicitationWish | undefined): boolean {
    if (!wish) return false;
    const reply = (answer: FormReply) => this.#peer.reply(id, answer);
    if (this.#stopping) reply({ action: "cancel" });
    else this.#fill(fieldsOf(wish), {}, reply);
    return true;
  }

  /** One field after the other: people answer one question at a time. */
  #fill([field, ...rest]: Field[], content: Record<string, unknown>, reply: (answer: FormReply) => void): void {
    if (!field) {
      reply({ action: "accept", content });
      return;
    }
    this.#questions.ask(field.asks, (answer) => {
      const said = answer ?? field.asks.otherwise;
      const value = said === null ? undefined : field.valueOf(said);
      if (said === null || this.#stopping) reply({ action: "cancel" });
      else if (value !== undefined) this.#fill(rest, { ...content, [field.name]: value }, reply);
      else {
        this.#later.push(`${field.asks.text}\n\nThe answer was: ${said}`);
        reply({ action: "decline" });
      }
    });
  }

  #withMemory(outcome: AgentOutcome): AgentOutcome {
    return this.#forgot ? { ...outcome, forgot: true } : outcome;
  }
}

const CANCELLED = { outcome: "cancelled" };
