/**
 * Another branch begins in a clone that has worked on one before: what a turn left there unfinished is kept in the clone, where a person
 * or the agent can find it again, and is not taken along.
 */
import { relevantLine } from "./git-failure.ts";
import { committingAs } from "./git-names.ts";
import { branchRef, commitOf, currentBranch } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";

/** Nothing where there is no commit yet, nor on the base itself: what lies there was prepared for whichever branch comes first. */
export async function putAside(repository: Repository, base: string | null): Promise<void> {
  const { clone } = repository;
  if (!(await commitOf(clone, "HEAD")) || (await currentBranch(clone)) === base) return;
  await commitWhatIsThere(repository);
  // Concluded by the commit, or only said to be under way; each says no where it is not.
  for (const command of ["rebase", "cherry-pick", "revert", "am"]) await clone([command, "--quit"]);
  const head = await commitOf(clone, "HEAD");
  if (head && (await currentBranch(clone)) === null) await keep(repository, head);
}

/** A branch of this name that we have not begun: what it has stays, and another one gets the name. */
export async function keepForeign(repository: Repository, branch: string): Promise<void> {
  const tip = await commitOf(repository.clone, branchRef(branch));
  if (tip) await keep(repository, tip);
}

const keep = ({ clone }: Repository, commit: string) =>
  clone(["branch", "--force", `left-over/${commit.slice(0, 12)}`, commit]);

/** With conflict markers, where there are some: it goes nowhere. */
async function commitWhatIsThere({ clone, must, spec, failure }: Repository): Promise<void> {
  if ((await must(clone(["status", "--porcelain"]))) === "") return;
  await must(clone(["add", "--all"]));
  const made = await clone([
    ...committingAs(spec.identity),
    "commit",
    "--quiet",
    "--no-verify",
    "-m",
    "Left over, and not pushed",
  ]);
  if (made.code !== 0 && (await clone(["diff", "--cached", "--quiet"])).code !== 0)
    throw failure("git.clone-failed", relevantLine(made.stderr));
}
