/** What of GitHub's GraphQL is emulated: inline threads of a pull request and their resolution, reactions, and when texts were edited. */
import { z } from "zod";
import { type Actor, authorize, byOf, canSee } from "../access.ts";
import { react } from "../actions/comments.ts";
import { resolveThread } from "../actions/reviews.ts";
import { findReviewComment, fullName, type Hub, isPull } from "../hub.ts";
import { ApiProblem } from "../problem.ts";
import { nodeId } from "../render/shared.ts";
import type { PullIssue, Reaction, ReactionContent, Repository, Review, ReviewComment } from "../state.ts";
import { FieldRefused, type GraphObject, type GraphValue, type Interfaces } from "./execute.ts";

interface Graph {
  hub: Hub;
  actor: Actor;
}

export const INTERFACES: Interfaces = {
  Node: ["PullRequest", "PullRequestReview", "PullRequestReviewComment", "PullRequestReviewThread"],
  Comment: ["PullRequestReview", "PullRequestReviewComment"],
  Reactable: ["PullRequestReview", "PullRequestReviewComment"],
};

export function queryRoot(graph: Graph): GraphObject {
  const one = (id: unknown): GraphValue => {
    const found = typeof id === "string" ? nodeOf(graph, id) : null;
    if (!found) throw new FieldRefused("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'.`);
    return found.object;
  };
  return {
    __typename: "Query",
    repository: ({ owner, name }) => {
      const wanted = `${owner}/${name}`;
      const found = graph.hub.repositories.find((repository) => isCalled(repository, wanted));
      if (!found || !canSee(graph.actor, found))
        throw new FieldRefused("NOT_FOUND", `Could not resolve to a Repository with the name '${wanted}'.`);
      return repositoryObject(graph, found);
    },
    node: ({ id }) => one(id),
    nodes: ({ ids }) => z.array(z.string()).max(100).parse(ids).map(one),
  };
}

/** GraphQL follows a repository that was renamed. */
const isCalled = (repository: Repository, wanted: string): boolean =>
  fullName(repository).toLowerCase() === wanted.toLowerCase() || repository.formerNames.includes(wanted.toLowerCase());

export function mutationRoot(graph: Graph): GraphObject {
  return {
    __typename: "Mutation",
    resolveReviewThread: ({ input }) => resolve(graph, z.object({ threadId: z.string() }).parse(input).threadId),
    addReaction: ({ input }) => addReaction(graph, input),
  };
}

function resolve(graph: Graph, threadId: string): GraphObject {
  const found = nodeOf(graph, threadId);
  if (found?.is !== "thread")
    throw new FieldRefused("NOT_FOUND", `Could not resolve to a node with the global id of '${threadId}'.`);
  // An App needs to write contents for it, and not only pull requests (https://github.com/orgs/community/discussions/44650).
  allowed(graph, found.issue.repository, "pull_requests:write");
  allowed(graph, found.issue.repository, "contents:write", "write");
  resolveThread(graph.hub, found.issue, found.comment, byOf(graph.actor));
  return { __typename: "ResolveReviewThreadPayload", thread: threadObject(graph, found.issue, found.comment) };
}

const CONTENTS: Record<string, ReactionContent> = {
  ...{ THUMBS_UP: "+1", THUMBS_DOWN: "-1", LAUGH: "laugh", CONFUSED: "confused" },
  ...{ HEART: "heart", HOORAY: "hooray", ROCKET: "rocket", EYES: "eyes" },
};

function addReaction(graph: Graph, input: unknown): GraphObject {
  const { subjectId, content } = z.object({ subjectId: z.string(), content: z.string() }).parse(input);
  const found = nodeOf(graph, subjectId);
  const given = CONTENTS[content];
  if (!given) throw new FieldRefused("UNPROCESSABLE", `Argument 'content' has an invalid value (${content}).`);
  if (found?.is !== "review" && found?.is !== "comment")
    throw new FieldRefused("NOT_FOUND", `Could not resolve to a node with the global id of '${subjectId}'.`);
  allowed(graph, found.issue.repository, "pull_requests:write");
  const target: { reactions: Reaction[] } = found.is === "review" ? found.review : found.comment;
  const { reaction } = react(graph.hub, target, byOf(graph.actor), given);
  return {
    __typename: "AddReactionPayload",
    reaction: { __typename: "Reaction", id: nodeId("REA", reaction.id), content },
  };
}

function allowed(
  { actor }: Graph,
  repository: Repository,
  need: `${string}:write`,
  role: "read" | "write" = "read",
): void {
  try {
    authorize(actor, repository, { needs: [need], role });
  } catch (thrown) {
    if (!(thrown instanceof ApiProblem)) throw thrown;
    throw new FieldRefused(thrown.status === 404 ? "NOT_FOUND" : "FORBIDDEN", thrown.message);
  }
}

type Found = { issue: PullIssue; object: GraphObject } & (
  | { is: "review"; review: Review }
  | { is: "comment" | "thread"; comment: ReviewComment }
);

/** Ids say their kind: `PRR_…` is a review, `PRRC_…` a comment, `PRRT_…` a thread. */
function nodeOf(graph: Graph, id: string): Found | null {
  const [kind = "", rest = ""] = id.split("_", 2);
  const number = Number(Buffer.from(rest, "base64url").toString());
  for (const repository of graph.hub.repositories.filter((one) => canSee(graph.actor, one))) {
    if (kind === "PRR") {
      for (const issue of [...repository.issues.values()].filter(isPull)) {
        const review = issue.pull.reviews.find((one) => one.id === number);
        if (review) return { is: "review", issue, review, object: reviewObject(graph, review) };
      }
      continue;
    }
    const found = kind === "PRRC" || kind === "PRRT" ? findReviewComment(repository, number) : undefined;
    if (found && kind === "PRRC") return { is: "comment", ...found, object: commentObject(found.comment) };
    if (found) return { is: "thread", ...found, object: threadObject(graph, found.issue, found.comment) };
  }
  return null;
}

function repositoryObject(graph: Graph, repository: Repository): GraphObject {
  return {
    __typename: "Repository",
    id: nodeId("R", repository.id),
    databaseId: repository.id,
    nameWithOwner: fullName(repository),
    pullRequest: ({ number }) => {
      const issue = repository.issues.get(Number(number));
      if (!issue || !isPull(issue))
        throw new FieldRefused("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
      allowedToRead(graph, repository);
      return pullObject(graph, issue);
    },
  };
}

function allowedToRead({ actor }: Graph, repository: Repository): void {
  if (actor.is === "installation") authorize(actor, repository, { needs: ["pull_requests:read"], role: "read" });
}

const pullObject = (graph: Graph, issue: PullIssue): GraphObject => ({
  __typename: "PullRequest",
  id: nodeId("PR", issue.pull.id),
  number: issue.number,
  reviewThreads: (args) =>
    connection(
      "PullRequestReviewThread",
      issue.pull.reviewComments
        .filter(({ inReplyToId, reviewId }) => inReplyToId === null && !isPending(issue, reviewId))
        .map((root) => threadObject(graph, issue, root)),
      args,
    ),
});

const isPending = ({ pull }: PullIssue, id: number): boolean =>
  pull.reviews.find((one) => one.id === id)?.state === "PENDING";

function threadObject(graph: Graph, issue: PullIssue, root: ReviewComment): GraphObject {
  const all = issue.pull.reviewComments.filter(({ id, inReplyToId }) => (inReplyToId ?? id) === root.id);
  const { resolvedBy } = root;
  return {
    __typename: "PullRequestReviewThread",
    id: nodeId("PRRT", root.id),
    isResolved: resolvedBy !== undefined,
    resolvedBy: resolvedBy ? { __typename: "User", login: resolvedBy.login.replace(/\[bot\]$/, "") } : null,
    path: root.path,
    line: root.line,
    viewerCanResolve: graph.actor.is !== "anonymous" && resolvedBy === undefined,
    comments: (args) => connection("PullRequestReviewComment", all.map(commentObject), args),
  };
}

const commentObject = (comment: ReviewComment): GraphObject => ({
  __typename: "PullRequestReviewComment",
  id: nodeId("PRRC", comment.id),
  // A BigInt, which JSON has as text.
  fullDatabaseId: String(comment.id),
  body: comment.body,
  createdAt: comment.createdAt,
  updatedAt: comment.updatedAt,
  lastEditedAt: comment.lastEditedAt ?? null,
});

const reviewObject = (_graph: Graph, review: Review): GraphObject => ({
  __typename: "PullRequestReview",
  id: nodeId("PRR", review.id),
  fullDatabaseId: String(review.id),
  body: review.body ?? "",
  submittedAt: review.submittedAt,
  lastEditedAt: review.lastEditedAt ?? null,
});

/** One page forward. Cursors are opaque; here they are places in the list. */
function connection(type: string, all: GraphObject[], args: Record<string, unknown>): GraphObject {
  const { first, after } = z.object({ first: z.int().min(1).max(100), after: z.string().nullish() }).parse(args);
  const from = after ? Number(Buffer.from(after, "base64url").toString()) : 0;
  const page = all.slice(from, from + first);
  return {
    __typename: `${type}Connection`,
    totalCount: all.length,
    nodes: page,
    pageInfo: {
      __typename: "PageInfo",
      hasNextPage: from + page.length < all.length,
      endCursor: page.length > 0 ? Buffer.from(String(from + page.length)).toString("base64url") : null,
    },
  };
}
