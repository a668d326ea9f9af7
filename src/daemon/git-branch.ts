/**
 * Agents switch branches, detach HEAD and get killed with a lock in their hands. These bring the clone back to the session's branch
 * when that loses nothing, and say so when it would.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./git-command.ts";
import { branchRef, commitOf, contains, currentBranch } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";

export type Return = { is: "on-branch" } | { is: "elsewhere"; detail: string };

/**
 * To `branch`, if nothing gets lost:
 *   HEAD is on it                      stays
 *   HEAD has everything of it          the branch moves forward to HEAD
 *   it has everything of HEAD          HEAD moves back to the branch
 *   each has commits of its own        elsewhere
 */
export async function returnToBranch(repository: Repository, branch: string): Promise<Return> {
  const { clone } = repository;
  const current = await currentBranch(clone);
  if (current === branch) return { is: "on-branch" };
  const head = await commitOf(clone, "HEAD");
  const tip = await commitOf(clone, branchRef(branch));
  const where = current ? `on the branch ${current}` : "detached";
  if (!head || !tip) return { is: "elsewhere", detail: `HEAD is ${where}, and ${branch} has no commit.` };
  const forward = await contains(clone, head, tip);
  if (!forward && !(await contains(clone, tip, head))) {
    return { is: "elsewhere", detail: `HEAD is ${where}, with commits that do not build on ${branch}.` };
  }
  // With `-B` the work tree stays as it is: the commit does not change, only the name that points at it.
  const moved = await clone(["checkout", "--quiet", ...(forward ? ["-B", branch, head] : [branch]), "--"]);
  if (moved.code === 0) return { is: "on-branch" };
  return { is: "elsewhere", detail: `HEAD is ${where}, and uncommitted changes are in the way to ${branch}.` };
}

const LOCKS = ["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "MERGE_HEAD.lock", "shallow.lock"];

/** A git that was killed leaves its locks, and every later one refuses to work. Only called when no agent works. */
export async function removeStaleLocks(repository: Repository): Promise<void> {
  const { dir, owner, env, linkDir, spec } = repository;
  const branchLock = spec.branch ? [`${branchRef(spec.branch)}.lock`] : [];
  const inClone = [...LOCKS, ...branchLock].map((lock) => join(dir, ".git", lock));
  await runCommand("rm", ["-f", "--", ...inClone], { cwd: "/", env, owner });
  for (const lock of [...LOCKS, "FETCH_HEAD.lock"]) await rm(join(`${linkDir}.git`, lock), { force: true });
}

/** A merge or rebase that the agent left half done; committing in the middle of it would publish its conflict markers. */
export async function unfinishedBusiness({ clone, env, owner }: Repository): Promise<string | null> {
  const unmerged = await filesInConflict(clone);
  if (unmerged.length > 0) return `Unresolved conflicts in ${someOf(unmerged)}.`;
  const folders = ["--git-path", "rebase-merge", "--git-path", "rebase-apply"];
  const { stdout } = await clone(["rev-parse", "--path-format=absolute", ...folders]);
  const [merge = "", apply = ""] = stdout.split("\n");
  // With its owner's rights, who can put a link there.
  const isThere = await runCommand("test", ["-d", merge, "-o", "-d", apply], { cwd: "/", env, owner });
  if (isThere.code === 0) return "A rebase was left half done.";
  return null;
}

/** Files with conflict markers in them, by their path in the work tree. */
export async function filesInConflict(clone: Repository["clone"]): Promise<string[]> {
  const { stdout } = await clone(["diff", "--name-only", "--diff-filter=U", "-z"]);
  return [...new Set(stdout.split("\0").filter(Boolean))];
}

/** So many file names that the message still fits under a thread. */
const MAX_NAMES = 10;

/** A name stands among words of ours, to the agent as well: a stranger's must not begin a paragraph, where it would read like an order. */
const inOneLine = (file: string): string => file.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, "?");

/** "a.js, b.js and 3 more". */
export function someOf(files: string[]): string {
  const shown = files.slice(0, MAX_NAMES).map(inOneLine).join(", ");
  return files.length > MAX_NAMES ? `${shown} and ${files.length - MAX_NAMES} more` : shown;
}
