/** People doing things on GitHub's pages. Each deed is over when every webhook that it caused was answered. */
import { authorize } from "./access.ts";
import { addComment, deleteComment, editComment, react } from "./actions/comments.ts";
import {
  addLabels,
  assign,
  editIssue,
  findLabel,
  type IssueDraft,
  openIssue,
  removeLabel,
  setState,
  tell,
  unassign,
} from "./actions/issues.ts";
import { mergePull } from "./actions/merge.ts";
import { openPull } from "./actions/pulls.ts";
import { pushed } from "./actions/pushes.ts";
import {
  addReview,
  addReviewComment,
  editReview,
  editReviewComment,
  type ReviewDraft,
  replyToReviewComment,
  submitReview,
} from "./actions/reviews.ts";
import { branchSha, commitFiles, git, ZERO_SHA } from "./git.ts";
import { asUser, findComment, findReviewComment, fullName, type Hub, isPull } from "./hub.ts";
import { renderComment, renderIssue } from "./render/issues.ts";
import { renderPull, renderReview, renderReviewComment } from "./render/pulls.ts";
import { noreplyEmail } from "./render/shared.ts";
import { issueAt, repositoryNamed, tipOf } from "./setup.ts";
import type { Account, By, Delivery, PullIssue, ReactionContent, Repository, Review, Role } from "./state.ts";

/** What was made, and what became of the webhooks about it. */
export type Done<T> = T & { deliveries: Delivery[] };

export type Person = ReturnType<typeof personAt>;

export function personAt(hub: Hub, account: Account) {
  const desk: Desk = {
    hub,
    account,
    by: asUser(account),
    async does(work) {
      const { result, deliveries } = await hub.webhooks.during(work);
      hub.changed();
      return { ...result, deliveries };
    },
    at(name, role = "read") {
      const repository = repositoryNamed(hub, name);
      authorize({ is: "person", account, scopes: ["repo", "workflow"] }, repository, { needs: [], role });
      return repository;
    },
  };
  return {
    ...aboutIssues(desk),
    ...aboutComments(desk),
    ...aboutPulls(desk),
    ...aboutReviews(desk),
    ...aboutCode(desk),
  };
}

interface Desk {
  hub: Hub;
  account: Account;
  by: By;
  does<T extends object>(work: () => Promise<T> | T): Promise<Done<T>>;
  /** The repository, if the person's role reaches; GitHub's refusal is thrown otherwise. */
  at(name: string, role?: Role): Repository;
}

function aboutIssues({ hub, by, does, at }: Desk) {
  return {
    opensIssue: (repository: string, draft: Partial<IssueDraft> & { title: string }) =>
      does(() => renderIssue(hub, openIssue(hub, at(repository), by, { body: null, ...draft }))),

    editsIssue: (repository: string, number: number, change: { title?: string; body?: string }) =>
      does(() => {
        const issue = issueAt(at(repository), number);
        editIssue(hub, issue, by, change);
        return renderIssue(hub, issue);
      }),

    closes: (repository: string, number: number) => does(() => turned({ hub, by }, at(repository), number, "closed")),

    reopens: (repository: string, number: number) => does(() => turned({ hub, by }, at(repository), number, "open")),

    labels: (repository: string, number: number, ...names: string[]) =>
      does(() => {
        const issue = issueAt(at(repository, "triage"), number);
        addLabels(hub, issue, by, names);
        return renderIssue(hub, issue);
      }),

    unlabels: (repository: string, number: number, name: string) =>
      does(() => {
        const issue = issueAt(at(repository, "triage"), number);
        const label = findLabel(issue.labels, name);
        if (label) removeLabel(hub, issue, by, label);
        return renderIssue(hub, issue);
      }),

    assigns: (repository: string, number: number, ...logins: string[]) =>
      does(() => {
        const issue = issueAt(at(repository, "triage"), number);
        assign(hub, issue, by, logins);
        return renderIssue(hub, issue);
      }),

    unassigns: (repository: string, number: number, ...logins: string[]) =>
      does(() => {
        const issue = issueAt(at(repository, "triage"), number);
        unassign(hub, issue, by, logins);
        return renderIssue(hub, issue);
      }),
  };
}

