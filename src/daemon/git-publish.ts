/**
 * After a turn: what is left over is committed, what people pushed meanwhile is merged, and the one branch is pushed, never with force.
 */
import type { Changes } from "../wire/events.ts";
import { CheckoutError, type Committed, type Grant, type Published } from "./checkout.ts";
import { CHANGED_MEANWHILE, grownFrom } from "./git-agreed.ts";
import { filesInConflict, removeStaleLocks, returnToBranch, someOf, unfinishedBusiness } from "./git-branch.ts";
import { pushOutcome, relevantLine } from "./git-failure.ts";
import { whyHeld } from "./git-gate.ts";
import { coAuthorTrailer, committingAs, type Person } from "./git-names.ts";
import type { Prepared } from "./git-prepare.ts";
import { branchRef, commitOf, contains, countAhead, fetchFromRemote, lookAtRemote, remoteRef } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";
import { takeOver } from "./git-take-over.ts";
import { refuseRewritten, saw } from "./git-tip.ts";
import { unveil } from "./git-veil.ts";
import { publishVerified, type VerifiedOutcome } from "./git-verified.ts";
import { MAX_PATCH_CHARS } from "./limits.ts";

/** Somebody who pushes in just this moment is rare; three times in a row is a machine that we should not fight. */
const MAX_ATTEMPTS = 3;
/** As the wire has it. */
const MAX_SUBJECT_CHARS = 200;

const NOTHING: Published = { pushed: null, changes: null, patch: null };

export interface Publication {
  subject: string;
  coAuthors: Person[];
  only: string | undefined;
  grant?: Grant | undefined;
}

