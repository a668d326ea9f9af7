/** Reviews and review comments. A lone comment on a line is a review too, and GitHub tells both. */
import { changedFiles, placeInPatch } from "../git-log.ts";
import { type Hub, timestamp } from "../hub.ts";
import { unprocessable, validationFailed } from "../problem.ts";
import { renderReviewComment, renderReviewForHook, renderSimplePull } from "../render/pulls.ts";
import { nodeId } from "../render/shared.ts";
import type { By, PullIssue, Review, ReviewComment, ReviewState } from "../state.ts";
import { checkBody, touch } from "./issues.ts";

export interface LineDraft {
  path: string;
  body: string;
  /** Null comments on the file as a whole. */
  line: number | null;
  side: "LEFT" | "RIGHT";
  commitId: string;
}

export async function addReviewComment(hub: Hub, issue: PullIssue, by: By, draft: LineDraft): Promise<ReviewComment> {
  const place = placeOf(await filesOf(issue), draft);
  const review = newReview(hub, issue, by, { state: "COMMENTED", body: null, commitId: draft.commitId });
  tellReview(hub, issue, review, by);
  return keep(hub, issue, review, { ...draft, ...place, inReplyToId: null });
}

export function replyToReviewComment(
  hub: Hub,
  issue: PullIssue,
  by: By,
  parent: ReviewComment,
  body: string,
): ReviewComment {
  const review = newReview(hub, issue, by, { state: "COMMENTED", body: null, commitId: issue.pull.head.sha });
  tellReview(hub, issue, review, by);
  return keep(hub, issue, review, placeBelow(parent, body));
}

function placeBelow(parent: ReviewComment, body: string): Place {
  const { path, line, side, commitId, diffHunk, position } = parent;
  // Threads are one deep: a reply to a reply hangs on the first comment.
  const inReplyToId = parent.inReplyToId ?? parent.id;
  return { path, line, side, commitId, diffHunk, position, body, inReplyToId };
}

export interface ReviewDraft {
  /** Null keeps it pending, seen by its author alone. */
  event: "APPROVE" | "REQUEST_CHANGES" | "COMMENT" | null;
  body: string | null;
  commitId: string;
  comments: CommentDraft[];
}

/** On a line, or in a thread that is there; the page offers the second one too, REST does not. */
export type CommentDraft =
  | { path: string; body: string; line: number | null; side: "LEFT" | "RIGHT" }
  | { inReplyTo: number; body: string };

const STATE: Record<"APPROVE" | "REQUEST_CHANGES" | "COMMENT", ReviewState> = {
  APPROVE: "APPROVED",
  REQUEST_CHANGES: "CHANGES_REQUESTED",
  COMMENT: "COMMENTED",
};

export async function addReview(hub: Hub, issue: PullIssue, by: By, draft: ReviewDraft): Promise<Review> {
  checkReview(issue, by, draft);
  const files = draft.comments.length > 0 ? await filesOf(issue) : [];
  const places = draft.comments.map((comment) => placeFor(issue, files, comment, draft.commitId));
  const state = draft.event ? STATE[draft.event] : "PENDING";
  const review = newReview(hub, issue, by, { state, body: draft.body, commitId: draft.commitId });
  if (state !== "PENDING") tellReview(hub, issue, review, by);
  for (const place of places) keep(hub, issue, review, place);
  return review;
}

type Files = Awaited<ReturnType<typeof changedFiles>>;

const filesOf = ({ repository, pull }: PullIssue): Promise<Files> =>
  changedFiles(repository.directory, pull.base.sha, pull.head.sha);

function placeFor(issue: PullIssue, files: Files, draft: CommentDraft, commitId: string): Place {
  if (!("inReplyTo" in draft)) {
    const line = { ...draft, commitId };
    return { ...line, ...placeOf(files, line), inReplyToId: null };
  }
  const parent = issue.pull.reviewComments.find(({ id }) => id === draft.inReplyTo);
  if (!parent) throw unresolved("in_reply_to");
  return placeBelow(parent, draft.body);
}

export function submitReview(hub: Hub, issue: PullIssue, review: Review, by: By, draft: ReviewDraft): void {
  if (review.state !== "PENDING" || !draft.event) throw unprocessable("Could not submit a review that is not pending");
  checkReview(issue, by, draft);
  review.state = STATE[draft.event];
  review.body = draft.body ?? review.body;
  review.submittedAt = timestamp(hub);
  tellReview(hub, issue, review, by);
  for (const comment of issue.pull.reviewComments.filter(({ reviewId }) => reviewId === review.id)) {
    // Seen by others from now on, which GitHub counts as a change. An edit it is none.
    comment.updatedAt = timestamp(hub);
    tellReviewComment(hub, issue, comment, by);
  }
}

