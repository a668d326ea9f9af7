/**
 * An inline comment in the diff of a pull request. It is a part of a review, even where it stands alone, and the review is one mention
 * whichever of its events comes first: what else it says is looked up.
 */
import type { z } from "zod";
import type { NewMention } from "../../src/core/types.ts";
import { hunkTail } from "../../src/surfaces/github-hunk.ts";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import { findMention } from "./mention.ts";
import { aboutLine, aboutText, authorOf, reviewDedupe, threadOf, unheard, workOf } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome } from "./outcome.ts";
import type { ReviewCommentPayload } from "./payloads.ts";
import { isToSomebodyElse } from "./slash-command.ts";

type Payload = z.infer<typeof ReviewCommentPayload>;

export function onReviewComment(payload: Payload, bot: Bot): Outcome {
  const { pull_request: pull, comment, sender } = payload;
  const reason = unheard(sender, comment.body, bot);
  if (reason) return ignored(reason);
  const body = visibleText(comment.body);
  if (body === "") return ignored("empty-body");
  const found = findMention(body, bot.names);
  if (!found && isToSomebodyElse(body)) return ignored("to-somebody-else");
  return {
    is: "mention",
    mention: {
      // A reply repeats the commit that its thread began at.
      ...workOf(payload, pull, comment.in_reply_to_id === undefined ? comment.commit_id : null),
      thread: { ...threadOf(payload, "pr", pull.number), reviewComment: comment.in_reply_to_id ?? comment.id },
      author: authorOf(payload),
      text: found?.text ?? body,
      addressed: found !== null,
      at: comment.created_at,
      message: `review-comment:${comment.id}`,
      link: comment.html_url,
      ...partOf(payload),
    },
  };
}

/** The review that it is a part of; by itself where GitHub does not tell. */
function partOf(payload: Payload): Pick<NewMention, "dedupe" | "about" | "review" | "lookup"> {
  const { pull_request: pull, comment } = payload;
  const { id, path, diff_hunk: hunk, pull_request_review_id: review } = comment;
  const line = comment.line ?? comment.original_line ?? null;
  if (!review) return { dedupe: `github:review-comment:${id}`, about: aboutLine({ path, line, hunk }, pull) };
  const place = { path, line, hunk: hunkTail(hunk) };
  return {
    dedupe: reviewDedupe(payload, review),
    about: aboutText(pull),
    review: {
      ...{ id: review, thread: threadOf(payload, "pr", pull.number), link: comment.html_url },
      comments: [{ id, root: comment.in_reply_to_id ?? id, ...place, text: "" }],
    },
    lookup: "review",
  };
}
