/** The merge button: refused when the head moved on or conflicts, else a commit on the base branch and all that follows from it. */
import { branchSha, commitTree, git, mergedTree } from "../git.ts";
import type { Hub } from "../hub.ts";
import { ApiProblem } from "../problem.ts";
import { noreplyEmail } from "../render/shared.ts";
import type { By, PullIssue } from "../state.ts";
import { markMerged } from "./pulls.ts";
import { pushed } from "./pushes.ts";

export interface MergeWish {
  method: "merge" | "squash" | "rebase";
  /** The head that the caller has seen; another one is refused. */
  sha?: string;
  title?: string;
  message?: string;
}

export async function mergePull(hub: Hub, issue: PullIssue, by: By, wish: MergeWish): Promise<string> {
  const { repository, pull } = issue;
  if (wish.sha !== undefined && wish.sha !== pull.head.sha) {
    throw new ApiProblem(409, "Head branch was modified. Review and try the merge again.");
  }
  const baseSha = await branchSha(repository.directory, pull.base.ref);
  const tree = baseSha && (await mergedTree(repository.directory, baseSha, pull.head.sha));
  if (issue.state !== "open" || pull.draft || !baseSha || !tree)
    throw new ApiProblem(405, "Pull Request is not mergeable");
  const sha = await commitTree(repository.directory, {
    tree,
    parents: wish.method === "merge" ? [baseSha, pull.head.sha] : [baseSha],
    message: `${wish.title ?? subjectOf(issue, wish)}\n\n${wish.message ?? issue.title}`,
    author: { name: by.account.login, email: noreplyEmail(by.account) },
    atMs: hub.clock.now(),
  });
  await git(repository.directory, ["update-ref", `refs/heads/${pull.base.ref}`, sha, baseSha]);
  markMerged(hub, issue, by, sha);
  await pushed(hub, repository, [{ ref: `refs/heads/${pull.base.ref}`, before: baseSha, after: sha }], by);
  return sha;
}

function subjectOf({ number, title, pull }: PullIssue, wish: MergeWish): string {
  if (wish.method !== "merge") return `${title} (#${number})`;
  return `Merge pull request #${number} from ${pull.head.repository.owner.login}/${pull.head.ref}`;
}
