/**
 * After a turn: what is left over is committed, what people pushed meanwhile is merged, and the one branch is pushed, never with force.
 */
import type { Changes } from "../wire/events.ts";
import type { CheckoutSpec, Committed, Published } from "./checkout.ts";
import { filesInConflict, removeStaleLocks, returnToBranch, someOf, unfinishedBusiness } from "./git-branch.ts";
import { pushOutcome, relevantLine } from "./git-failure.ts";
import { coAuthorTrailer, type Person, plainPerson } from "./git-names.ts";
import type { Prepared } from "./git-prepare.ts";
import { branchRef, commitOf, contains, countAhead, fetchFromRemote, lookAtRemote, remoteRef } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";
import { refuseRewritten, saw } from "./git-tip.ts";
import { unveil } from "./git-veil.ts";
import { MAX_PATCH_CHARS } from "./limits.ts";

/** Somebody who pushes in just this moment is rare; three times in a row is a machine that we should not fight. */
const MAX_ATTEMPTS = 3;
/** As the wire has it. */
const MAX_SUBJECT_CHARS = 200;

/** A process of the agent's that is still at work must not slip something in after somebody has agreed to what was there. */
const CHANGED_MEANWHILE = "The branch changed while it waited for leave to be pushed.";

const NOTHING: Published = { pushed: null, changes: null, patch: null };

export interface Publication {
  subject: string;
  coAuthors: Person[];
  only: string | undefined;
}

export async function publishCheckout(
  prepared: Prepared,
  { subject, coAuthors, only }: Publication,
): Promise<Published> {
  const { repository, base } = prepared;
  await removeStaleLocks(repository);
  const { branch } = repository.spec;
  if (branch === undefined) return lookOnly(repository, base);
  await settle(repository, branch);
  if (only === undefined) await commitLeftovers(repository, subject, coAuthors);
  await bare(repository, branch);
  // Before the push: when the branch is the base itself, afterwards there is nothing to compare with any more.
  const before = base ? await commitOf(repository.link, remoteRef(base)) : null;
  const made = await whatIsThere(prepared, branch);
  if (!made) return NOTHING;
  if (only !== undefined && made.commit !== only) throw repository.failure("git.diverged", CHANGED_MEANWHILE);
  const push: Push = { ...prepared, branch, coAuthors, only, isSent: false };
  const commit = made.unpushed ? await pushMerged(push) : made.commit;
  const ofBase = base && base !== branch ? await commitOf(repository.link, remoteRef(base)) : before;
  const compared = await compare(repository.link, prepared.fork ?? ofBase, commit);
  return {
    pushed: { branch, commit },
    ...(push.isSent ? {} : { already: true }),
    ...compared,
    ...(prepared.fork ? { own: ownOf(prepared.fork, compared) } : {}),
  };
}

/** Room in a comment on GitHub beside the answer itself. */
const MAX_OWN_CHARS = 30_000;

/** What a stranger can put onto their own commit; a patch that leaves something out would not be that. */
function ownOf(from: string, { patch }: Pick<Published, "patch">): NonNullable<Published["own"]> {
  const whole = patch && !patch.cut && patch.text.length <= MAX_OWN_CHARS && !/^Binary files /m.test(patch.text);
  return { from, patch: whole ? patch.text : null };
}

/** Nothing leaves under the veil. */
async function bare(repository: Repository, branch: string): Promise<void> {
  if (!(await unveil(repository, branch)))
    throw repository.failure("git.diverged", "Something is in the way in the clone.");
}

/** The same, up to where something would leave the machine. */
export async function commitCheckout(
  prepared: Prepared,
  subject: string,
  coAuthors: Person[],
): Promise<Committed | null> {
  const { repository } = prepared;
  const { branch } = repository.spec;
  if (branch === undefined) return null;
  await removeStaleLocks(repository);
  await settle(repository, branch);
  await commitLeftovers(repository, subject, coAuthors);
  await bare(repository, branch);
  return whatIsThere(prepared, branch);
}

/** Null when the base has all of it. */
async function whatIsThere({ repository, base, fork }: Prepared, branch: string): Promise<Committed | null> {
  const { clone, link } = repository;
  const before = base ? await commitOf(link, remoteRef(base)) : null;
  const commit = await commitOf(clone, "HEAD");
  if (!commit || (await countAhead(link, before, commit)) === 0) return null;
  // A fork's commits alone are nothing of ours to show; nor is what was taken in of them since.
  if (fork && (await contains(link, fork, commit))) return null;
  return { commit, unpushed: commit !== (await commitOf(link, remoteRef(branch))) };
}

async function settle(repository: Repository, branch: string): Promise<void> {
  const unfinished = await unfinishedBusiness(repository);
  if (unfinished) throw repository.failure("git.diverged", unfinished);
  const returned = await returnToBranch(repository, branch);
  if (returned.is === "elsewhere") throw repository.failure("git.diverged", returned.detail);
}

async function commitLeftovers(repository: Repository, subject: string, coAuthors: Person[]): Promise<void> {
  const { clone, must, spec } = repository;
  if ((await must(clone(["status", "--porcelain"]))) === "") return;
  await must(clone(["add", "--all"]), "git.push-refused");
  const message = commitMessage(subject, coAuthors);
  const commit = ["commit", "--quiet", "--no-verify", "--cleanup=whitespace", "--file=-"];
  const committed = await clone([...identity(spec), ...commit], { stdin: message });
  // "Nothing to commit" is no failure: line ends that git normalises make a tree look dirty without a difference.
  if (committed.code !== 0 && (await clone(["diff", "--cached", "--quiet"])).code !== 0) {
    throw repository.failure("git.push-refused", relevantLine(committed.stderr));
  }
}