export function editReview(hub: Hub, issue: PullIssue, review: Review, by: By, body: string): void {
  checkBody("PullRequestReview", body);
  const from = review.body ?? "";
  review.body = body;
  review.lastEditedAt = timestamp(hub);
  hub.webhooks.emit(
    "pull_request_review",
    { repository: issue.repository, by },
    {
      action: "edited",
      changes: { body: { from } },
      review: renderReviewForHook(hub, issue, review),
      pull_request: renderSimplePull(hub, issue),
    },
  );
}

/** Again changes nothing, and nobody is told. */
export function resolveThread(hub: Hub, issue: PullIssue, root: ReviewComment, by: By): void {
  if (root.resolvedBy) return;
  root.resolvedBy = by.account;
  const comments = issue.pull.reviewComments.filter(({ id, inReplyToId }) => (inReplyToId ?? id) === root.id);
  hub.webhooks.emit(
    "pull_request_review_thread",
    { repository: issue.repository, by },
    {
      action: "resolved",
      thread: {
        node_id: nodeId("PRRT", root.id),
        comments: comments.map((comment) => renderReviewComment(hub, issue, comment)),
      },
      pull_request: renderSimplePull(hub, issue),
    },
  );
}

function checkReview(issue: PullIssue, by: By, draft: ReviewDraft): void {
  checkBody("PullRequestReview", draft.body);
  if (by.account === issue.by.account && draft.event === "APPROVE") {
    throw unprocessable("Review Can not approve your own pull request");
  }
  if (by.account === issue.by.account && draft.event === "REQUEST_CHANGES") {
    throw unprocessable("Review Can not request changes on your own pull request");
  }
  const isBare =
    !draft.body && (draft.event === "REQUEST_CHANGES" || (draft.event === "COMMENT" && draft.comments.length === 0));
  if (isBare) throw unprocessable("Review Cannot be blank");
}

/** Only lines that the difference shows can be commented on. */
function placeOf(files: Files, draft: LineDraft): { diffHunk: string; position: number | null } {
  checkBody("PullRequestReviewComment", draft.body);
  const file = files.find((one) => one.path === draft.path);
  if (!file) throw unresolved("path");
  if (draft.line === null) return { diffHunk: file.patch ?? "", position: null };
  const place = file.patch === null ? null : placeInPatch(file.patch, draft.line, draft.side);
  if (!place) throw unresolved("line");
  return { diffHunk: place.hunk, position: place.position };
}

function unresolved(field: string) {
  return validationFailed({
    resource: "PullRequestReviewComment",
    code: "custom",
    field: `pull_request_review_thread.${field}`,
    message: `pull_request_review_thread.${field} could not be resolved`,
  });
}

function newReview(hub: Hub, issue: PullIssue, by: By, draft: Pick<Review, "state" | "body" | "commitId">): Review {
  const submittedAt = draft.state === "PENDING" ? null : timestamp(hub);
  const review: Review = { id: hub.nextId("review"), by, submittedAt, reactions: [], ...draft };
  issue.pull.reviews.push(review);
  issue.pull.requestedReviewers = issue.pull.requestedReviewers.filter((one) => one !== by.account);
  touch(hub, issue);
  return review;
}

function tellReview(hub: Hub, issue: PullIssue, review: Review, by: By): void {
  hub.webhooks.emit(
    "pull_request_review",
    { repository: issue.repository, by },
    {
      action: "submitted",
      review: renderReviewForHook(hub, issue, review),
      pull_request: renderSimplePull(hub, issue),
    },
  );
}

type Place = Pick<
  ReviewComment,
  "path" | "body" | "line" | "side" | "commitId" | "diffHunk" | "position" | "inReplyToId"
>;

function keep(hub: Hub, issue: PullIssue, review: Review, place: Place): ReviewComment {
  const now = timestamp(hub);
  const comment: ReviewComment = {
    id: hub.nextId("reviewComment"),
    reviewId: review.id,
    by: review.by,
    edits: 0,
    createdAt: now,
    updatedAt: now,
    reactions: [],
    ...place,
  };
  issue.pull.reviewComments.push(comment);
  if (review.state !== "PENDING") tellReviewComment(hub, issue, comment, review.by);
  return comment;
}

function tellReviewComment(hub: Hub, issue: PullIssue, comment: ReviewComment, by: By): void {
  hub.webhooks.emit(
    "pull_request_review_comment",
    { repository: issue.repository, by },
    {
      action: "created",
      comment: renderReviewComment(hub, issue, comment),
      pull_request: renderSimplePull(hub, issue),
    },
  );
}

export function editReviewComment(hub: Hub, issue: PullIssue, comment: ReviewComment, by: By, body: string): void {
  checkBody("PullRequestReviewComment", body);
  const from = comment.body;
  comment.body = body;
  comment.edits++;
  comment.updatedAt = timestamp(hub);
  comment.lastEditedAt = comment.updatedAt;
  hub.webhooks.emit(
    "pull_request_review_comment",
    { repository: issue.repository, by },
    {
      action: "edited",
      changes: { body: { from } },
      comment: renderReviewComment(hub, issue, comment),
      pull_request: renderSimplePull(hub, issue),
    },
  );
}