function aboutComments({ hub, by, does, at }: Desk) {
  return {
    comments: (repository: string, number: number, body: string) =>
      does(() => {
        const issue = issueAt(at(repository), number);
        return renderComment(hub, issue, addComment(hub, issue, by, body));
      }),

    editsComment: (repository: string, commentId: number, body: string) =>
      does(() => {
        const { issue, comment } = commentAt(at(repository), commentId);
        editComment(hub, issue, comment, by, body);
        return renderComment(hub, issue, comment);
      }),

    deletesComment: (repository: string, commentId: number) =>
      does(() => {
        const { issue, comment } = commentAt(at(repository), commentId);
        deleteComment(hub, issue, comment, by);
        return {};
      }),

    /** To a comment by its id, or to the issue itself. GitHub sends no webhook for it. */
    reacts: (repository: string, target: { issue: number } | { comment: number }, content: ReactionContent) =>
      does(() => {
        const found =
          "issue" in target ? issueAt(at(repository), target.issue) : commentAt(at(repository), target.comment).comment;
        return react(hub, found, by, content).reaction;
      }),
  };
}

function aboutPulls({ hub, by, does, at }: Desk) {
  return {
    opensPullRequest: (
      repository: string,
      draft: { title: string; head: string; base?: string; body?: string; draft?: boolean },
    ) =>
      does(async () => {
        const base = at(repository);
        const wish = { base: base.defaultBranch, body: null, draft: false, maintainerCanModify: true, ...draft };
        return renderPull(hub, await openPull(hub, base, by, wish));
      }),

    marksReady: (repository: string, number: number) =>
      does(() => {
        const issue = pullAt(at(repository), number);
        issue.pull.draft = false;
        tell(hub, issue, by, { action: "ready_for_review" });
        return renderPull(hub, issue);
      }),

    merges: (repository: string, number: number, method: "merge" | "squash" | "rebase" = "merge") =>
      does(async () => ({ sha: await mergePull(hub, pullAt(at(repository, "write"), number), by, { method }) })),
  };
}

function aboutReviews({ hub, by, does, at }: Desk) {
  return {
    reviews: (repository: string, number: number, draft: Partial<ReviewDraft>) =>
      does(async () => {
        const issue = pullAt(at(repository), number);
        const blank: ReviewDraft = { event: "COMMENT", body: null, commitId: issue.pull.head.sha, comments: [] };
        return renderReview(hub, issue, await addReview(hub, issue, by, { ...blank, ...draft }));
      }),

    /** Begins one with these comments, which nobody else sees before it is submitted. */
    draftsReview: (repository: string, number: number, comments: ReviewDraft["comments"]) =>
      does(async () => {
        const issue = pullAt(at(repository), number);
        const draft: ReviewDraft = { event: null, body: null, commitId: issue.pull.head.sha, comments };
        return renderReview(hub, issue, await addReview(hub, issue, by, draft));
      }),

    submitsReview: (repository: string, number: number, id: number, draft: Partial<ReviewDraft> = {}) =>
      does(() => {
        const issue = pullAt(at(repository), number);
        const review = reviewAt(issue, id);
        const comments: ReviewDraft["comments"] = issue.pull.reviewComments
          .filter(({ reviewId }) => reviewId === id)
          .map(({ path, body, line, side }) => ({ path, body, line, side }));
        submitReview(hub, issue, review, by, {
          ...{ event: "COMMENT", body: null, commitId: review.commitId, comments, ...draft },
        });
        return renderReview(hub, issue, review);
      }),

    editsReview: (repository: string, number: number, id: number, body: string) =>
      does(() => {
        const issue = pullAt(at(repository), number);
        editReview(hub, issue, reviewAt(issue, id), by, body);
        return {};
      }),

    editsReviewComment: (repository: string, commentId: number, body: string) =>
      does(() => {
        const found = findReviewComment(at(repository), commentId);
        if (!found) throw new Error(`no review comment ${commentId} in ${repository}`);
        editReviewComment(hub, found.issue, found.comment, by, body);
        return {};
      }),

    reviewComments: (
      repository: string,
      number: number,
      draft: { path: string; body: string; line: number; side?: "LEFT" | "RIGHT" },
    ) =>
      does(async () => {
        const issue = pullAt(at(repository), number);
        const place = { side: "RIGHT" as const, commitId: issue.pull.head.sha, ...draft };
        return renderReviewComment(hub, issue, await addReviewComment(hub, issue, by, place));
      }),

    repliesToReviewComment: (repository: string, commentId: number, body: string) =>
      does(() => {
        const found = findReviewComment(at(repository), commentId);
        if (!found) throw new Error(`no review comment ${commentId} in ${repository}`);
        return renderReviewComment(hub, found.issue, replyToReviewComment(hub, found.issue, by, found.comment, body));
      }),
  };
}

