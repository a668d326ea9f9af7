/** Reviews and the comments on lines. */
import { z } from "zod";
import { byOf, mayChange } from "../access.ts";
import {
  addReview,
  addReviewComment,
  editReviewComment,
  type ReviewDraft,
  replyToReviewComment,
  submitReview,
} from "../actions/reviews.ts";
import { findReviewComment, isPull } from "../hub.ts";
import { notForToken, notFound, unprocessable } from "../problem.ts";
import { renderReview, renderReviewComment } from "../render/pulls.ts";
import {
  actingBy,
  bodyOf,
  created,
  noContent,
  ok,
  paged,
  pullOf,
  type RepoCall,
  type Route,
  repoRoute,
} from "../router.ts";
import type { PullIssue, Review, ReviewComment } from "../state.ts";

const read = { needs: ["pull_requests:read" as const] };
const write = { needs: ["pull_requests:write" as const] };
const create = { ...write, creates: true };

const Body = z.object({ body: z.string() });
const Side = z.enum(["LEFT", "RIGHT"]);

export const reviewRoutes: Route[] = [
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}/comments", read, (call) => {
    const issue = pullOf(call);
    const since = call.query.get("since");
    const recent = visible(call, issue).filter(
      (one) => since === null || Date.parse(one.updatedAt) >= Date.parse(since),
    );
    return paged(
      call,
      recent.map((one) => renderReviewComment(call.hub, issue, one)),
    );
  }),
  repoRoute("POST /repos/{owner}/{repo}/pulls/{pull_number}/comments", create, comment),
  repoRoute("POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies", create, (call) => {
    const issue = pullOf(call);
    return created(reply(call, issue, Number(call.params.comment_id), bodyOf(call, Body).body));
  }),
  repoRoute("GET /repos/{owner}/{repo}/pulls/comments", read, (call) => {
    const all = [...call.repository.issues.values()].filter(isPull);
    return paged(
      call,
      all.flatMap((issue) => visible(call, issue).map((one) => renderReviewComment(call.hub, issue, one))),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/pulls/comments/{comment_id}", read, (call) => {
    const found = commentOf(call);
    return ok(renderReviewComment(call.hub, found.issue, found.comment));
  }),
  repoRoute("PATCH /repos/{owner}/{repo}/pulls/comments/{comment_id}", write, (call) => {
    const found = ownComment(call);
    editReviewComment(call.hub, found.issue, found.comment, actingBy(call), bodyOf(call, Body).body);
    return ok(renderReviewComment(call.hub, found.issue, found.comment));
  }),
  repoRoute("DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}", write, (call) => {
    const { issue, comment: gone } = ownComment(call);
    issue.pull.reviewComments = issue.pull.reviewComments.filter((one) => one !== gone);
    return noContent();
  }),
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews", read, (call) => {
    const issue = pullOf(call);
    const seen = issue.pull.reviews.filter((one) => one.state !== "PENDING" || isOwn(call, one));
    return paged(
      call,
      seen.map((one) => renderReview(call.hub, issue, one)),
    );
  }),
  repoRoute("POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews", create, async (call) => {
    const issue = pullOf(call);
    const review = await addReview(call.hub, issue, actingBy(call), draftOf(call, issue));
    return ok(renderReview(call.hub, issue, review));
  }),
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", read, (call) => {
    const issue = pullOf(call);
    return ok(renderReview(call.hub, issue, reviewOf(call, issue)));
  }),
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments", read, (call) => {
    const issue = pullOf(call);
    const review = reviewOf(call, issue);
    const own = issue.pull.reviewComments.filter((one) => one.reviewId === review.id);
    return paged(
      call,
      own.map((one) => withoutLines(renderReviewComment(call.hub, issue, one))),
    );
  }),
  repoRoute("POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events", create, (call) => {
    const issue = pullOf(call);
    const review = reviewOf(call, issue);
    submitReview(call.hub, issue, review, actingBy(call), draftOf(call, issue));
    return ok(renderReview(call.hub, issue, review));
  }),
];

