/** The text of a whole review. Its inline comments arrive as events of their own, so a review without text is nothing to us. */
import type { z } from "zod";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import { findMention } from "./mention.ts";
import { aboutText, authorOf, threadOf, unheard, workOf } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome, type Said } from "./outcome.ts";
import type { ReviewPayload } from "./payloads.ts";
import { pullRequestKeyOf } from "./stirs.ts";

/** Whoever gave it and whatever it says, the pull request stands otherwise than before. */
export const onReview = (payload: z.infer<typeof ReviewPayload>, bot: Bot): Outcome => ({
  ...{ is: "stir", keys: [pullRequestKeyOf(payload)] },
  said: saidIn(payload, bot),
});

function saidIn(payload: z.infer<typeof ReviewPayload>, bot: Bot): Said {
  const { pull_request: pull, review, sender } = payload;
  const reason = unheard(sender, review.body, bot);
  if (reason) return ignored(reason);
  const body = visibleText(review.body);
  if (body === "") return ignored("empty-body");
  const found = findMention(body, bot.names);
  return {
    is: "mention",
    mention: {
      dedupe: `github:review:${review.id}`,
      ...workOf(payload, pull),
      thread: threadOf(payload, "pr", pull.number),
      author: authorOf(payload),
      text: found?.text ?? body,
      addressed: found !== null,
      at: review.submitted_at,
      // GitHub's REST API has no reactions for reviews; the pull request itself gets it.
      message: `issue:${pull.number}`,
      link: review.html_url,
      about: aboutText(pull),
    },
  };
}
