/** Prompts on their way through one `opencode serve`, which has one conversation for us. */
import type { AgentContext, AgentOutcome } from "./agent.ts";
import { OpencodeAsking } from "./opencode-asking.ts";
import {
  nativeName,
  type OpencodeEvent,
  OpencodeMessages,
  OpencodeSession,
  parseOpencodeEvent,
  parsePart,
} from "./opencode-protocol.ts";
import type { OpencodeServer } from "./opencode-server.ts";
import { OpencodeTurn } from "./opencode-turn.ts";
import type { Failure, Link, Run } from "./supervised.ts";

export interface OpencodeTalk {
  context: AgentContext;
  server: OpencodeServer;
  /** Where it remembers its conversation, and what that is called; null for a new one. */
  memory: { read(): Promise<string | null>; write(session: string): Promise<void> };
  /** Its own choice, when it is left out. */
  model: { providerID: string; modelID: string } | undefined;
  /** A provider that makes it wait longer than that between two tries is given up. */
  maxWaitMs: number;
}

export class OpencodeLink implements Link {
  readonly #talk: OpencodeTalk;
  /** Ids of everything that was said in the conversation, by prompts of before too: the server tells of those again, also after their end. */
  readonly #heard = new Set<string>();
  #session: Promise<string | null> | null = null;
  #current: OpencodeRun | null = null;

  constructor(talk: OpencodeTalk) {
    this.#talk = talk;
    talk.server.events({
      event: (value, text) => {
        const native = nativeName(value);
        if (native) talk.context.report({ type: "raw", native, line: text });
        const event = parseOpencodeEvent(value);
        if (event) this.#current?.take(event);
      },
      again: () => void this.#current?.catchUp(),
    });
  }

  run(message: string): Run {
    this.#session ??= conversation(this.#talk, this.#heard);
    const run = new OpencodeRun(this.#talk, this.#session, this.#heard);
    this.#current = run;
    void run.say(message).then((taken) => run.begun(taken));
    return run;
  }
}

/** The one of before, if it is still there, with what was said in it. */
async function conversation({ server, memory }: OpencodeTalk, heard: Set<string>): Promise<string | null> {
  const known = await memory.read();
  if (known !== null && (await server.call("GET", `/session/${known}`)) !== null) {
    const { data = [] } = OpencodeMessages.safeParse(await server.call("GET", `/session/${known}/message`));
    for (const { info } of data) if (info.role === "user") heard.add(info.id);
    return known;
  }
  // A title of our own: without one it asks a model for it.
  const made = OpencodeSession.safeParse(await server.call("POST", "/session", { title: "Threadbox" }));
  if (!made.success) return null;
  await memory.write(made.data.id);
  return made.data.id;
}

class OpencodeRun implements Run {
  readonly accepted: Promise<boolean>;
  readonly ended: Promise<AgentOutcome>;
  readonly #talk: OpencodeTalk;
  readonly #session: Promise<string | null>;
  /** Our conversation, once it is known. Every other one that is told of is a sub-agent's, somewhere below it. */
  #own: string | null = null;
  readonly #turn: OpencodeTurn;
  readonly #asking: OpencodeAsking;
  readonly #accepted = Promise.withResolvers<boolean>();
  readonly #ended = Promise.withResolvers<AgentOutcome>();
  readonly #heard: Set<string>;
  /** Ids of what was said in it, the server's own, in their order. */
  readonly #said: string[] = [];
  /** Said, and not heard of yet: one at a time. */
  #saying: PromiseWithResolvers<boolean> | null = null;
  #turnToSpeak: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle = false;
  #stopping = false;
  #over = false;
  #failure: Failure | null = null;

  constructor(talk: OpencodeTalk, session: Promise<string | null>, heard: Set<string>) {
    this.#talk = talk;
    this.#heard = heard;
    this.#session = session;
    this.#turn = new OpencodeTurn(talk.context);
    this.#asking = new OpencodeAsking(talk);
    this.accepted = this.#accepted.promise;
    this.ended = this.#ended.promise;
  }

