/**
 * Puts what one prompt brings forth into reports, and keeps what its outcome is made of: for agents that tell pieces (words of a part,
 * a tool that began or ended) and do not number their messages. Reports are whole: the daemon blanks secrets before it cuts.
 */
import { NO_USAGE, type Usage } from "../../wire/events.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";

export interface ToolStart {
  call: string;
  tool: string;
  title: string;
  input: unknown;
}

export class Telling {
  readonly #report: AgentContext["report"];
  readonly #tools = new Map<string, { tool: string; since: number }>();
  #message = 0;
  /** What the message that is being said has so far: nothing, thoughts, or words of this part. */
  #said: { part: string } | "thoughts" | null = null;
  #words = "";
  #usage: Usage;

  constructor(report: AgentContext["report"], usage: Usage = NO_USAGE) {
    this.#report = report;
    this.#usage = usage;
  }

  raw(native: string, line: unknown): void {
    this.#report({ type: "raw", native, line: JSON.stringify(line) });
  }

  /** Words of one part are one message, as long as no tool comes between them. */
  text(part: string, text: string): void {
    if (!text) return;
    const goesOn = this.#said !== null && this.#said !== "thoughts" && this.#said.part === part;
    if (!goesOn) {
      if (this.#said !== "thoughts") this.#message += 1;
      this.#words = "";
      this.#said = { part };
    }
    this.#words += text;
    this.#report({ type: "text", message: this.#message, text });
  }

  /** Comes before the words of the same message. */
  thinking(text: string): void {
    if (!text) return;
    if (this.#said !== "thoughts") this.#message += 1;
    this.#said = "thoughts";
    this.#report({ type: "thinking", message: this.#message, text });
  }

  toolStarted({ call, tool, title, input }: ToolStart): void {
    if (this.#tools.has(call)) return;
    this.#tools.set(call, { tool, since: performance.now() });
    this.#said = null;
    this.#report({ type: "tool.started", call, tool, title: oneLine(title), input: JSON.stringify(input) ?? "" });
  }

  /** Nothing for a tool that was not started. */
  toolEnded(call: string, ok: boolean, output: string): void {
    const started = this.#tools.get(call);
    if (!started) return;
    this.#tools.delete(call);
    this.#said = null;
    const durationMs = Math.round(performance.now() - started.since);
    this.#report({ type: "tool.ended", call, tool: started.tool, ok, output, cut: false, durationMs });
  }

  get toolRuns(): boolean {
    return this.#tools.size > 0;
  }

  /** The agent says no more, also of its tools: it is done, was stopped, or is gone. */
  settle(why: string): void {
    this.#said = null;
    for (const call of [...this.#tools.keys()]) this.toolEnded(call, false, why);
  }

  /** Totals of this prompt. */
  spent(usage: Usage): void {
    this.#usage = usage;
    this.#report({ type: "usage", usage: { ...usage } });
  }

  outcome(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    return { ...end, answer: this.#words, usage: this.#usage };
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
