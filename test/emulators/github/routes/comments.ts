/** Comments of issues and pull requests, and reactions to issues, comments and review comments. */
import { z } from "zod";
import { authorizeIssue, mayChange } from "../access.ts";
import { addComment, deleteComment, editComment, react } from "../actions/comments.ts";
import { findComment, findReviewComment } from "../hub.ts";
import { ApiProblem, notForToken, notFound } from "../problem.ts";
import { renderComment, renderReaction } from "../render/issues.ts";
import {
  actingBy,
  bodyOf,
  created,
  issueOf,
  noContent,
  ok,
  paged,
  type RepoCall,
  type Route,
  repoRoute,
} from "../router.ts";
import type { Comment, Issue, Reaction } from "../state.ts";

const read = { needs: ["issues:read" as const, "pull_requests:read" as const] };
const write = { needs: ["issues:write" as const, "pull_requests:write" as const] };
const reviewRead = { needs: ["pull_requests:read" as const] };
const reviewWrite = { needs: ["pull_requests:write" as const] };

const Body = z.object({ body: z.string() });

export const commentRoutes: Route[] = [
  repoRoute("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", read, (call) => {
    const issue = issueOf(call, "read");
    const recent = issue.comments.filter(isRecent(call));
    return paged(
      call,
      recent.map((comment) => renderComment(call.hub, issue, comment)),
    );
  }),
  repoRoute("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", { ...write, creates: true }, (call) => {
    const issue = issueOf(call, "write");
    const comment = addComment(call.hub, issue, actingBy(call), bodyOf(call, Body).body);
    return created(renderComment(call.hub, issue, comment));
  }),
  repoRoute("GET /repos/{owner}/{repo}/issues/comments", read, (call) => {
    const all = [...call.repository.issues.values()].flatMap((issue) =>
      issue.comments.filter(isRecent(call)).map((comment) => ({ issue, comment })),
    );
    const ordered = all.sort((a, b) => a.comment.id - b.comment.id);
    return paged(
      call,
      ordered.map(({ issue, comment }) => renderComment(call.hub, issue, comment)),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/issues/comments/{comment_id}", read, (call) => {
    const { issue, comment } = commentOf(call, "read");
    return ok(renderComment(call.hub, issue, comment));
  }),
  repoRoute("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", write, (call) => {
    const { issue, comment } = ownComment(call);
    editComment(call.hub, issue, comment, actingBy(call), bodyOf(call, Body).body);
    return ok(renderComment(call.hub, issue, comment));
  }),
  repoRoute("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", write, (call) => {
    const { issue, comment } = ownComment(call);
    deleteComment(call.hub, issue, comment, actingBy(call));
    return noContent();
  }),
  ...reactionsTo("/repos/{owner}/{repo}/issues/{issue_number}", { read, write }, (call, level) => issueOf(call, level)),
  ...reactionsTo(
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    { read, write },
    (call, level) => commentOf(call, level).comment,
  ),
  ...reactionsTo(
    "/repos/{owner}/{repo}/pulls/comments/{comment_id}",
    { read: reviewRead, write: reviewWrite },
    (call) => {
      const found = findReviewComment(call.repository, Number(call.params.comment_id));
      if (!found) throw notFound();
      return found.comment;
    },
  ),
];

function isRecent(call: RepoCall): (comment: Comment) => boolean {
  const since = call.query.get("since");
  return (comment) => since === null || Date.parse(comment.updatedAt) >= Date.parse(since);
}

function commentOf(call: RepoCall, level: "read" | "write"): { issue: Issue; comment: Comment } {
  const found = findComment(call.repository, Number(call.params.comment_id));
  if (!found) throw notFound();
  authorizeIssue(call.actor, found.issue, level);
  return found;
}

function ownComment(call: RepoCall): { issue: Issue; comment: Comment } {
  const found = commentOf(call, "write");
  if (!mayChange(call.actor, call.repository, found.comment.by.account)) throw notForToken();
  return found;
}

const ReactionWish = z.object({
  content: z.enum(["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]),
});

type Target = { reactions: Reaction[] };
type Rules = { read: typeof read | typeof reviewRead; write: typeof write | typeof reviewWrite };

/** The same three routes hang on everything that can be reacted to. */
function reactionsTo(
  path: string,
  rules: Rules,
  targetOf: (call: RepoCall, level: "read" | "write") => Target,
): Route[] {
  return [
    repoRoute(`GET ${path}/reactions`, rules.read, (call) => {
      const wanted = call.query.get("content");
      const all = targetOf(call, "read").reactions.filter((one) => wanted === null || one.content === wanted);
      return paged(
        call,
        all.map((one) => renderReaction(call.hub, one)),
      );
    }),
    repoRoute(`POST ${path}/reactions`, rules.write, (call) => {
      const { reaction, isNew } = react(
        call.hub,
        targetOf(call, "write"),
        actingBy(call),
        bodyOf(call, ReactionWish).content,
      );
      const body = renderReaction(call.hub, reaction);
      return isNew ? created(body) : ok(body);
    }),
    repoRoute(`DELETE ${path}/reactions/{reaction_id}`, rules.write, (call) => {
      const target = targetOf(call, "write");
      const reaction = target.reactions.find((one) => one.id === Number(call.params.reaction_id));
      if (!reaction) throw notFound();
      if (reaction.user !== actingBy(call).account) throw new ApiProblem(403, "You cannot delete this reaction");
      target.reactions = target.reactions.filter((one) => one !== reaction);
      return noContent();
    }),
  ];
}
