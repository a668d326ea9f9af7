/** What a person wants to know of an event, years of log lines later: short, and never a secret. */
import type { SessionEvent } from "../core/decision.ts";
import { titleOf } from "../core/naming.ts";

/** What is kept of the event beside the decision. The token that wakes a sandbox is not among it, nor is what the agent said. */
export function aboutOf(event: SessionEvent): object {
  switch (event.type) {
    case "mentioned":
      // Its words stand in the inbox.
      return { mention: event.mention.id, author: event.mention.author.name };
    case "attached":
      return { message: event.message, files: event.files.length };
    case "admitted": {
      const { mention, author, choice, raise } = event;
      const raises = raise === undefined ? {} : { raise: raise === null ? "allowed" : "refused" };
      return { mention, author: author.name, ...raises, ...(choice.is === "problem" ? { problem: choice.code } : {}) };
    }
    case "turned-away":
    case "unconnected":
    case "limited":
      return { mention: event.mention, text: titleOf(event.text) };
    case "sandbox.ready":
      return { sandbox: event.running.name, from: event.from };
    case "steered":
      return { turn: event.turn, mention: event.ask.id, disposition: event.disposition };
    case "question.asked":
      return { turn: event.turn, question: event.question.id, text: titleOf(event.question.text) };
    case "question.answered":
      return { turn: event.turn, question: event.question, by: event.by };
    case "answer.over":
      return { turn: event.turn, question: event.question, mention: event.mention.id };
    case "turn.ended": {
      const { outcome, failure, branch, durationMs } = event.result;
      return { turn: event.turn, attempt: event.attempt, outcome, ...failure, branch, durationMs };
    }
    case "pull-request.opened":
      return { turn: event.turn, url: event.pullRequest.url };
    case "pull-request.seen": {
      const { url, state, head, checks } = event.card;
      return { url, state, head, checks };
    }
    case "linked":
      return { url: event.pullRequest.url };
    case "slept":
    case "sleep.failed":
    case "sandbox.expired":
      return {};
    default: {
      const { type: _type, ...rest } = event;
      return rest;
    }
  }
}