export async function publishCheckout(
  prepared: Prepared,
  { subject, coAuthors, only, grant }: Publication,
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
  const push: Push = { ...prepared, branch, subject, coAuthors, only, grant, isSent: false };
  const { commit, unsigned } = made.unpushed ? await pushMerged(push) : { commit: made.commit };
  const ofBase = base && base !== branch ? await commitOf(repository.link, remoteRef(base)) : before;
  const compared = await compare(repository.link, prepared.fork ?? ofBase, commit);
  return {
    pushed: { branch, commit },
    ...(push.isSent ? {} : { already: true }),
    ...compared,
    ...(prepared.fork ? { own: ownOf(prepared.fork, compared) } : {}),
    ...(unsigned === undefined ? {} : { unsigned }),
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
  const made = await whatIsThere(prepared, branch);
  // Now already, so that nobody is asked for leave, and no token is made, for what cannot be pushed anyway.
  if (made?.unpushed) await letPass(prepared, made.commit);
  return made;
}

/** Throws when something is in it that must not leave the machine, with the difference, so that a person can take it over by hand. */
async function letPass({ repository, base }: Prepared, commit: string): Promise<void> {
  const held = await whyHeld(repository, commit, base);
  if (held) throw await heldBack({ repository, base }, commit, held);
}

async function heldBack(
  { repository, base }: Pick<Prepared, "repository" | "base">,
  commit: string,
  { code, detail }: { code: string; detail: string },
): Promise<CheckoutError> {
  const from = base ? await commitOf(repository.link, remoteRef(base)) : null;
  const { message } = repository.failure(code, detail);
  return new CheckoutError(code, message, await compare(repository.link, from, commit));
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
  const committed = await clone([...committingAs(spec.identity), ...commit], { stdin: message });
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

interface Push extends Prepared, Publication {
  branch: string;
  /** The remote took something of ours. */
  isSent: boolean;
}

/** What is on the remote afterwards. */
interface OnRemote {
  commit: string;
  /** As in `Published`. */
  unsigned?: string;
}

async function pushMerged(push: Push): Promise<OnRemote> {
  const { repository, base, branch, grant } = push;
  const { link, clone, remote } = repository;
  let agreed = push.only;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { tips } = await lookAtRemote(repository, base ? [branch, base] : [branch]);
    const news = [...tips].filter(([name]) => name === branch || name === base).map(([name]) => name);
    if (news.length > 0) await fetchFromRemote(repository, news);
    const theirs = tips.has(branch) ? await commitOf(link, remoteRef(branch)) : null;
    if (theirs && (await takeOver(repository, branch, theirs))) return tookOver(push, theirs);
    if (theirs) await refuseRewritten(repository, branch, theirs);
    if (theirs) await mergeTheirs(push, theirs);
    const commit = await commitOf(clone, "HEAD");
    if (!commit) throw repository.failure("git.diverged", "HEAD has no commit any more.");
    if (commit === theirs) return { commit };
    if (agreed !== undefined) agreed = await grownFrom(agreed, { commit, theirs }, repository);
    await letPass(push, commit);
    const signed = await madeByTheHost(push, { commit, theirs });
    if (signed.is === "made") return sent(push, signed.commit);
    if (signed.is === "raced") continue;
    const target = `${commit}:${branchRef(branch)}`;
    const pushed = await repository.online(["push", "--porcelain", "--", remote.url, target], grant?.logins);
    const outcome = pushOutcome(pushed);
    if (outcome.is === "refused") throw await refusal(push, commit, outcome);
    if (outcome.is === "pushed") {
      await noteTip(repository, branch, commit);
      return { ...(await sent(push, commit)), ...(signed.is === "cannot" ? { unsigned: signed.why } : {}) };
    }
  }
  throw repository.failure(
    "git.diverged",
    `Others pushed to ${branch} at the same time, ${MAX_ATTEMPTS} times in a row.`,
  );
}

async function sent(push: Push, commit: string): Promise<OnRemote> {
  push.isSent = true;
  await saw(push.repository, push.branch, commit);
  return { commit };
}

/** Made of ours by the host, if it was asked for that; else somebody has come to the same, and theirs is not ours. */
async function tookOver(push: Push, theirs: string): Promise<OnRemote> {
  push.isSent ||= push.grant?.verified !== undefined;
  await saw(push.repository, push.branch, theirs);
  return { commit: theirs };
}

/** Of a fork's commits it would make one of the bot's. */
async function madeByTheHost(push: Push, tips: { commit: string; theirs: string | null }): Promise<VerifiedOutcome> {
  if (push.fork && push.grant?.verified) return { is: "cannot", why: "a contributor's own commits go along" };
  return publishVerified(push, tips);
}

/** What a rule of ours would have held back is told in the same way when the host's own rule did. */
async function refusal(push: Push, commit: string, refused: { code: string; detail: string }): Promise<CheckoutError> {
  if (refused.code === "git.workflows") return heldBack(push, commit, refused);
  return push.repository.failure(refused.code, refused.detail);
}

/** A merge, never a rebase: what people have fetched already stays what it is. */
async function mergeTheirs({ repository, branch, coAuthors }: Push, theirs: string): Promise<void> {
  const { clone, spec } = repository;
  const head = await commitOf(clone, "HEAD");
  if (!head || (await contains(clone, head, theirs))) return;
  const message = commitMessage(`Merge branch '${branch}' of the remote`, coAuthors);
  const merge = ["merge", "--quiet", "--no-edit", "--no-verify", "-m", message, theirs];
  const merged = await clone([...committingAs(spec.identity), ...merge]);
  if (merged.code === 0) return;
  const conflicts = await filesInConflict(clone);
  await clone(["merge", "--abort"]);
  const detail =
    conflicts.length > 0 ? `Conflicts in ${someOf(conflicts)}.` : relevantLine(merged.stderr || merged.stdout);
  throw repository.failure("git.diverged", detail);
}

/** So that neither side takes its own push for somebody else's. */
async function noteTip({ link, clone }: Repository, branch: string, commit: string): Promise<void> {
  await link(["update-ref", remoteRef(branch), commit]);
  await clone(["update-ref", remoteRef(branch), commit]);
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
