/** Comments on issues and pull requests, and reactions to anything. */
import { type Hub, timestamp } from "../hub.ts";
import { validationFailed } from "../problem.ts";
import { renderComment, renderIssue } from "../render/issues.ts";
import type { By, Comment, Issue, Reaction, ReactionContent } from "../state.ts";
import { checkBody, touch } from "./issues.ts";

export function addComment(hub: Hub, issue: Issue, by: By, body: string): Comment {
  checkCommentBody(body);
  const now = timestamp(hub);
  const comment: Comment = {
    id: hub.nextId("comment"),
    by,
    body,
    edits: 0,
    createdAt: now,
    updatedAt: now,
    reactions: [],
  };
  issue.comments.push(comment);
  touch(hub, issue);
  hub.webhooks.emit(
    "issue_comment",
    { repository: issue.repository, by },
    {
      action: "created",
      issue: renderIssue(hub, issue),
      comment: renderComment(hub, issue, comment),
    },
  );
  return comment;
}

export function editComment(hub: Hub, issue: Issue, comment: Comment, by: By, body: string): void {
  checkCommentBody(body);
  const from = comment.body;
  // The same text again is no edit: nothing changes and nobody is told.
  if (from === body) return;
  comment.body = body;
  comment.edits++;
  comment.updatedAt = timestamp(hub);
  hub.webhooks.emit(
    "issue_comment",
    { repository: issue.repository, by },
    {
      action: "edited",
      changes: { body: { from } },
      issue: renderIssue(hub, issue),
      comment: renderComment(hub, issue, comment),
    },
  );
}

export function deleteComment(hub: Hub, issue: Issue, comment: Comment, by: By): void {
  issue.comments = issue.comments.filter((one) => one !== comment);
  hub.webhooks.emit(
    "issue_comment",
    { repository: issue.repository, by },
    {
      action: "deleted",
      issue: renderIssue(hub, issue),
      comment: renderComment(hub, issue, comment),
    },
  );
}

function checkCommentBody(body: string): void {
  if (body.trim() === "") {
    throw validationFailed({
      resource: "IssueComment",
      code: "unprocessable",
      field: "data",
      message: "Body cannot be blank",
    });
  }
  checkBody("IssueComment", body);
}

/** Asking twice gives the first one back. No webhook tells of reactions. */
export function react(
  hub: Hub,
  target: { reactions: Reaction[] },
  by: By,
  content: ReactionContent,
): { reaction: Reaction; isNew: boolean } {
  const same = target.reactions.find((one) => one.user === by.account && one.content === content);
  if (same) return { reaction: same, isNew: false };
  const reaction = { id: hub.nextId("reaction"), content, user: by.account, createdAt: timestamp(hub) };
  target.reactions.push(reaction);
  return { reaction, isNew: true };
}
