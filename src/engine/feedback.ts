/** What people think of answers, written down and told to whoever counts. */
import type { Clock } from "../clock.ts";
import { type FeedbackBook, MAX_REASON_CHARS } from "../core/feedback.ts";
import type { Store } from "../store/store.ts";
import type { Tell } from "./happenings.ts";

interface FeedbackDeps {
  store: Pick<Store, "recordFeedback">;
  clock: Clock;
  bot: string;
  tell?: Tell | undefined;
}

export function feedbackBook({ store, clock, bot, tell }: FeedbackDeps): FeedbackBook {
  return {
    async record(feedback) {
      const { by, value, reason } = feedback;
      const bounded = reason === undefined ? feedback : { ...feedback, reason: reason.slice(0, MAX_REASON_CHARS) };
      const { receipt, about } = await store.recordFeedback(bounded, feedback.at ?? clock.now());
      if (about && (receipt === "new" || receipt === "changed"))
        tell?.({ type: "feedback.given", at: clock.now(), bot, surface: by.surface, value, mention: null, ...about });
      return receipt;
    },
  };
}
