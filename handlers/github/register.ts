/** The table of what is handled from GitHub. The App subscribes to exactly these events (`docs/github.md`). */
import type { z } from "zod";
import { onIssueComment } from "./issue-comment.ts";
import { onIssueLabeled } from "./issue-labeled.ts";
import { onIssueOpened } from "./issue-opened.ts";
import type { Bot, Outcome } from "./outcome.ts";
import {
  IssueCommentPayload,
  IssueLabelPayload,
  IssuePayload,
  PullRequestPayload,
  ReviewCommentPayload,
  ReviewPayload,
} from "./payloads.ts";
import { onPullRequestOpened } from "./pull-request-opened.ts";
import { onReview } from "./review.ts";
import { onReviewComment } from "./review-comment.ts";

/** Only `created`, `submitted`, `opened` and `labeled`: an edit of an old comment must not start work with today's rights. */
export const githubHandlers = {
  "issue_comment.created": row(IssueCommentPayload, onIssueComment),
  "pull_request_review_comment.created": row(ReviewCommentPayload, onReviewComment),
  "pull_request_review.submitted": row(ReviewPayload, onReview),
  "issues.opened": row(IssuePayload, onIssueOpened),
  "issues.labeled": row(IssueLabelPayload, onIssueLabeled),
  "pull_request.opened": row(PullRequestPayload, onPullRequestOpened),
} as const;

/** Throws a ZodError when the body lacks what its event always has. */
export type GitHubHandler = (body: unknown, bot: Bot) => Outcome;

function row<S extends z.ZodType>(schema: S, handle: (payload: z.infer<S>, bot: Bot) => Outcome): GitHubHandler {
  return (body, bot) => handle(schema.parse(body), bot);
}

export function handlerOf(event: string, action: string | null): GitHubHandler | null {
  const name = `${event}.${action}`;
  return Object.hasOwn(githubHandlers, name) ? githubHandlers[name as keyof typeof githubHandlers] : null;
}