/** Of these it promises none in this list, which is older than they are. */
function withoutLines(comment: ReturnType<typeof renderReviewComment>) {
  const {
    line: _,
    original_line: _o,
    side: _s,
    start_line: _l,
    original_start_line: _ol,
    start_side: _ss,
    ...rest
  } = comment;
  return rest;
}

const isOwn = (call: RepoCall, review: Review) =>
  (call.actor.is === "person" || call.actor.is === "installation") && byOf(call.actor).account === review.by.account;

function reviewOf(call: RepoCall, issue: PullIssue): Review {
  const found = issue.pull.reviews.find((one) => one.id === Number(call.params.review_id));
  if (!found || (found.state === "PENDING" && !isOwn(call, found))) throw notFound();
  return found;
}

/** Comments of a pending review are nobody's business yet. */
function visible(call: RepoCall, issue: PullIssue): ReviewComment[] {
  const hidden = issue.pull.reviews.filter((one) => one.state === "PENDING" && !isOwn(call, one)).map((one) => one.id);
  return issue.pull.reviewComments.filter((one) => !hidden.includes(one.reviewId));
}

function commentOf(call: RepoCall): { issue: PullIssue; comment: ReviewComment } {
  const found = findReviewComment(call.repository, Number(call.params.comment_id));
  if (!found) throw notFound();
  return found;
}

function ownComment(call: RepoCall) {
  const found = commentOf(call);
  if (!mayChange(call.actor, call.repository, found.comment.by.account)) throw notForToken();
  return found;
}

const CommentWish = z.object({
  body: z.string(),
  path: z.string().optional(),
  commit_id: z.string().optional(),
  line: z.number().int().positive().optional(),
  side: Side.optional(),
  subject_type: z.enum(["line", "file"]).optional(),
  in_reply_to: z.number().optional(),
});

async function comment(call: RepoCall) {
  const issue = pullOf(call);
  const wish = bodyOf(call, CommentWish);
  if (wish.in_reply_to !== undefined) return created(reply(call, issue, wish.in_reply_to, wish.body));
  const missing = [wish.path === undefined && "path", wish.commit_id === undefined && "commit_id"].filter(Boolean);
  if (wish.path === undefined || wish.commit_id === undefined) {
    throw unprocessable(`Invalid request.\n\n${missing.map((name) => `"${name}" wasn't supplied.`).join("\n")}`);
  }
  if (wish.subject_type !== "file" && wish.line === undefined)
    throw unprocessable('Invalid request.\n\n"line" wasn\'t supplied.');
  const added = await addReviewComment(call.hub, issue, actingBy(call), {
    path: wish.path,
    body: wish.body,
    line: wish.subject_type === "file" ? null : (wish.line ?? null),
    side: wish.side ?? "RIGHT",
    commitId: wish.commit_id,
  });
  return created(renderReviewComment(call.hub, issue, added));
}

function reply(call: RepoCall, issue: PullIssue, parentId: number, body: string) {
  const parent = issue.pull.reviewComments.find((one) => one.id === parentId);
  if (!parent) throw notFound();
  return renderReviewComment(call.hub, issue, replyToReviewComment(call.hub, issue, actingBy(call), parent, body));
}

const ReviewWish = z.object({
  event: z.enum(["APPROVE", "REQUEST_CHANGES", "COMMENT"]).optional(),
  body: z.string().nullish(),
  commit_id: z.string().optional(),
  comments: z
    .array(z.object({ path: z.string(), body: z.string(), line: z.number().optional(), side: Side.optional() }))
    .optional(),
});

function draftOf(call: RepoCall, issue: PullIssue): ReviewDraft {
  const wish = bodyOf(call, ReviewWish);
  const comments = wish.comments ?? [];
  return {
    event: wish.event ?? null,
    body: wish.body ?? null,
    commitId: wish.commit_id ?? issue.pull.head.sha,
    comments: comments.map(({ path, body, line = null, side = "RIGHT" }) => ({ path, body, line, side })),
  };
}
