/** The posts of a thread as the page's API tells them, and as lines of a terminal. */
import { z } from "zod";
import { AnswerBody, ProgressBody } from "../core/post-bodies.ts";
import type { Progress } from "../core/types.ts";
import { answerText, noteText, progressLines, refusalText } from "../surfaces/terminal-render.ts";
import type { Output } from "./output.ts";

/** The page leaves the address of a pull request out where it is none that one may open. */
const AnswerView = AnswerBody.extend({
  pullRequest: z.object({ number: z.number(), url: z.string().nullable() }).nullable(),
});

export const Post = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("progress"), ref: z.string(), progress: ProgressBody }),
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

function answerOf({ pullRequest, remedy, tests, ...answer }: z.infer<typeof AnswerView>) {
  const link = pullRequest?.url ? { number: pullRequest.number, url: pullRequest.url } : null;
  const known = { ...(remedy ? { remedy } : {}), ...(tests ? { tests } : {}) };
  return { ...answer, ...known, title: "", askers: [], page: null, pullRequest: link };
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