function aboutCode({ hub, by, does, at, account }: Desk) {
  return {
    pushes: (repository: string, branch: string, files: Record<string, string | null>, how: PushWish = {}) =>
      does(() => push(hub, at(repository, "write"), account, { branch, files, how })),

    deletesBranch: (repository: string, branch: string) =>
      does(async () => {
        const from = at(repository, "write");
        const before = await tipOf(from, branch);
        await git(from.directory, ["update-ref", "-d", `refs/heads/${branch}`]);
        await pushed(hub, from, [{ ref: `refs/heads/${branch}`, before, after: ZERO_SHA }], by);
        return { before };
      }),
  };
}

function turned(
  { hub, by }: Pick<Desk, "hub" | "by">,
  repository: Repository,
  number: number,
  state: "open" | "closed",
) {
  const issue = issueAt(repository, number);
  setState(hub, issue, by, state);
  return renderIssue(hub, issue);
}

export interface PushWish {
  message?: string;
  /** Throw the branch's commits away and start over from this branch. */
  resetTo?: string;
}

/** One commit on the branch; a new branch grows from the default one. */
async function push(
  hub: Hub,
  repository: Repository,
  account: Account,
  { branch, files, how }: { branch: string; files: Record<string, string | null>; how: PushWish },
): Promise<{ sha: string; before: string }> {
  const before = await branchSha(repository.directory, branch);
  const start = how.resetTo ?? (before ? branch : repository.defaultBranch);
  const sha = await commitFiles(repository.directory, {
    branch,
    from: await tipOf(repository, start),
    message: how.message ?? `Change ${Object.keys(files).join(", ")}`,
    author: { name: account.name, email: noreplyEmail(account) },
    atMs: hub.clock.now(),
    files,
  });
  const change = { ref: `refs/heads/${branch}`, before: before ?? ZERO_SHA, after: sha };
  await pushed(hub, repository, [change], asUser(account));
  return { sha, before: change.before };
}

function reviewAt(issue: PullIssue, id: number): Review {
  const found = issue.pull.reviews.find((one) => one.id === id);
  if (!found) throw new Error(`no review ${id} on #${issue.number}`);
  return found;
}

function pullAt(repository: Repository, number: number): PullIssue {
  const issue = issueAt(repository, number);
  if (!isPull(issue)) throw new Error(`${fullName(repository)}#${number} is an issue, not a pull request`);
  return issue;
}

function commentAt(repository: Repository, id: number) {
  const found = findComment(repository, id);
  if (!found) throw new Error(`no comment ${id} in ${fullName(repository)}`);
  return found;
}
