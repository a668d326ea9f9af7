/** What came in and is no mention: stored by ports of its own, each before Slack is acknowledged, and told in the log. */
import type { FeedbackBook } from "../../src/core/feedback.ts";
import type { Places } from "../../src/core/places.ts";
import type { Log } from "../../src/log.ts";
import type { FormAsked, News } from "./envelope.ts";

export interface NewsDeps {
  places: Places;
  feedback: FeedbackBook;
  openForm(trigger: string, view: FormAsked["view"]): Promise<void>;
  log: Log;
}

/** Resolves after the commit; throws when it could not be stored, and Slack then delivers again. */
export async function takeNews(news: News, what: Record<string, unknown>, deps: NewsDeps): Promise<void> {
  const { places, feedback, log } = deps;
  switch (news.is) {
    case "moved": {
      const sessions = await places.moved(news.move);
      // Settings name channels too, and nobody but a person can change those.
      log.warn({ ...what, ...news.move, sessions }, "slack.channel-moved");
      return;
    }
    case "renamed": {
      const known = await places.renamed(news.thread, news.title);
      log.info({ ...what, known }, "slack.session-renamed");
      return;
    }
    case "feedback": {
      const receipt = await feedback.record(news.feedback);
      log.info({ ...what, person: news.feedback.by.id, value: news.feedback.value, receipt }, "slack.feedback");
      // What counts is stored. A form that came too late is not worth a warning beside the button.
      if (news.ask && receipt !== "unknown")
        await deps
          .openForm(news.ask.trigger, news.ask.view)
          .catch((thrown) => log.info({ ...what, err: thrown }, "slack.form-not-opened"));
      return;
    }
    default:
      news satisfies never;
  }
}
