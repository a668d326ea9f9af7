/** Pull requests, reviews and review comments in GitHub's words. */
import type {
  PullRequest,
  PullRequestReview,
  PullRequestReviewComment,
  SimplePullRequest,
} from "@octokit/webhooks-types";
import type { Hub } from "../hub.ts";
import type { PullIssue, Repository, Review, ReviewComment } from "../state.ts";
import { issuePage, issueUrl } from "./issues.ts";
import {
  associationOf,
  nodeId,
  renderLabel,
  renderReactions,
  renderRepository,
  renderUser,
  repositoryUrl,
} from "./shared.ts";

export function pullUrl(hub: Hub, issue: PullIssue): string {
  return `${repositoryUrl(hub, issue.repository)}/pulls/${issue.number}`;
}

type Side = PullRequest["base"];

function renderSide(hub: Hub, repository: Repository, ref: string, sha: string): Side {
  return {
    label: `${repository.owner.login}:${ref}`,
    ref,
    sha,
    user: renderUser(hub, repository.owner),
    repo: renderRepository(hub, repository),
  };
}

/** What lists, reviews and review comments carry. */
export function renderSimplePull(hub: Hub, issue: PullIssue): SimplePullRequest {
  const { pull, repository } = issue;
  const url = pullUrl(hub, issue);
  const page = issuePage(hub, issue);
  const assignees = issue.assignees.map((one) => renderUser(hub, one));
  return {
    url,
    id: pull.id,
    node_id: nodeId("PR", pull.id),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issueUrl(hub, issue),
    number: issue.number,
    state: issue.state,
    locked: false,
    title: issue.title,
    user: renderUser(hub, issue.by.account),
    body: issue.body,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeCommitSha,
    assignee: assignees[0] ?? null,
    assignees,
    requested_reviewers: pull.requestedReviewers.map((one) => renderUser(hub, one)),
    requested_teams: [],
    labels: issue.labels.map((label) => renderLabel(hub, repository, label)),
    milestone: null,
    draft: pull.draft,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${repositoryUrl(hub, repository)}/pulls/comments{/number}`,
    comments_url: `${issueUrl(hub, issue)}/comments`,
    statuses_url: `${repositoryUrl(hub, repository)}/statuses/${pull.head.sha}`,
    head: renderSide(hub, pull.head.repository, pull.head.ref, pull.head.sha),
    base: renderSide(hub, repository, pull.base.ref, pull.base.sha),
    _links: pullLinks(hub, issue),
    author_association: associationOf(issue.by.account, repository),
    auto_merge: null,
    active_lock_reason: null,
  };
}

function pullLinks(hub: Hub, issue: PullIssue): SimplePullRequest["_links"] {
  const url = pullUrl(hub, issue);
  const root = repositoryUrl(hub, issue.repository);
  return {
    self: { href: url },
    html: { href: issuePage(hub, issue) },
    issue: { href: issueUrl(hub, issue) },
    comments: { href: `${issueUrl(hub, issue)}/comments` },
    review_comments: { href: `${url}/comments` },
    review_comment: { href: `${root}/pulls/comments{/number}` },
    commits: { href: `${url}/commits` },
    statuses: { href: `${root}/statuses/${issue.pull.head.sha}` },
  };
}

export function renderPull(hub: Hub, issue: PullIssue): PullRequest {
  const { pull } = issue;
  return {
    ...renderSimplePull(hub, issue),
    merged: pull.mergedAt !== null,
    mergeable: issue.state === "open" ? pull.mergeable : null,
    rebaseable: issue.state === "open" ? pull.mergeable : null,
    mergeable_state: pull.mergeable === null ? "unknown" : pull.mergeable ? "clean" : "dirty",
    merged_by: pull.mergedBy ? renderUser(hub, pull.mergedBy) : null,
    comments: issue.comments.length,
    review_comments: pull.reviewComments.length,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: pull.size.commits,
    additions: pull.size.additions,
    deletions: pull.size.deletions,
    changed_files: pull.size.changedFiles,
  };
}

/** REST writes the state in capitals and an absent body as "", webhooks small letters and null: see `renderReviewForHook`. */
export function renderReview(hub: Hub, issue: PullIssue, review: Review) {
  const submitted = review.submittedAt === null ? {} : { submitted_at: review.submittedAt };
  return { ...reviewBase(hub, issue, review), body: review.body ?? "", state: review.state, ...submitted };
}

const HOOK_STATE = {
  PENDING: "commented",
  COMMENTED: "commented",
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes_requested",
  DISMISSED: "dismissed",
} as const;

export function renderReviewForHook(hub: Hub, issue: PullIssue, review: Review): PullRequestReview {
  return { ...reviewBase(hub, issue, review), state: HOOK_STATE[review.state], submitted_at: review.submittedAt };
}

function reviewBase(hub: Hub, issue: PullIssue, review: Review) {
  const page = `${issuePage(hub, issue)}#pullrequestreview-${review.id}`;
  return {
    id: review.id,
    node_id: nodeId("PRR", review.id),
    user: renderUser(hub, review.by.account),
    body: review.body,
    commit_id: review.commitId,
    html_url: page,
    pull_request_url: pullUrl(hub, issue),
    author_association: associationOf(review.by.account, issue.repository),
    _links: { html: { href: page }, pull_request: { href: pullUrl(hub, issue) } },
  };
}

export function renderReviewComment(hub: Hub, issue: PullIssue, comment: ReviewComment): PullRequestReviewComment {
  const url = `${repositoryUrl(hub, issue.repository)}/pulls/comments/${comment.id}`;
  const page = `${issuePage(hub, issue)}#discussion_r${comment.id}`;
  return {
    url,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: nodeId("PRRC", comment.id),
    diff_hunk: comment.diffHunk,
    path: comment.path,
    position: comment.position,
    original_position: comment.position ?? 1,
    commit_id: comment.commitId,
    original_commit_id: comment.commitId,
    user: renderUser(hub, comment.by.account),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    html_url: page,
    pull_request_url: pullUrl(hub, issue),
    author_association: associationOf(comment.by.account, issue.repository),
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pullUrl(hub, issue) } },
    reactions: renderReactions(url, comment.reactions),
    start_line: null,
    original_start_line: null,
    start_side: null,
    line: comment.line,
    original_line: comment.line ?? 1,
    side: comment.side,
    subject_type: comment.line === null ? "file" : "line",
    ...(comment.inReplyToId === null ? {} : { in_reply_to_id: comment.inReplyToId }),
  };
}
