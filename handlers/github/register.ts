/** The table of what is handled from GitHub. The App subscribes to exactly these events (`docs/github.md`). */
import type { z } from "zod";
import { onIssueComment } from "./issue-comment.ts";
import { onIssueOpened } from "./issue-opened.ts";
import { onIssueAssigned, onIssueLabeled, onPullRequestAssigned, onPullRequestLabeled } from "./marked.ts";
import type { Bot, Outcome } from "./outcome.ts";
import {
  CheckRunPayload,
  CheckSuitePayload,
  IssueAssignedPayload,
  IssueCommentPayload,
  IssueLabelPayload,
  IssuePayload,
  PullRequestAssignedPayload,
  PullRequestLabelPayload,
  PullRequestPayload,
  PushPayload,
  ReviewCommentPayload,
  ReviewPayload,
  StatusPayload,
} from "./payloads.ts";
import { onPullRequestOpened } from "./pull-request-opened.ts";
import { onPush } from "./push.ts";
import { onReview } from "./review.ts";
import { onReviewComment } from "./review-comment.ts";
import { onCheckRun, onCheckSuite, onPullRequestChanged, onStatus } from "./stirs.ts";

/** Of what starts work only `created`, `submitted`, `opened`, `labeled` and `assigned`: an edit of an old comment must not, with today's rights. */
export const githubHandlers = {
  "issue_comment.created": row(IssueCommentPayload, onIssueComment),
  "pull_request_review_comment.created": row(ReviewCommentPayload, onReviewComment),
  "pull_request_review.submitted": row(ReviewPayload, onReview),
  "issues.opened": row(IssuePayload, onIssueOpened),
  "issues.labeled": row(IssueLabelPayload, onIssueLabeled),
  "issues.assigned": row(IssueAssignedPayload, onIssueAssigned),
  "pull_request.opened": row(PullRequestPayload, onPullRequestOpened),
  "pull_request.labeled": row(PullRequestLabelPayload, onPullRequestLabeled),
  "pull_request.assigned": row(PullRequestAssignedPayload, onPullRequestAssigned),
  "pull_request.edited": row(PullRequestPayload, onPullRequestChanged),
  "pull_request.synchronize": row(PullRequestPayload, onPullRequestChanged),
  "pull_request.ready_for_review": row(PullRequestPayload, onPullRequestChanged),
  "pull_request.converted_to_draft": row(PullRequestPayload, onPullRequestChanged),
  "pull_request.closed": row(PullRequestPayload, onPullRequestChanged),
  "pull_request.reopened": row(PullRequestPayload, onPullRequestChanged),
  "pull_request_review.dismissed": row(ReviewPayload, onPullRequestChanged),
  "check_suite.completed": row(CheckSuitePayload, onCheckSuite),
  "check_run.created": row(CheckRunPayload, onCheckRun),
  "check_run.completed": row(CheckRunPayload, onCheckRun),
  status: row(StatusPayload, onStatus),
  push: row(PushPayload, onPush),
} as const;

/** Throws a ZodError when the body lacks what its event always has. */
export type GitHubHandler = (body: unknown, bot: Bot) => Outcome;

function row<S extends z.ZodType>(schema: S, handle: (payload: z.infer<S>, bot: Bot) => Outcome): GitHubHandler {
  return (body, bot) => handle(schema.parse(body), bot);
}

export function handlerOf(event: string, action: string | null): GitHubHandler | null {
  const name = action === null ? event : `${event}.${action}`;
  return Object.hasOwn(githubHandlers, name) ? githubHandlers[name as keyof typeof githubHandlers] : null;
}
