/**
 * A session's journal as lines that can be read in a terminal: what was asked, what the agent said and did, how it ended.
 * Pure; pieces of a message are kept back until the message is whole.
 */
import type { Failure } from "../core/types.ts";
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

/** What the bot knows of a turn, and the journal does not. */
export interface KnownTurn {
  /** With who asked it. */
  asked: string;
  /** Why it was stopped: the agent alone is told that it is. */
  failure?: Failure | undefined;
}

export function transcriptLines(known: (turn: string) => KnownTurn | null, colour: boolean): TranscriptLines {
  const titles = new Map<string, string>();
  const message = wholeMessages();
  return {
    rest: message.end,
    of(event) {
      if (event.type === "text") return message.add(event);
      if (event.type === "tool.started") titles.set(event.call, clean(event.title));
      const lines = linesOf(event, { known, titles, colour });
      // Events that print nothing (`usage`) come in the middle of a message and do not end it.
      if (lines.length === 0) return lines;
      return [...message.end(), ...(event.type === "turn.ended" ? message.unlessSaid(event.answer) : []), ...lines];
    },
  };
}

/** Puts the pieces of a message together, which come as the agent writes. */
function wholeMessages() {
  let number = 0;
  let pieces = "";
  let last = "";
  const end = (): string[] => {
    const text = clean(pieces.trim());
    pieces = "";
    if (text) last = text;
    return text ? [text] : [];
  };
  return {
    end,
    add({ message, text }: Extract<AgentEvent, { type: "text" }>): string[] {
      const before = message === number ? [] : end();
      number = message;
      pieces += text;
      return before;
    },
    /** An answer is most often the last message once more. */
    unlessSaid(answer: string): string[] {
      const text = clean(answer.trim());
      return text && text !== last ? [text] : [];
    },
  };
}

interface Ground {
  known(turn: string): KnownTurn | null;
  /** Of tools that were started, by call. */
  titles: Map<string, string>;
  colour: boolean;
}

function linesOf(event: Exclude<AgentEvent, { type: "text" }>, { known, titles, colour }: Ground): string[] {
  const line = (style: Parameters<typeof paint>[0], text: string): string[] => [paint(style, text, colour)];
  switch (event.type) {
    case "turn.started":
      return ["", ...line(["bold"], `> ${clean(known(event.turn)?.asked ?? event.turn)}`)];
    case "turn.steered":
      return line(["bold"], `> ${clean(event.text)}`);
    case "workspace.preparing":
      return line(["dim"], `· ${event.step} ${clean(event.repository)}`);
    case "workspace.ready":
      return line(["dim"], `· on ${clean(event.branch)} at ${event.commit.slice(0, 7)}`);
    case "tool.ended":
      return toolLines(event, titles.get(event.call) ?? event.tool, colour);
    case "retrying":
      return line(["dim"], `· trying again (${clean(event.reason)})`);
    case "question.asked":
      return line(["bold"], `? ${clean(event.text)}`);
    case "question.answered":
      return line(["bold"], `> ${clean(event.answer ?? "(no answer)")}`);
    case "branch.pushed":
      return line(["cyan"], `↑ pushed ${clean(event.branch)} (${event.commit.slice(0, 7)})`);
    case "agent.exited":
      return line(["red"], `✗ the agent's process ended (${event.signal ?? event.code})`);
    case "turn.silent":
      return line(["yellow"], `· nothing heard for ${duration(event.silentMs)}`);
    case "permission.denied":
      return line(["yellow"], `✗ not allowed: ${clean(event.tool)} ${clean(event.subject)}`);
    case "journal.cut":
      return line(["dim"], "· older history was cut");
    case "turn.ended":
      return endLines(event, known(event.turn)?.failure, colour);
    case "agent.raw":
    case "daemon.started":
    case "push.asked":
    case "thinking":
    case "tool.started":
    case "usage":
    case "diff":
      return [];
    default:
      return event satisfies never;
  }
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

function endLines(
  event: Extract<AgentEvent, { type: "turn.ended" }>,
  stoppedFor: Failure | undefined,
  colour: boolean,
): string[] {
  const word = { done: "✓ done", failed: "✗ failed", stopped: "■ stopped" }[event.outcome];
  const style = ({ done: "green", failed: "red", stopped: "yellow" } as const)[event.outcome];
  const failure = event.failure ?? (event.outcome === "stopped" ? stoppedFor : undefined);
  const why = failure ? [`  ${clean(failure.detail)} (${failure.code})`] : [];
  return [paint([style], `${word} in ${duration(event.durationMs)}`, colour), ...why];
}

/** Other people's words without what could steer the terminal. */
const clean = (text: string): string => noteText(text, false);

/** The agent's line as it came. One that was cut, or never was JSON, inside of a line that is. */
export function rawLines(event: AgentEvent): string[] {
  if (event.type !== "agent.raw") return [];
  const { native, line, cut } = event;
  return [(isJson(line) ? line : JSON.stringify({ type: native, cut, line })).replace(STEERING, escaped)];
}

/** JSON has them as they are, and terminals obey some of them: C1 controls, line ends of Unicode, what turns a line round. */
const STEERING = /(?!\t)[\p{C}\u2028\u2029]/gu;
const escaped = (sign: string): string =>
  sign
    .split("")
    .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return !/[\r\n]/.test(line);
  } catch {
    return false;
  }
}
