/** Prompts on their way through one `claude -p` that stays. Each is known by an id of ours; see `claude-protocol.ts` for its life. */
import { randomUUID } from "node:crypto";
import type { Usage } from "../../wire/events.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import type { AgentProcess } from "./agent-process.ts";
import { type Asking, allow, askingOf } from "./claude-ask.ts";
import {
  type ClaudeLine,
  type ClaudeReply,
  type ClaudeRequest,
  interruptLine,
  nativeName,
  parseClaudeLine,
  refusalLine,
  replyLine,
  userLine,
} from "./claude-protocol.ts";
import { Account, ClaudeTurn } from "./claude-turn.ts";
import type { Link, Run } from "./supervised.ts";

type Life = Extract<ClaudeLine, { type: "command_lifecycle" }>;

export class ClaudeLink implements Link {
  readonly account = new Account();
  readonly #process: AgentProcess;
  readonly #context: AgentContext;
  readonly #ready: Promise<void>;
  #current: ClaudeRun | null = null;

  /** `before`: what was spent in its conversation by others; it does not reject. */
  constructor(process: AgentProcess, context: AgentContext, before: Promise<Usage | null>) {
    this.#process = process;
    this.#context = context;
    this.#ready = before.then((spent) => (spent ? this.account.startAt(spent) : undefined));
    const raw = (native: string, line: string) => context.report({ type: "raw", native, line });
    process.onLine(
      (value, line) => {
        const native = nativeName(value);
        if (native) raw(native, line);
        const known = parseClaudeLine(value);
        if (known) this.#take(known);
      },
      (line) => raw("text", line),
    );
  }

  run(message: string): Run {
    const run = new ClaudeRun(this, this.#context);
    this.#current = run;
    void run.ended.then(() => {
      if (this.#current === run) this.#current = null;
    });
    void this.#ready.then(() => run.submit(message));
    return run;
  }

  send(line: unknown): void {
    this.#process.send(line);
  }

  reply(request: string, reply: ClaudeReply): void {
    this.send(replyLine(request, reply));
  }

  #take(line: ClaudeLine): void {
    if (line.type === "control_request") this.#asked(line);
    else this.#current?.take(line);
  }

  /** Nothing is left open that nobody could answer: Claude waits for ever. */
  #asked(line: ClaudeRequest): void {
    const { request_id: id, request } = line;
    if (request.subtype !== "can_use_tool") {
      this.send(refusalLine(id, "Nobody here can do that."));
      return;
    }
    const asking = askingOf(line, this.#context.cwd, this.#context.asksLeave === true);
    if (!asking) this.reply(id, allow(request.input));
    else if (!this.#current?.open(id, asking)) this.reply(id, asking.reply(asking.questions.map(() => null)));
  }
}

/** One request of Claude's, and the answers that it has so far. */
interface Open {
  asking: Asking;
  answers: (string | null | undefined)[];
}

class ClaudeRun implements Run {
  readonly accepted: Promise<boolean>;
  readonly ended: Promise<AgentOutcome>;
  readonly #link: ClaudeLink;
  readonly #context: AgentContext;
  readonly #turn: ClaudeTurn;
  readonly #accepted = Promise.withResolvers<boolean>();
  readonly #ended = Promise.withResolvers<AgentOutcome>();
  /** Ids of what was said and is not done with. */
  readonly #said = new Set<string>();
  readonly #steers = new Map<string, (taken: boolean) => void>();
  readonly #requests = new Map<string, Open>();
  /** Of a version that does not tell, the first result is the end, and nothing can be added. */
  #tellsLives = false;
  #hasResult = false;
  #stopping = false;

  constructor(link: ClaudeLink, context: AgentContext) {
    this.#link = link;
    this.#context = context;
    this.#turn = new ClaudeTurn(context, link.account);
    this.accepted = this.#accepted.promise;
    this.ended = this.#ended.promise;
  }

  submit(message: string): void {
    if (!this.#stopping) {
      this.#say(message);
      return;
    }
    this.#accepted.resolve(false);
    this.#ended.resolve(this.cutShort({ outcome: "stopped" }));
  }

  take(line: ClaudeLine): void {
    if (line.type === "command_lifecycle") this.#lives(line);
    if (line.type === "control_cancel_request") this.#requests.delete(line.request_id);
    if (line.type === "system" && line.subtype === "init") this.#accepted.resolve(true);
    this.#turn.take(line);
    if (line.type !== "result") return;
    this.#hasResult = true;
    if (!this.#tellsLives || this.#said.size === 0) this.#end();
  }

  /** False: nobody is to be asked any more. */
  open(request: string, asking: Asking): boolean {
    if (this.#stopping) return false;
    this.#requests.set(request, { asking, answers: asking.questions.map(() => undefined) });
    asking.questions.forEach((asks, at) => {
      this.#context.report({ type: "asked", question: `${request}/${at}`, ...asks });
    });
    return true;
  }

  answer(question: string, answer: string | null): void {
    const slash = question.lastIndexOf("/");
    const [request, at] = [question.slice(0, slash), Number(question.slice(slash + 1))];
    const open = this.#requests.get(request);
    if (open?.answers[at] !== undefined || !open) return;
    open.answers[at] = answer;
    const answers = open.answers.filter((one) => one !== undefined);
    if (answers.length < open.answers.length) return;
    this.#requests.delete(request);
    this.#link.reply(request, open.asking.reply(answers));
  }

  async steer(message: string): Promise<boolean> {
    if (!this.#tellsLives || this.#stopping) return false;
    const taken = Promise.withResolvers<boolean>();
    this.#steers.set(this.#say(message), taken.resolve);
    return taken.promise;
  }

  interrupt(): void {
    this.#stopping = true;
    // Claude takes its own requests back.
    this.#requests.clear();
    this.#link.send(interruptLine(randomUUID()));
  }

  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    return this.#turn.cutShort(end);
  }

  #say(message: string): string {
    const id = randomUUID();
    this.#said.add(id);
    this.#link.send(userLine(id, message));
    return id;
  }

  /** What was said during the last look at the queue is done in a round of its own, before this ends: we have promised to take it. */
  #lives({ command_uuid: id, state }: Life): void {
    if (!this.#said.has(id)) return;
    this.#tellsLives = true;
    this.#accepted.resolve(true);
    const taken = state === "queued" || state === "started";
    this.#steers.get(id)?.(taken);
    this.#steers.delete(id);
    if (taken) return;
    this.#said.delete(id);
    // Of what never began there is no result.
    if (this.#said.size === 0 && (this.#hasResult || state !== "completed")) this.#end();
  }

  #end(): void {
    this.#ended.resolve(this.#turn.outcome());
  }
}
