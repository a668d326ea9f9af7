/** What people see on GitHub's pages, in a form that assertions like: plain values, logins instead of objects. */
import { git, refs } from "./git.ts";
import { filesAt } from "./git-log.ts";
import { type Hub, isPull } from "./hub.ts";
import { issuePage } from "./render/issues.ts";
import { issueAt, repositoryNamed, tipOf } from "./setup.ts";
import type { Comment, Issue, PullIssue, Reaction } from "./state.ts";

export interface ReactionView {
  content: string;
  user: string;
}

export interface CommentView {
  id: number;
  author: string;
  body: string;
  /** How often its text was changed after it was posted. */
  edits: number;
  reactions: ReactionView[];
  createdAt: string;
  updatedAt: string;
  htmlUrl: string;
}

export interface IssueView {
  number: number;
  title: string;
  body: string | null;
  author: string;
  state: "open" | "closed";
  labels: string[];
  assignees: string[];
  reactions: ReactionView[];
  htmlUrl: string;
  comments(): CommentView[];
}

export interface PullView extends IssueView {
  draft: boolean;
  merged: boolean;
  /** `owner:branch` */
  head: string;
  headSha: string;
  base: string;
  reviews(): { id: number; author: string; state: string; body: string | null; reactions: ReactionView[] }[];
  /** `isResolved` of the first one of a thread is the thread's. */
  reviewComments(): (CommentView & {
    path: string;
    line: number | null;
    inReplyToId: number | null;
    isResolved: boolean;
  })[];
}

export function viewIssue(hub: Hub, repository: string, number: number): IssueView {
  return issueView(hub, issueAt(repositoryNamed(hub, repository), number));
}

export function viewPulls(hub: Hub, repository: string): PullView[] {
  return [...repositoryNamed(hub, repository).issues.values()].filter(isPull).map((issue) => pullView(hub, issue));
}

function issueView(hub: Hub, issue: Issue): IssueView {
  return {
    number: issue.number,
    title: issue.title,
    body: issue.body,
    author: issue.by.account.login,
    state: issue.state,
    labels: issue.labels.map((label) => label.name),
    assignees: issue.assignees.map((account) => account.login),
    reactions: issue.reactions.map(reactionView),
    htmlUrl: issuePage(hub, issue),
    comments: () =>
      issue.comments.map((comment) => commentView(comment, `${issuePage(hub, issue)}#issuecomment-${comment.id}`)),
  };
}

function pullView(hub: Hub, issue: PullIssue): PullView {
  const { pull } = issue;
  return {
    ...issueView(hub, issue),
    draft: pull.draft,
    merged: pull.mergedAt !== null,
    head: `${pull.head.repository.owner.login}:${pull.head.ref}`,
    headSha: pull.head.sha,
    base: pull.base.ref,
    reviews: () =>
      pull.reviews.map(({ id, by, state, body, reactions }) => ({
        ...{ id, author: by.account.login, state, body },
        reactions: reactions.map(reactionView),
      })),
    reviewComments: () =>
      pull.reviewComments.map((comment) => ({
        ...commentView(comment, `${issuePage(hub, issue)}#discussion_r${comment.id}`),
        path: comment.path,
        line: comment.line,
        inReplyToId: comment.inReplyToId,
        isResolved: comment.resolvedBy !== undefined,
      })),
  };
}

function commentView(comment: Comment, htmlUrl: string): CommentView {
  const { id, body, edits, createdAt, updatedAt } = comment;
  const reactions = comment.reactions.map(reactionView);
  return { id, author: comment.by.account.login, body, edits, reactions, createdAt, updatedAt, htmlUrl };
}

const reactionView = ({ content, user }: Reaction): ReactionView => ({ content, user: user.login });

export interface CheckRunView {
  name: string;
  app: string;
  headSha: string;
  status: string;
  conclusion: string | null;
  detailsUrl: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  externalId: string;
}

export function viewCheckRuns(hub: Hub, repository: string): CheckRunView[] {
  return repositoryNamed(hub, repository).checkRuns.map(
    ({ suite, output, name, headSha, status, conclusion, detailsUrl, externalId = "" }) => ({
      name,
      app: suite.app.slug,
      headSha,
      status,
      conclusion,
      detailsUrl,
      title: output.title,
      summary: output.summary,
      text: output.text,
      externalId,
    }),
  );
}

/** Branch name to commit. */
export async function viewBranches(hub: Hub, repository: string): Promise<Record<string, string>> {
  const all = await refs(repositoryNamed(hub, repository).directory, "refs/heads/");
  return Object.fromEntries([...all].map(([ref, sha]) => [ref.slice("refs/heads/".length), sha]));
}

/** Path to content at the tip of a branch. */
export async function viewFiles(hub: Hub, name: string, branch?: string): Promise<Record<string, string>> {
  const repository = repositoryNamed(hub, name);
  return filesAt(repository.directory, await tipOf(repository, branch ?? repository.defaultBranch));
}

/** Subjects of the commits of a branch, newest first. */
export async function viewCommits(
  hub: Hub,
  name: string,
  branch?: string,
): Promise<{ sha: string; author: string; message: string }[]> {
  const repository = repositoryNamed(hub, name);
  const tip = await tipOf(repository, branch ?? repository.defaultBranch);
  const out = await git(repository.directory, ["log", "-z", "--format=%H%n%an <%ae>%n%B", tip]);
  return out
    .split("\0")
    .filter(Boolean)
    .map((record) => {
      const [sha = "", author = "", ...message] = record.split("\n");
      return { sha, author, message: message.join("\n").trimEnd() };
    });
}
