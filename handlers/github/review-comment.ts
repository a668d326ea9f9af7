/** An inline comment in the diff of a pull request. It is answered in its own inline thread. */
import type { z } from "zod";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import { findMention } from "./mention.ts";
import { aboutLine, authorOf, threadOf, unheard, workOf } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome } from "./outcome.ts";
import type { ReviewCommentPayload } from "./payloads.ts";

export function onReviewComment(payload: z.infer<typeof ReviewCommentPayload>, bot: Bot): Outcome {
  const { pull_request: pull, comment, sender } = payload;
  const reason = unheard(sender, comment.body, bot);
  if (reason) return ignored(reason);
  const body = visibleText(comment.body);
  if (body === "") return ignored("empty-body");
  const found = findMention(body, bot.names);
  const root = comment.in_reply_to_id ?? comment.id;
  const line = comment.line ?? comment.original_line ?? null;
  return {
    is: "mention",
    mention: {
      dedupe: `github:review-comment:${comment.id}`,
      ...workOf(payload, pull),
      thread: { ...threadOf(payload, "pr", pull.number), reviewComment: root },
      author: authorOf(payload),
      text: found?.text ?? body,
      addressed: found !== null,
      at: comment.created_at,
      message: `review-comment:${comment.id}`,
      link: comment.html_url,
      about: aboutLine({ path: comment.path, line, hunk: comment.diff_hunk }, pull),
    },
  };
}
