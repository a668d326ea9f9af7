/** Questions about commits and branches, and the one way by which the remote's branches come into the clone. */
import type { CommandResult } from "./git-command.ts";
import type { Repository } from "./git-repository.ts";

/** What the remote has: its default branch, and the tips of the branches that were asked for. */
export interface RemoteTips {
  defaultBranch: string | null;
  tips: Map<string, string>;
}

export const remoteRef = (branch: string): string => `refs/remotes/origin/${branch}`;
export const branchRef = (branch: string): string => `refs/heads/${branch}`;

/** Asks the remote, without fetching anything. `*` stands for all of its branches. */
export async function lookAtRemote(repository: Repository, branches: string[]): Promise<RemoteTips> {
  const wanted = ["HEAD", ...branches.map(branchRef)];
  const listing = await repository.must(
    repository.online(["ls-remote", "--symref", "--", repository.remote.url, ...wanted]),
  );
  const tips = new Map<string, string>();
  let defaultBranch: string | null = null;
  for (const line of listing.split("\n")) {
    const [what = "", ref = ""] = line.split("\t");
    if (ref === "HEAD" && what.startsWith("ref: refs/heads/")) defaultBranch = what.slice("ref: refs/heads/".length);
    else if (ref.startsWith("refs/heads/")) tips.set(ref.slice("refs/heads/".length), what);
  }
  return { defaultBranch: defaultBranch ?? likelyDefault([...tips.keys()]), tips };
}

/** A remote whose HEAD names a branch that nobody ever pushed says nothing about it; most have one of these. */
const likelyDefault = (branches: string[]): string | null =>
  ["main", "master"].find((name) => branches.includes(name)) ?? branches[0] ?? null;

/** Fetches these branches, or all of them and the tags. */
export async function fetchFromRemote(repository: Repository, branches: string[] | "all"): Promise<void> {
  const refspecs =
    branches === "all"
      ? ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
      : branches.map((branch) => `+${branchRef(branch)}:${remoteRef(branch)}`);
  const prune = branches === "all" ? ["--prune"] : ["--no-tags"];
  const command = ["fetch", "--quiet", "--force", "--no-write-fetch-head", ...prune];
  await repository.must(repository.online([...command, "--", repository.remote.url, ...refspecs]));
  await mirror(repository);
}

/** Gives the clone the link's view of the remote. Tags that the agent made or moved are left alone. */
async function mirror(repository: Repository): Promise<void> {
  const [theirs, ours] = [await refsOf(repository.link), await refsOf(repository.clone)];
  const gone = [...ours.keys()].filter((ref) => ref.startsWith("refs/remotes/") && !theirs.has(ref));
  const changed = [...theirs].filter(([ref, commit]) =>
    ref.startsWith("refs/tags/") ? !ours.has(ref) : ours.get(ref) !== commit,
  );
  // Two transactions: a branch `a` that made way for `a/b` has to be gone before.
  await updateRefs(
    repository,
    gone.map((ref) => `delete ${ref}\n`),
  );
  await updateRefs(
    repository,
    changed.map(([ref, commit]) => `update ${ref} ${commit}\n`),
  );
}

async function updateRefs({ must, clone }: Repository, lines: string[]): Promise<void> {
  if (lines.length > 0) await must(clone(["update-ref", "--stdin"], { stdin: lines.join("") }));
}

async function refsOf(run: Repository["link"]): Promise<Map<string, string>> {
  const format = "--format=%(refname) %(objectname)";
  const { stdout } = await run(["for-each-ref", format, "refs/remotes/origin/", "refs/tags/"]);
  const rows = stdout.split("\n").filter((line) => line && !line.startsWith(remoteRef("HEAD ")));
  return new Map(rows.map((line) => line.split(" ") as [string, string]));
}

type Run = (args: string[]) => Promise<CommandResult>;

/** The commit that a name stands for; null when it stands for none. */
export async function commitOf(run: Run, name: string): Promise<string | null> {
  const { code, stdout } = await run(["rev-parse", "--quiet", "--verify", "--end-of-options", `${name}^{commit}`]);
  return code === 0 ? stdout.trim() : null;
}

/** Is everything of `older` in `newer`? A commit is its own ancestor. */
export async function contains(run: Run, newer: string, older: string): Promise<boolean> {
  return (await run(["merge-base", "--is-ancestor", older, newer])).code === 0;
}

/** The branch that is checked out; null for a detached HEAD. */
export async function currentBranch(run: Run): Promise<string | null> {
  const { code, stdout } = await run(["symbolic-ref", "--quiet", "HEAD"]);
  const ref = stdout.trim();
  return code === 0 && ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null;
}

/** How many commits `tip` has that `base` has not. */
export async function countAhead(run: Run, base: string | null, tip: string): Promise<number> {
  const { stdout } = await run(["rev-list", "--count", tip, ...(base ? [`^${base}`] : []), "--"]);
  return Number(stdout.trim());
}
