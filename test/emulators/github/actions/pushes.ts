/** What a push sets off, wherever it came from: the push event, then the pull requests of the branch. */
import type { Commit as CommitJson } from "@octokit/webhooks-types";
import { isAncestor, ZERO_SHA } from "../git.ts";
import { type Commit, log } from "../git-log.ts";
import { type Hub, timestamp } from "../hub.ts";
import { htmlUrl, noreplyEmail } from "../render/shared.ts";
import type { By, Repository } from "../state.ts";
import { followBranch } from "./pulls.ts";

/** `ZERO_SHA` stands for "not there". */
export interface RefChange {
  ref: string;
  before: string;
  after: string;
}

export async function pushed(hub: Hub, repository: Repository, changes: RefChange[], by: By): Promise<void> {
  for (const change of changes) {
    repository.pushedAt = timestamp(hub);
    await announce(hub, repository, change, by);
    if (!change.ref.startsWith("refs/heads/")) continue;
    const branch = change.ref.slice("refs/heads/".length);
    const after = change.after === ZERO_SHA ? null : change.after;
    await followBranch(hub, { repository, branch, before: change.before, after }, by);
  }
  hub.changed();
}

/** The largest number of commits that a push payload lists. */
const MAX_COMMITS = 2048;

async function announce(hub: Hub, repository: Repository, change: RefChange, by: By): Promise<void> {
  const isGone = change.after === ZERO_SHA;
  const isNew = change.before === ZERO_SHA;
  const commits = isGone ? [] : await log(repository.directory, newCommits(change), MAX_COMMITS);
  const head = isGone ? [] : await log(repository.directory, ["-1", change.after]);
  const isForced = !isNew && !isGone && !(await isAncestor(repository.directory, change.before, change.after));
  const page = htmlUrl(hub, repository);
  const [tip] = head;
  const own = {
    ref: change.ref,
    before: change.before,
    after: change.after,
    created: isNew,
    deleted: isGone,
    forced: isForced,
    base_ref: null,
    compare: `${page}/compare/${change.before.slice(0, 12)}...${change.after.slice(0, 12)}`,
    commits: commits.reverse().map((commit) => renderPushCommit(page, commit)),
    head_commit: tip ? renderPushCommit(page, tip) : null,
    pusher: { name: by.account.login, email: noreplyEmail(by.account) },
  };
  hub.webhooks.emit("push", { repository, by }, own);
}

function newCommits(change: RefChange): string[] {
  if (change.before !== ZERO_SHA) return [`${change.before}..${change.after}`];
  return [change.after, "--not", `--exclude=${change.ref}`, "--glob=refs/heads/*"];
}

function renderPushCommit(page: string, commit: Commit): CommitJson {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${page}/commit/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    added: commit.added,
    removed: commit.removed,
    modified: commit.modified,
  };
}