  /** Resolves when the server has it in the conversation. One after the other, so that it is known which is which. */
  say(text: string): Promise<boolean> {
    this.#waiting += 1;
    const said = this.#turnToSpeak
      .then(() => this.#say(text))
      .finally(() => {
        this.#waiting -= 1;
        this.#look();
      });
    this.#turnToSpeak = said;
    return said;
  }

  begun(taken: boolean): void {
    this.#accepted.resolve(taken);
    if (!taken) this.#end({ code: "agent.failed", detail: "opencode did not take the prompt." });
  }

  take(event: OpencodeEvent): void {
    if (this.#over) return;
    switch (event.type) {
      case "message.updated":
        this.#message(event.properties.info);
        break;
      case "message.part.updated":
        this.#turn.part(event.properties.part);
        break;
      case "message.part.delta":
        this.#turn.delta(event.properties);
        break;
      case "session.status":
        this.#status(event.properties);
        break;
      case "session.error":
        if (event.properties.error && this.#said.length > 0 && (event.properties.sessionID ?? this.#own) === this.#own)
          this.#turn.failed(event.properties.error);
        break;
      case "permission.asked":
        this.#asking.leave(event.properties, this.#stopping);
        break;
      case "question.asked":
        this.#asking.question(event.properties, this.#stopping);
    }
    this.#look();
  }

  /** What was told while nobody listened. */
  async catchUp(): Promise<void> {
    const session = await this.#session;
    const { data = [] } = OpencodeMessages.safeParse(
      await this.#talk.server.call("GET", `/session/${session}/message`),
    );
    for (const { info, parts } of data) {
      this.#message(info);
      for (const part of parts.flatMap((one) => parsePart(one) ?? [])) this.#turn.part(part);
    }
    // It names those that are at work.
    const busy = await this.#talk.server.call("GET", "/session/status");
    if (busy !== null && session !== null && !Object.hasOwn(Object(busy), session)) this.#idle = true;
    this.#look();
  }

  async steer(message: string): Promise<boolean> {
    return !this.#over && this.say(message);
  }

  answer(question: string, answer: string | null): void {
    this.#asking.answer(question, answer);
  }

  interrupt(): void {
    this.#stopping = true;
    this.#turn.stop();
    void this.accepted.then((taken) => (taken ? this.#abort() : undefined));
  }

  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    return this.#turn.cutShort(end);
  }

  async #say(text: string): Promise<boolean> {
    const session = await this.#session;
    this.#own = session;
    if (this.#over || session === null) return false;
    this.#idle = false;
    const saying = Promise.withResolvers<boolean>();
    this.#saying = saying;
    const body = { model: this.#talk.model, parts: [{ type: "text", text }] };
    const taken = await this.#talk.server.call("POST", `/session/${session}/prompt_async`, body);
    if (taken === null) saying.resolve(false);
    return saying.promise;
  }

  #message(info: Parameters<OpencodeTurn["answered"]>[0] | { role: "user"; id: string; sessionID: string }): void {
    const isOwn = info.sessionID === this.#own;
    if (info.role === "assistant") {
      if (!isOwn) this.#turn.aside(info);
      else if (this.#said.includes(info.parentID)) this.#turn.answered(info);
      return;
    }
    if (!isOwn || this.#heard.has(info.id)) return;
    this.#heard.add(info.id);
    if (!this.#saying) return;
    this.#said.push(info.id);
    this.#saying.resolve(true);
    this.#saying = null;
  }

  #status({ sessionID, status }: Extract<OpencodeEvent, { type: "session.status" }>["properties"]): void {
    if (sessionID === this.#own) this.#idle = status.type === "idle";
    if (status.type !== "retry") return;
    const now = Date.now();
    this.#turn.retrying(status, now);
    if ((status.next ?? now) - now <= this.#talk.maxWaitMs || this.#failure) return;
    // It would go on for ever, each time twice as long.
    this.#failure = { code: "model.unavailable", detail: status.message ?? "The model does not answer." };
    void this.#abort();
  }

  /** Nothing is left to come: the server is idle, and what was said last has its answer. */
  #look(): void {
    const last = this.#said.at(-1);
    if (this.#over || !this.#idle || this.#waiting > 0 || last === undefined) return;
    if (this.#stopping || this.#failure ? this.#said.some((id) => this.#turn.isOver(id)) : this.#turn.isOver(last))
      void this.#end(this.#failure);
  }

  async #abort(): Promise<void> {
    const session = await this.#session;
    await this.#talk.server.call("POST", `/session/${session}/abort`);
    this.#asking.dismiss();
  }

  async #end(failure: Failure | null): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    // What it has not come to would go to the model together with the next prompt.
    for (const id of this.#stopping ? this.#said.filter((one) => !this.#turn.isAnswered(one)) : [])
      await this.#talk.server.call("DELETE", `/session/${await this.#session}/message/${id}`);
    this.#ended.resolve(failure ? this.#turn.cutShort({ outcome: "failed", failure }) : this.#turn.outcome());
  }
}
