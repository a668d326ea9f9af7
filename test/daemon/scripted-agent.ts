/** An agent whose every move is written by the test. It keeps the promises of the port: it can be steered, stopped and closed. */
import { randomUUID } from "node:crypto";
import type { Agent, AgentContext, AgentFactory, AgentOutcome, AgentQuestion } from "../../src/daemon/agents/agent.ts";

export interface Run {
  message: string;
  context: AgentContext;
  /** What was steered into this prompt so far. */
  steered: string[];
  /** Resolves when somebody stops the prompt or closes the agent. */
  stopped: Promise<void>;
  /** Asks people, and waits for the answer; null: nobody answered. */
  ask(question: Omit<AgentQuestion, "type" | "question">): Promise<string | null>;
}
export type Script = (run: Run) => Promise<AgentOutcome> | AgentOutcome;

export interface ScriptedAgent {
  factory: AgentFactory;
  /** What the next prompts do; the last one stays. */
  script(script: Script): void;
  /** Every agent that was made, in order. */
  made: AgentContext[];
  messages: string[];
  closed: number;
  /** Whether a steered message is taken; false: the agent is too late. */
  takesSteering: boolean;
}

const USAGE = { inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
export const done = (answer = "Done."): AgentOutcome => ({ outcome: "done", answer, usage: USAGE });
export const stopped = (): AgentOutcome => ({ outcome: "stopped", answer: "", usage: USAGE });

export function scriptedAgent(first: Script = () => done()): ScriptedAgent {
  let script = first;
  const scripted: ScriptedAgent = {
    factory: create,
    script(next) {
      script = next;
    },
    made: [],
    messages: [],
    closed: 0,
    takesSteering: true,
  };
  return scripted;

  function create(context: AgentContext): Agent {
    scripted.made.push(context);
    let stop = Promise.withResolvers<void>();
    let steered: string[] = [];
    const asked = new Map<string, (answer: string | null) => void>();
    const ask: Run["ask"] = (asks) => {
      const question = randomUUID();
      const answer = new Promise<string | null>((resolve) => asked.set(question, resolve));
      context.report({ type: "asked", question, ...asks });
      return answer;
    };
    return {
      kind: "scripted",
      async prompt(message) {
        scripted.messages.push(message);
        stop = Promise.withResolvers<void>();
        steered = [];
        return script({ message, context, steered, stopped: stop.promise, ask });
      },
      async steer(message) {
        if (scripted.takesSteering) steered.push(message);
        return scripted.takesSteering;
      },
      answer(question, answer) {
        asked.get(question)?.(answer);
      },
      async abort() {
        stop.resolve();
      },
      async close() {
        scripted.closed += 1;
        stop.resolve();
      },
    };
  }
}
