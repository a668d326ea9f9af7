/** What OpenCode wants to know from people: leave to use a tool, and its own questions, of which one request may have several. */
import * as z from "zod";
import { type AgentContext, ALLOW, DENY } from "./agent.ts";
import type { OpencodeEvent } from "./opencode-protocol.ts";
import type { OpencodeServer } from "./opencode-server.ts";

type Asked<T extends OpencodeEvent["type"]> = Extract<OpencodeEvent, { type: T }>["properties"];

/** What the model is told where nobody answered. */
const NOBODY = "Nobody answered in time. Go on with your best judgement, and say what you assumed.";

export class OpencodeAsking {
  readonly #context: Pick<AgentContext, "report" | "asksLeave">;
  readonly #server: OpencodeServer;
  /** What is done with the answer to an open one, by our id of it. */
  readonly #open = new Map<string, (answer: string | null) => void>();

  constructor({ context, server }: { context: Pick<AgentContext, "report" | "asksLeave">; server: OpencodeServer }) {
    this.#context = context;
    this.#server = server;
  }

  leave({ id, permission: tool, patterns, metadata }: Asked<"permission.asked">, stopping: boolean): void {
    const reply = (answer: string | null) => this.#replyToLeave(id, answer);
    // Some things it asks about whatever it may do (files outside of its folder, a loop of its own).
    if (stopping || !this.#context.asksLeave) {
      reply(stopping ? null : ALLOW);
      return;
    }
    const subject = subjectOf(patterns, metadata);
    this.#open.set(id, reply);
    const asks = { text: `May I use ${tool}?`, options: [ALLOW, DENY], otherwise: DENY, permission: { tool, subject } };
    this.#context.report({ type: "asked", question: id, ...asks });
  }

  question({ id, questions }: Asked<"question.asked">, stopping: boolean): void {
    if (stopping) {
      void this.#server.call("POST", `/question/${id}/reject`);
      return;
    }
    const answers = questions.map(() => null as string[] | null);
    for (const [index, { question: text, options }] of questions.entries()) {
      const name = questions.length === 1 ? id : `${id}/${index}`;
      this.#open.set(name, (answer) => {
        answers[index] = [answer ?? NOBODY];
        if (answers.every((one) => one !== null)) void this.#server.call("POST", `/question/${id}/reply`, { answers });
      });
      const labels = options.map(({ label }) => label);
      this.#context.report({ type: "asked", question: name, text, options: labels, otherwise: null });
    }
  }

  answer(question: string, answer: string | null): void {
    const reply = this.#open.get(question);
    this.#open.delete(question);
    reply?.(answer);
  }

  /** An abort has ended them at the server. */
  dismiss(): void {
    this.#open.clear();
  }

  #replyToLeave(id: string, answer: string | null): void {
    const words = answer === null ? "Nobody allowed it in time." : answer === DENY ? "It was not allowed." : answer;
    const reply = answer === ALLOW ? { reply: "once" } : { reply: "reject", message: words };
    void this.#server.call("POST", `/permission/${id}/reply`, reply);
  }
}

/** A patch may be about several files: `filepath` has their names in one text, with commas between, and not where they are moved to. */
const Files = z.array(z.object({ filePath: z.string(), movePath: z.string().optional() })).min(1);

function subjectOf(patterns: string[], { files, command, filepath, url }: Record<string, unknown>): string {
  const patched = Files.safeParse(files);
  if (patched.success)
    return patched.data.flatMap(({ filePath, movePath = [] }) => [filePath, movePath].flat()).join("\n");
  const named = files === undefined && [command, filepath, url].find((one) => typeof one === "string");
  return typeof named === "string" ? named : patterns.join("\n");
}
