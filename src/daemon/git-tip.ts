/** What stands on the remote now, looked up for the rules of `git-head.ts`; and what becomes of a branch that somebody has force-pushed. */
import type { Remarks } from "./checkout.ts";
import { filesInConflict, someOf } from "./git-branch.ts";
import { type HeadFacts, ruleOnHead } from "./git-head.ts";
import { recall, remember } from "./git-memory.ts";
import { committingAs } from "./git-names.ts";
import { commitOf, contains, countAhead, remoteRef } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";

/** The fork's commit that has to be in the branch; null where it is about a branch of the repository's own. Throws `git.head-moved`. */
export async function checkHead(repository: Repository, branch: string, remarks: Remarks): Promise<string | null> {
  const { spec, link, failure } = repository;
  const { pin, pull } = spec;
  if (pin === undefined) return null;
  const now = pull === undefined ? await commitOf(link, remoteRef(branch)) : await fetchPull(repository, pull);
  const facts: HeadFacts = { from: pull === undefined ? "branch" : "fork", now: await standing(repository, pin, now) };
  const ruling = ruleOnHead(facts, { pin, now, branch });
  if (ruling.is === "refuse") throw failure("git.head-moved", ruling.detail);
  if (ruling.remark) remarks.people.push(ruling.remark);
  return pull === undefined ? null : pin;
}

async function standing({ link }: Repository, pin: string, now: string | null): Promise<HeadFacts["now"]> {
  if (now === null) return "gone";
  if (now === pin) return "same";
  return (await contains(link, now, pin)) ? "grown" : "rewritten";
}

/**
 * A fork's commits, from the base repository, which serves them under this name: so its credential is enough, and nothing is asked of a
 * host that the fork could name. Kept under no name of ours: nobody may take it for a branch.
 */
async function fetchPull({ link, online, remote, must }: Repository, pull: number): Promise<string | null> {
  const theirs = `refs/pull/${pull}/head`;
  if ((await must(online(["ls-remote", "--", remote.url, theirs]))) === "") return null;
  const ref = `refs/threadbox/pull/${pull}`;
  const fetch = ["fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head"];
  await must(online([...fetch, "--", remote.url, `+${theirs}:${ref}`]));
  const head = await commitOf(link, ref);
  await link(["update-ref", "-d", ref]);
  return head;
}

/** What the fork has had since comes into the branch, unless it conflicts: then both are told. */
export async function takeIn(repository: Repository, pin: string, remarks: Remarks): Promise<void> {
  const { clone, spec } = repository;
  const head = await commitOf(clone, "HEAD");
  if (!head) return;
  if (await contains(clone, head, pin)) return standOn(repository, pin);
  const message = `Merge what is new in pull request #${spec.pull}`;
  const merged = await clone([
    ...committingAs(spec.identity),
    "merge",
    "--quiet",
    "--no-edit",
    "--no-verify",
    "-m",
    message,
    pin,
  ]);
  if (merged.code === 0) return standOn(repository, pin);
  const conflicts = await filesInConflict(clone);
  await clone(["merge", "--abort"]);
  const what = `The pull request's new commits (up to ${pin.slice(0, 10)}) could not be merged${conflicts.length > 0 ? `: conflicts in ${someOf(conflicts)}` : ""}.`;
  remarks.agent.push(`${what} Your branch is without them.`);
  remarks.people.push(`${what} This is without them.`);
}

/** Asked from elsewhere it is about the commit that was asked about first, and the branch may have a newer one by then. */
async function standOn(repository: Repository, pin: string): Promise<void> {
  const { fork } = await recall(repository);
  if (!fork || !(await contains(repository.link, fork, pin))) await remember(repository, { fork: pin });
}

/** The clone's branch has all of this. */
export async function saw(repository: Repository, branch: string, commit: string): Promise<void> {
  const { seen } = await recall(repository);
  if (seen[branch] !== commit) await remember(repository, { seen: { ...seen, [branch]: commit } });
}

const isRewritten = async (repository: Repository, branch: string, theirs: string): Promise<boolean> => {
  const seen = (await recall(repository)).seen[branch];
  return seen !== undefined && seen !== theirs && !(await contains(repository.link, theirs, seen));
};

/** Merging would bring back what somebody has just taken away. */
export async function refuseRewritten(repository: Repository, branch: string, theirs: string): Promise<void> {
  if (!(await isRewritten(repository, branch, theirs))) return;
  const detail = `\`${branch}\` was force-pushed while I worked. I pushed nothing; what I did is committed in the sandbox.`;
  throw repository.failure("git.head-moved", detail);
}

/**
 * Asked again after a force-push, the branch is what people made of it: what we have not pushed yet goes onto that, what was pushed and
 * taken away stays away. False where nothing was force-pushed. Throws `git.diverged` where ours does not fit there.
 */
export async function followRewritten(repository: Repository, branch: string, theirs: string): Promise<boolean> {
  if (!(await isRewritten(repository, branch, theirs))) return false;
  const { clone, link, failure, spec } = repository;
  const seen = (await recall(repository)).seen[branch] ?? theirs;
  const head = await commitOf(clone, "HEAD");
  const isOurs = head !== null && (await countAhead(link, seen, head)) > 0;
  const by = [...committingAs(spec.identity), "-c", "rebase.autoStash=false"];
  const moved = await clone(
    isOurs
      ? [...by, "rebase", "--quiet", "--onto", theirs, seen, branch]
      : ["checkout", "--quiet", "-B", branch, theirs, "--"],
  );
  if (moved.code === 0) return true;
  if (isOurs) await clone(["rebase", "--abort"]);
  const detail = `\`${branch}\` was force-pushed, and what I have not pushed yet does not fit onto it.`;
  throw failure("git.diverged", detail);
}
