/** The posts of a thread as the page's API tells them, and as lines of a terminal. */
import { z } from "zod";
import type { Progress } from "../core/types.ts";
import { answerText, noteText, progressLines, refusalText } from "../surfaces/terminal-render.ts";
import { Changes, Usage } from "../wire/events.ts";
import type { Output } from "./output.ts";

const Outcome = z.enum(["done", "failed", "stopped", "timed-out"]);

const ProgressView = z.object({
  turn: z.string(),
  startedAt: z.number(),
  now: z.string(),
  steps: z.array(z.object({ call: z.string(), title: z.string(), state: z.enum(["running", "ok", "failed"]) })),
  earlierSteps: z.number(),
  said: z.string(),
  repository: z.string().nullable(),
  branch: z.string().nullable(),
  tools: z.number(),
  ended: Outcome.nullable(),
  changedAt: z.number(),
});

const AnswerView = z.object({
  turn: z.string(),
  session: z.string(),
  remedy: z.string().optional(),
  repository: z.string().nullable(),
  pullRequest: z.object({ number: z.number(), url: z.string().nullable() }).nullable(),
  result: z.object({
    outcome: Outcome,
    answer: z.string(),
    failure: z.object({ code: z.string(), detail: z.string() }).optional(),
    stoppedBy: z.string().optional(),
    changes: Changes.optional(),
    branch: z.string().optional(),
    commit: z.string().optional(),
    usage: Usage.optional(),
    durationMs: z.number(),
  }),
});

export const Post = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("progress"), ref: z.string(), progress: ProgressView }),
  z.object({ kind: z.literal("answer"), ref: z.string(), answer: AnswerView }),
  z.object({ kind: z.enum(["person", "note", "refusal"]), ref: z.string(), html: z.string() }),
]);
export type Post = z.infer<typeof Post>;

/** Prints posts in their order; of a progress that is edited only what is new. */
export function createPostPrinter({ say, colour }: Output): (post: Post) => void {
  const shown = new Map<string, Progress>();
  return (post) => {
    switch (post.kind) {
      case "progress": {
        const progress = { ...post.progress, usage: NO_USAGE };
        const lines = progressLines(shown.get(post.ref) ?? null, progress, { colour, page: null });
        shown.set(post.ref, progress);
        if (lines.length > 0) say(lines.join("\n"));
        return;
      }
      case "answer":
        return say(answerText(answerOf(post.answer), colour).trimEnd());
      case "note":
        return say(noteText(plainText(post.html), colour));
      case "refusal":
        return say(refusalText(plainText(post.html), colour));
      case "person":
        return;
      default:
        return post satisfies never;
    }
  };
}

/** Progress on the page does not tell it; the answer does. */
const NO_USAGE = { inputTokens: 0, outputTokens: 0, costUsd: 0 };

function answerOf({ pullRequest, remedy, ...answer }: z.infer<typeof AnswerView>) {
  const link = pullRequest?.url ? { number: pullRequest.number, url: pullRequest.url } : null;
  return { ...answer, ...(remedy ? { remedy } : {}), title: "", askers: [], page: null, pullRequest: link };
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'" };

/** The page's API tells notes as the HTML that it made of a few lines of Markdown. */
function plainText(html: string): string {
  return html
    .replace(/<br\s*\/?>|<\/(?:p|li|pre|h\d)>/g, "\n")
    .replace(/<li>/g, "- ")
    .replace(/<[^>]*>/g, "")
    .replace(/&([a-z]+|#\w+);/g, (all, name: string) => ENTITIES[name] ?? all)
    .replace(/\n{2,}/g, "\n")
    .trim();
}
