/** After a commit that the host made of ours: the clone goes on from theirs. */
import { branchRef, commitOf, contains } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";

/**
 * Makes the remote's commit ours where both have the same files and theirs alone is new: it was made of ours, maybe before a crash, and
 * merging the two would say everything twice. False where it is another one. The agent's own files are not touched.
 */
export async function takeOver(repository: Repository, branch: string, theirs: string): Promise<boolean> {
  const { clone, link, must } = repository;
  const ours = await commitOf(clone, branchRef(branch));
  if (!ours || ours === theirs || (await contains(link, ours, theirs))) return false;
  const trees = await Promise.all(
    [ours, theirs].map((one) => link(["rev-parse", "--verify", "--quiet", `${one}^{tree}`])),
  );
  if (trees.some(({ code }) => code !== 0) || trees[0]?.stdout !== trees[1]?.stdout) return false;
  // On something that we had: else two people have come to the same by different ways.
  const parent = await commitOf(link, `${theirs}^`);
  if (!parent || !(await contains(link, ours, parent))) return false;
  await must(clone(["update-ref", branchRef(branch), theirs, ours]));
  return true;
}
