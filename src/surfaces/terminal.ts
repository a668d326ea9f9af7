/**
 * The terminal as a surface: prints what became new since the last progress, and the answer in full.
 * A terminal forgets nothing it printed and edits nothing, so this one remembers per process what stands there already.
 */
import { utcMoment } from "../core/moment.ts";
import { decisionText } from "../core/question.ts";
import type { Progress } from "../core/types.ts";
import { plainSurface } from "./plain-surface.ts";
import type { MessageRef, PostId, Surface } from "./surface.ts";
import { answerText, noteText, progressLines, questionText, refusalText } from "./terminal-render.ts";

export interface TerminalSurfaceOptions {
  /** Gets whole lines, each with its line end. */
  write: (text: string) => void;
  /** Whether the far end is a terminal that understands colours (`process.stdout.isTTY`). */
  colour?: boolean;
}

/** Whoever has the terminal may ask. */
export function terminalSurface({ write, colour = false }: TerminalSurfaceOptions): Surface {
  /** What each progress message showed last, by its ref. */
  const shown = new Map<MessageRef, Progress>();
  const printed = new Set<string>();

  function printOnce(id: PostId, text: string): MessageRef {
    if (!printed.has(id.marker)) write(`${text}\n`);
    printed.add(id.marker);
    return id.marker;
  }

  return {
    ...plainSurface,
    pace: "live",
    authorize: async (mention) => ({ allowed: true, author: mention.author }),
    complete: async (mention) => mention,
    /** A prompt in a terminal stands alone. */
    context: async () => [],
    acknowledge: async () => {},
    refuse: async (_mention, text, id) => void printOnce(id, refusalText(text, colour)),
    show: async (_thread, progress, page, ref, id) => {
      const name = ref ?? id.marker;
      const lines = progressLines(shown.get(name) ?? null, progress, { colour, page });
      if (lines.length > 0) write(`${lines.join("\n")}\n`);
      shown.set(name, progress);
      return name;
    },
    answer: async (_thread, answer, id) => printOnce(id, answerText(answer, colour)),
    ask: async (_thread, question, id) => printOnce(id, questionText(question, colour)),
    settle: async (_thread, { decision, expiresAt }, { marker, again }) =>
      void printOnce(
        { marker: `${marker}/settled`, again },
        noteText(decisionText(decision, utcMoment(expiresAt)), colour),
      ),
    open: async (_thread, _text, { marker }) => {
      const id = `fork-${marker.replace(/[^\w-]/g, "-")}`;
      return { thread: { surface: "terminal", id }, message: marker, link: null };
    },
    say: async (_thread, text, id) => printOnce(id, noteText(text, colour)),
    ping: async (_thread, text, _people, id) => printOnce(id, noteText(text, colour)),
  };
}
