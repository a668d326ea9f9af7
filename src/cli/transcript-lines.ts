/**
 * A session's journal as lines that can be read in a terminal: what was asked, what the agent said and did, how it ended.
 * Pure; pieces of a message are kept back until the message is whole.
 */
import { duration, noteText } from "../surfaces/terminal-render.ts";
import type { AgentEvent } from "../wire/events.ts";
import { paint } from "./output.ts";

/** Enough to see why a tool failed; the page has everything. */
const OUTPUT_LINES = 8;

export interface TranscriptLines {
  of(event: AgentEvent): string[];
  /** What is still kept back. */
  rest(): string[];
}

/** `asked` gives what a turn was asked, with who asked it. */
export function transcriptLines(asked: (turn: string) => string | null, colour: boolean): TranscriptLines {
  const titles = new Map<string, string>();
  /** The message that is being written, and its number within the turn. */
  let said = "";
  let saying = 0;
  let last = "";

  const rest = (): string[] => {
    const text = clean(said.trim());
    said = "";
    if (text) last = text;
    return text ? [text] : [];
  };
  const dim = (text: string): string => paint(["dim"], text, colour);

  const linesOf = (event: Exclude<AgentEvent, { type: "text" }>): string[] => {
    switch (event.type) {
      case "turn.started":
        return ["", paint(["bold"], `> ${clean(asked(event.turn) ?? event.turn)}`, colour)];
      case "turn.steered":
        return [paint(["bold"], `> ${clean(event.text)}`, colour)];
      case "workspace.preparing":
        return [dim(`· ${event.step} ${clean(event.repository)}`)];
      case "workspace.ready":
        return [dim(`· on ${clean(event.branch)} at ${event.commit.slice(0, 7)}`)];
      case "tool.started":
        titles.set(event.call, clean(event.title));
        return [];
      case "tool.ended":
        return toolLines(event, titles.get(event.call) ?? event.tool, colour);
      case "retrying":
        return [dim(`· trying again (${clean(event.reason)})`)];
      case "branch.pushed":
        return [paint(["cyan"], `↑ pushed ${clean(event.branch)} (${event.commit.slice(0, 7)})`, colour)];
      case "agent.exited":
        return [paint(["red"], `✗ the agent's process ended (${event.signal ?? event.code})`, colour)];
      case "journal.cut":
        return [dim("· older history was cut")];
      case "turn.ended":
        return endLines(event, colour);
      case "daemon.started":
      case "thinking":
      case "usage":
      case "diff":
        return [];
      default:
        return event satisfies never;
    }
  };

  const piece = ({ message, text }: Extract<AgentEvent, { type: "text" }>): string[] => {
    const before = message === saying ? [] : rest();
    saying = message;
    said += text;
    return before;
  };

  /** Most often the last message once more, which stands there already. */
  const answer = (event: Extract<AgentEvent, { type: "turn.ended" }>): string[] => {
    const text = clean(event.answer.trim());
    return text && text !== last ? [text] : [];
  };

  return {
    rest,
    of(event) {
      if (event.type === "text") return piece(event);
      const lines = linesOf(event);
      // Events that print nothing (`usage`) come in the middle of a message and do not end it.
      return lines.length > 0 ? [...rest(), ...(event.type === "turn.ended" ? answer(event) : []), ...lines] : lines;
    },
  };
}

function toolLines(
  { ok, durationMs, output }: Extract<AgentEvent, { type: "tool.ended" }>,
  title: string,
  colour: boolean,
): string[] {
  const took = paint(["dim"], durationMs < 1_000 ? "" : duration(durationMs), colour);
  if (ok) return [`${paint(["green"], "✓", colour)} ${title}  ${took}`.trimEnd()];
  const tail = clean(output).split("\n").slice(-OUTPUT_LINES);
  return [`${paint(["red"], "✗", colour)} ${title}  ${took}`.trimEnd(), ...tail.map((line) => `    ${line}`)];
}

function endLines(event: Extract<AgentEvent, { type: "turn.ended" }>, colour: boolean): string[] {
  const word = { done: "✓ done", failed: "✗ failed", stopped: "■ stopped" }[event.outcome];
  const style = ({ done: "green", failed: "red", stopped: "yellow" } as const)[event.outcome];
  const why = event.failure ? [`  ${clean(event.failure.detail)} (${event.failure.code})`] : [];
  return [paint([style], `${word} in ${duration(event.durationMs)}`, colour), ...why];
}

/** Other people's words without what could steer the terminal. */
const clean = (text: string): string => noteText(text, false);
