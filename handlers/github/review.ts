/** A review: its text, and with it everything else that it says. Its inline comments arrive as events of their own too, and are the same mention. */
import type { z } from "zod";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import { findMention } from "./mention.ts";
import { aboutText, authorOf, reviewDedupe, threadOf, unheard, workOf } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome, type Said } from "./outcome.ts";
import type { ReviewPayload } from "./payloads.ts";
import { pullRequestKeyOf } from "./stirs.ts";

/** Whoever gave it and whatever it says, the pull request stands otherwise than before. */
export const onReview = (payload: z.infer<typeof ReviewPayload>, bot: Bot): Outcome => ({
  ...{ is: "stir", keys: [pullRequestKeyOf(payload)] },
  said: saidIn(payload, bot),
});

/** Without a text it may be all in its comments, and where it is not even that it says nothing: that is looked up where a session follows. */
function saidIn(payload: z.infer<typeof ReviewPayload>, bot: Bot): Said {
  const { pull_request: pull, review, sender } = payload;
  const reason = unheard(sender, review.body, bot);
  if (reason) return ignored(reason);
  const body = visibleText(review.body);
  const found = findMention(body, bot.names);
  const thread = threadOf(payload, "pr", pull.number);
  return {
    is: "mention",
    mention: {
      dedupe: reviewDedupe(payload, review.id),
      ...workOf(payload, pull, review.commit_id),
      thread,
      author: authorOf(payload),
      text: found?.text ?? body,
      addressed: found !== null,
      at: review.submitted_at,
      message: `review:${review.id}`,
      link: review.html_url,
      about: aboutText(pull),
      review: { id: review.id, thread, link: review.html_url, comments: [] },
      lookup: "review",
    },
  };
}
