/**
 * Writes what an agent reports during one turn into the journal: words in pieces of a readable size instead of one entry per token,
 * without credentials, and no longer than the wire allows. Blanking comes before cutting, or half a secret would stay behind.
 */
import { AgentEvent } from "../wire/events.ts";
import type { AgentQuestion, AgentReport } from "./agents/agent.ts";
import type { DaemonClock } from "./clock.ts";
import { cutEnd, cutMiddle, MAX_INPUT_CHARS, MAX_OUTPUT_CHARS, MAX_RAW_CHARS, MAX_TITLE_CHARS } from "./limits.ts";
import type { DaemonLog } from "./log.ts";
import type { Redactor } from "./redactor.ts";

export interface Recorder {
  report(report: AgentReport): void;
  /** Writes what is still held back. Nothing is taken any more afterwards. */
  close(): void;
}

export interface RecorderParts {
  turn: string;
  append(event: AgentEvent): void;
  ask(turn: string, question: AgentQuestion): void;
  redactor: Redactor;
  clock: DaemonClock;
  log: DaemonLog;
}

/** Faster than a person reads, slower than a model speaks: about twenty entries a second at most. */
const FLUSH_AFTER_MS = 50;
/** As much as a screen of words is written without waiting for more. */
const FLUSH_AT_CHARS = 2_000;

/** What comes at once may be of any length; an entry that no reader takes would stand in the way of all after it. */
const PIECES = /.{1,50000}/gsu;

type Words = Extract<AgentReport, { type: "text" | "thinking" }>;

export function createRecorder({ turn, append, ask, redactor, clock, log }: RecorderParts): Recorder {
  let words: Words | null = null;
  let cancelTimer: (() => void) | null = null;
  let closed = false;

  return {
    report(report) {
      // An agent may still be talking when its turn has been ended by force; what it says belongs to no turn any more.
      if (closed) return;
      if (report.type === "text" || report.type === "thinking") return addWords(report);
      flush(0);
      if (report.type === "asked") return ask(turn, report);
      if (report.type === "raw") return append(rawEvent(turn, report, redactor));
      record(shortened(report, redactor));
    },
    close() {
      flush(0);
      closed = true;
    },
  };

  function addWords(report: Words): void {
    if (words && (words.type !== report.type || words.message !== report.message)) flush(0);
    words = { ...report, text: (words?.text ?? "") + report.text };
    if (words.text.length >= FLUSH_AT_CHARS) flush(redactor.heldTail(words.text));
    else cancelTimer ??= clock.after(FLUSH_AFTER_MS, () => words && flush(redactor.heldTail(words.text)));
  }

  /** Writes the collected words, but for the last `held` characters: they may be the first half of a secret. */
  function flush(held: number): void {
    cancelTimer?.();
    cancelTimer = null;
    if (!words) return;
    const { text } = words;
    const ready = text.slice(0, text.length - held);
    for (const piece of redactor.blank(ready).match(PIECES) ?? []) record({ ...words, text: piece });
    words = held > 0 ? { ...words, text: text.slice(text.length - held) } : null;
  }

  function record(report: Told): void {
    const event = AgentEvent.safeParse({ ...report, turn });
    if (event.success) append(event.data);
    else
      log.warn("report.malformed", {
        turn,
        type: report.type,
        issues: event.error.issues.map((i) => i.path.join(".")),
      });
  }
}

/** What is an event as it stands, but for its turn. */
type Told = Exclude<AgentReport, AgentQuestion | Raw>;
type Raw = Extract<AgentReport, { type: "raw" }>;

function rawEvent(turn: string, { native, line }: Raw, { blank }: Redactor): AgentEvent {
  const words = blank(line);
  const cut = words.length > MAX_RAW_CHARS;
  return { type: "agent.raw", turn, native: named(blank(native)), line: cutMiddle(words, MAX_RAW_CHARS), cut };
}

function shortened(report: Exclude<Told, Words>, { blank }: Redactor): Told {
  switch (report.type) {
    case "tool.started":
      return {
        ...report,
        call: named(blank(report.call)),
        tool: named(blank(report.tool)),
        title: cutEnd(blank(report.title), MAX_TITLE_CHARS),
        input: cutEnd(blank(report.input), MAX_INPUT_CHARS),
      };
    case "tool.ended": {
      const output = blank(report.output);
      return {
        ...report,
        call: named(blank(report.call)),
        tool: named(blank(report.tool)),
        output: cutMiddle(output, MAX_OUTPUT_CHARS),
        cut: report.cut || output.length > MAX_OUTPUT_CHARS,
      };
    }
    case "retrying":
      return { ...report, reason: cutEnd(blank(report.reason), MAX_TITLE_CHARS) };
    case "usage": {
      const { model } = report.usage;
      return model === undefined ? report : { ...report, usage: { ...report.usage, model: named(blank(model)) } };
    }
    default:
      return report satisfies never;
  }
}

/** Names and ids are short; what is none would make an entry that no reader takes, and that stands in the way of all after it. */
const named = (name: string): string => cutEnd(name, MAX_TITLE_CHARS);
