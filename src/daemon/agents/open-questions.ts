/** What one prompt asks people and nobody has answered yet. Ids are ours: agents count theirs anew in every process. */
import { randomUUID } from "node:crypto";
import { type AgentContext, type AgentQuestion, ALLOW, DENY } from "./agent.ts";

type Reply = (answer: string | null) => void;

export class OpenQuestions {
  readonly #report: AgentContext["report"];
  readonly #open = new Map<string, Reply>();

  constructor(report: AgentContext["report"]) {
    this.#report = report;
  }

  /** `reply` is called at most once. */
  ask(asks: Omit<AgentQuestion, "type" | "question">, reply: Reply): void {
    const question = randomUUID();
    this.#open.set(question, reply);
    this.#report({ type: "asked", question, ...asks });
  }

  /** `denied` hears the reason, where there is one; nobody's answer is a no without one. */
  askLeave(tool: string, subject: string, reply: { allowed(): void; denied(reason: string | null): void }): void {
    const asks = {
      text: `${tool}: ${subject}`,
      options: [ALLOW, DENY],
      otherwise: DENY,
      permission: { tool, subject },
    };
    this.ask(asks, (answer) => {
      if (answer === ALLOW) reply.allowed();
      else reply.denied(answer === DENY ? null : answer);
    });
  }

  answer(question: string, answer: string | null): void {
    const reply = this.#open.get(question);
    this.#open.delete(question);
    reply?.(answer);
  }

  /** Nobody will answer what is still open. */
  dismissAll(): void {
    for (const question of [...this.#open.keys()]) this.answer(question, null);
  }
}
