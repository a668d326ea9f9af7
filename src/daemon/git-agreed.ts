/**
 * What may be pushed after somebody has agreed to one commit: that one, or it and what people pushed meanwhile, merged. The merge is made in
 * the clone, where a process of the agent's may still be at work, so it is not taken at its word: the link merges the same two once more.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { contains } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";

/** A process of the agent's that is still at work must not slip something in after somebody has agreed to what was there. */
export const CHANGED_MEANWHILE = "The branch changed while it waited for leave to be pushed.";

/** The commit, as what is agreed to from now on. Throws `git.diverged`. Asked of the link: the clone may call commits by other names. */
export async function grownFrom(
  agreed: string,
  { commit, theirs }: { commit: string; theirs: string | null },
  repository: Repository,
): Promise<string> {
  if (commit === agreed) return commit;
  const { link, must, failure } = repository;
  const [, ...parents] = (await must(link(["rev-list", "--parents", "-1", commit, "--"]))).trim().split(" ");
  const isOfBoth = theirs !== null && parents.length === 2 && parents[0] === agreed && parents[1] === theirs;
  // With what it has already nobody merges it, unless to bring in something else.
  const isMerge = isOfBoth && !(await contains(link, agreed, theirs));
  if (!isMerge || !(await isPlainMerge(repository, { commit, agreed, theirs })))
    throw failure("git.diverged", CHANGED_MEANWHILE);
  return commit;
}

interface Merge {
  commit: string;
  agreed: string;
  theirs: string;
}

/** `git merge-tree --write-tree` is there since git 2.38; an older one takes it for a mistake in its arguments. */
const UNKNOWN_OPTION = 129;

/** What it differs in from a merge without the clone's own drivers and attributes may be files that both have changed, and no others. */
async function isPlainMerge({ dir, linkDir, link, must }: Repository, { commit, agreed, theirs }: Merge) {
  // Its objects go nowhere: in the clone's own store they would be the daemon's, and nobody needs them afterwards.
  const folder = await mkdtemp(`${linkDir}.merge-`);
  const env = { GIT_OBJECT_DIRECTORY: folder, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(dir, ".git", "objects") };
  const changed = async (one: string, other: string): Promise<string[]> => {
    const flags = ["-r", "--name-only", "--no-renames", "-z"];
    return (await must(link(["diff-tree", ...flags, one, other, "--"], { env }))).split("\0").filter(Boolean);
  };
  try {
    const merged = await link(["merge-tree", "--write-tree", "--no-messages", agreed, theirs], { env });
    if (merged.code === UNKNOWN_OPTION) return true;
    const [tree = ""] = merged.stdout.split("\n");
    if (merged.code === null || merged.code > 1 || tree === "") return false;
    const other = await changed(tree, commit);
    if (other.length === 0) return true;
    const parted = (await link(["merge-base", agreed, theirs])).stdout.trim();
    if (parted === "") return false;
    const [ours, news] = [new Set(await changed(parted, agreed)), new Set(await changed(parted, theirs))];
    return other.every((path) => ours.has(path) && news.has(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
