/** The life of a pull request: opened with all of GitHub's checks, followed as its branch moves, merged or closed. */
import { branchSha, git, isAncestor, mergeBase, mergedTree } from "../git.ts";
import { changedFiles } from "../git-log.ts";
import { findAccount, type Hub, isPull, openPulls, timestamp } from "../hub.ts";
import { type FieldProblem, unprocessable, validationFailed } from "../problem.ts";
import type { By, PullIssue, Repository } from "../state.ts";
import { addEvent, checkBody, newIssue, setState, tell } from "./issues.ts";

export interface PullDraft {
  title: string;
  body: string | null;
  /** `branch`, or `owner:branch` of a fork. */
  head: string;
  base: string;
  draft: boolean;
  maintainerCanModify: boolean;
}

export async function openPull(hub: Hub, repository: Repository, by: By, draft: PullDraft): Promise<PullIssue> {
  checkBody("PullRequest", draft.body);
  if (draft.draft && repository.refusesDrafts)
    throw unprocessable("Draft pull requests are not supported in this repository.");
  const head = headOf(hub, repository, draft.head);
  const headSha = head && (await branchSha(head.repository.directory, head.ref));
  if (!head || !headSha) throw refused({ field: "head", code: "invalid" });
  const baseSha = await branchSha(repository.directory, draft.base);
  if (!baseSha) throw refused({ field: "base", code: "invalid" });
  await bringObjects(repository, head.repository, headSha);
  await checkHistory(repository, { head: draft.head, headSha, base: draft.base, baseSha });
  const same = openPulls(repository).some(
    ({ pull }) =>
      pull.head.repository === head.repository && pull.head.ref === head.ref && pull.base.ref === draft.base,
  );
  if (same) {
    const name = `${head.repository.owner.login}:${head.ref}`;
    throw refused({ code: "custom", message: `A pull request already exists for ${name}.` });
  }
  return create(hub, repository, by, draft, { ...head, sha: headSha, baseSha });
}

const refused = (problem: Omit<FieldProblem, "resource">) => validationFailed({ resource: "PullRequest", ...problem });

function headOf(hub: Hub, repository: Repository, head: string): { repository: Repository; ref: string } | null {
  const colon = head.indexOf(":");
  if (colon < 0) return { repository, ref: head };
  const owner = findAccount(hub, head.slice(0, colon));
  const network = hub.repositories.filter(
    (one) => one === repository || one.parent === repository || one === repository.parent,
  );
  const found = network.find((one) => one.owner === owner);
  return found ? { repository: found, ref: head.slice(colon + 1) } : null;
}

/** A fork's commits come into the base repository: that is where `refs/pull/N/head` is served from. */
async function bringObjects(base: Repository, head: Repository, sha: string): Promise<void> {
  if (base !== head) await git(base.directory, ["fetch", "--quiet", "--no-tags", head.directory, sha]);
}

async function checkHistory(
  repository: Repository,
  ends: { head: string; headSha: string; base: string; baseSha: string },
): Promise<void> {
  const common = await mergeBase(repository.directory, ends.baseSha, ends.headSha);
  if (!common) {
    throw refused({ code: "custom", message: `The ${ends.head} branch has no history in common with ${ends.base}` });
  }
  if (common === ends.headSha) {
    throw refused({ code: "custom", message: `No commits between ${ends.base} and ${ends.head}` });
  }
}

async function create(
  hub: Hub,
  repository: Repository,
  by: By,
  draft: PullDraft,
  head: { repository: Repository; ref: string; sha: string; baseSha: string },
): Promise<PullIssue> {
  const issue = newIssue(hub, repository, by, draft);
  const pullIssue: PullIssue = Object.assign(issue, {
    pull: {
      id: hub.nextId("pull"),
      draft: draft.draft,
      head: { repository: head.repository, ref: head.ref, sha: head.sha },
      base: { ref: draft.base, sha: head.baseSha },
      maintainerCanModify: draft.maintainerCanModify && head.repository !== repository,
      mergedAt: null,
      mergedBy: null,
      mergeCommitSha: null,
      mergeable: null,
      requestedReviewers: [],
      reviews: [],
      reviewComments: [],
      size: { commits: 0, additions: 0, deletions: 0, changedFiles: 0 },
    },
  });
  await updatePullRef(pullIssue);
  await measure(pullIssue);
  tell(hub, pullIssue, by, { action: "opened" });
  return pullIssue;
}

function updatePullRef({ repository, number, pull }: PullIssue): Promise<string> {
  return git(repository.directory, ["update-ref", `refs/pull/${number}/head`, pull.head.sha]);
}

/** How large it is. Whether it would merge is not known any more after a push. */
export async function measure({ repository, pull }: PullIssue): Promise<void> {
  const baseSha = (await branchSha(repository.directory, pull.base.ref)) ?? pull.base.sha;
  const range = `${baseSha}..${pull.head.sha}`;
  const files = await changedFiles(repository.directory, baseSha, pull.head.sha);
  pull.size = {
    commits: Number(await git(repository.directory, ["rev-list", "--count", range])),
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: files.length,
  };
  if (pull.mergeableOf !== range) pull.mergeable = null;
}

/** Asking for it begins to compute it: after a push to either side the first answer is none. */
export async function computeMergeable({ repository, pull }: PullIssue): Promise<void> {
  const baseSha = (await branchSha(repository.directory, pull.base.ref)) ?? pull.base.sha;
  const range = `${baseSha}..${pull.head.sha}`;
  const isNew = pull.mergeableOf !== range;
  pull.mergeableOf = range;
  pull.mergeable = isNew ? null : (await mergedTree(repository.directory, baseSha, pull.head.sha)) !== null;
}

/** A branch moved: pull requests from it follow, and those into it that are all in count as merged. */
export async function followBranch(
  hub: Hub,
  moved: { repository: Repository; branch: string; before: string; after: string | null },
  by: By,
): Promise<void> {
  for (const issue of pullsFrom(hub, moved)) {
    if (moved.after === null) {
      setState(hub, issue, by, "closed");
      continue;
    }
    await bringObjects(issue.repository, moved.repository, moved.after);
    issue.pull.head.sha = moved.after;
    issue.updatedAt = timestamp(hub);
    await updatePullRef(issue);
    await measure(issue);
    tell(hub, issue, by, { action: "synchronize", before: moved.before, after: moved.after });
  }
  if (moved.after === null) return;
  for (const issue of openPulls(moved.repository).filter(({ pull }) => pull.base.ref === moved.branch)) {
    const isIn = await isAncestor(moved.repository.directory, issue.pull.head.sha, moved.after);
    if (isIn) markMerged(hub, issue, by, moved.after);
  }
}

function pullsFrom(hub: Hub, moved: { repository: Repository; branch: string }): PullIssue[] {
  return hub.repositories
    .flatMap((repository) => [...repository.issues.values()])
    .filter(isPull)
    .filter((issue) => issue.state === "open")
    .filter(({ pull }) => pull.head.repository === moved.repository && pull.head.ref === moved.branch);
}

export function markMerged(hub: Hub, issue: PullIssue, by: By, sha: string): void {
  issue.pull.mergedAt = timestamp(hub);
  issue.pull.mergedBy = by.account;
  issue.pull.mergeCommitSha = sha;
  addEvent(hub, issue, by, "merged", {});
  setState(hub, issue, by, "closed");
}