function commitMessage(subject: string, coAuthors: Person[]): string {
  const line = subject.replace(/\s+/g, " ").trim().slice(0, MAX_SUBJECT_CHARS) || "Work of a turn";
  const trailers = [...new Set(coAuthors.map(coAuthorTrailer))];
  return trailers.length > 0 ? `${line}\n\n${trailers.join("\n")}\n` : `${line}\n`;
}

function identity(spec: CheckoutSpec): string[] {
  const { name, email } = plainPerson(spec.identity);
  return ["-c", `user.name=${name}`, "-c", `user.email=${email}`];
}

interface Push extends Prepared {
  branch: string;
  coAuthors: Person[];
  /** As in `Publication`. */
  only: string | undefined;
  /** The remote took something of ours. */
  isSent: boolean;
}

/** The commit that is on the remote afterwards. */
async function pushMerged(push: Push): Promise<string> {
  const { repository, base, branch } = push;
  const { link, clone, remote } = repository;
  let agreed = push.only;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { tips } = await lookAtRemote(repository, base ? [branch, base] : [branch]);
    const news = [...tips].filter(([name]) => name === branch || name === base).map(([name]) => name);
    if (news.length > 0) await fetchFromRemote(repository, news);
    const theirs = tips.has(branch) ? await commitOf(link, remoteRef(branch)) : null;
    if (theirs) await refuseRewritten(repository, branch, theirs);
    if (theirs) await mergeTheirs(push, theirs);
    const commit = await commitOf(clone, "HEAD");
    if (!commit) throw repository.failure("git.diverged", "HEAD has no commit any more.");
    if (commit === theirs) return commit;
    if (agreed !== undefined) agreed = await grownFrom(agreed, { commit, theirs }, repository);
    const pushed = await repository.online(["push", "--porcelain", "--", remote.url, `${commit}:${branchRef(branch)}`]);
    const outcome = pushOutcome(pushed);
    if (outcome.is === "refused") throw repository.failure(outcome.code, outcome.detail);
    if (outcome.is === "pushed") {
      push.isSent = true;
      await noteTip(repository, branch, commit);
      return commit;
    }
  }
  throw repository.failure(
    "git.diverged",
    `Others pushed to ${branch} at the same time, ${MAX_ATTEMPTS} times in a row.`,
  );
}

/** What was agreed to, with what people pushed meanwhile and nothing else. Asked of the link: the clone may call commits by other names. */
async function grownFrom(
  agreed: string,
  { commit, theirs }: { commit: string; theirs: string | null },
  { link, failure }: Repository,
): Promise<string> {
  if (commit === agreed) return commit;
  const [first, second] = [await commitOf(link, `${commit}^1`), await commitOf(link, `${commit}^2`)];
  if (theirs === null || first !== agreed || second !== theirs) throw failure("git.diverged", CHANGED_MEANWHILE);
  return commit;
}

/** A merge, never a rebase: what people have fetched already stays what it is. */
async function mergeTheirs({ repository, branch, coAuthors }: Push, theirs: string): Promise<void> {
  const { clone, spec } = repository;
  const head = await commitOf(clone, "HEAD");
  if (!head || (await contains(clone, head, theirs))) return;
  const message = commitMessage(`Merge branch '${branch}' of the remote`, coAuthors);
  const merge = ["merge", "--quiet", "--no-edit", "--no-verify", "-m", message, theirs];
  const merged = await clone([...identity(spec), ...merge]);
  if (merged.code === 0) return;
  const conflicts = await filesInConflict(clone);
  await clone(["merge", "--abort"]);
  const detail =
    conflicts.length > 0 ? `Conflicts in ${someOf(conflicts)}.` : relevantLine(merged.stderr || merged.stdout);
  throw repository.failure("git.diverged", detail);
}

/** So that neither side takes its own push for somebody else's. */
async function noteTip(repository: Repository, branch: string, commit: string): Promise<void> {
  const { link, clone } = repository;
  await link(["update-ref", remoteRef(branch), commit]);
  await clone(["update-ref", remoteRef(branch), commit]);
  await saw(repository, branch, commit);
}

/** Without a branch of ours nothing is committed; new files are only announced to the index, so that the comparison has them. */
async function lookOnly({ clone, link }: Repository, base: string | null): Promise<Published> {
  const from = base ? await commitOf(link, remoteRef(base)) : null;
  await clone(["add", "--all", "--intent-to-add"]);
  return { pushed: null, ...(await compare(clone, from, null)) };
}

/** From where the two parted to `tip`, or to the work tree as it is. */
async function compare(
  run: Repository["link"],
  base: string | null,
  tip: string | null,
): Promise<Pick<Published, "changes" | "patch">> {
  const parted = base ? (await run(["merge-base", base, tip ?? "HEAD"])).stdout.trim() : "";
  const from = parted || (await run(["hash-object", "-t", "tree", "--stdin"])).stdout.trim();
  const diff = ["diff", "--no-ext-diff", "--no-textconv", "--no-color"];
  const range = tip ? [from, tip, "--"] : [from, "--"];
  const changes = sum((await run([...diff, "--numstat", ...range])).stdout);
  if (changes.files === 0) return { changes: null, patch: null };
  const { stdout, cut } = await run([...diff, ...range], { maxChars: MAX_PATCH_CHARS });
  return { changes, patch: { text: stdout, cut } };
}

/** `--numstat`: insertions, deletions and path, with dashes for binary files. */
function sum(numstat: string): Changes {
  const rows = numstat
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
  const total = (column: number) => rows.reduce((all, row) => all + (Number(row[column]) || 0), 0);
  return { files: rows.length, insertions: total(0), deletions: total(1) };
}
