/** Branches, refs, commits and comparisons, read from the repository on disk. */
import { z } from "zod";
import { pushed } from "../actions/pushes.ts";
import { branchSha, git, isAncestor, mergeBase, readRef, refs, resolveCommit, ZERO_SHA } from "../git.ts";
import { type Commit, changedFiles, type FileChange, log, oneCommit } from "../git-log.ts";
import { isSigned } from "../graphql-commit.ts";
import { findAccount, fullName, type Hub } from "../hub.ts";
import { ApiProblem, notFound, unprocessable } from "../problem.ts";
import { htmlUrl, nodeId, renderUser, repositoryUrl } from "../render/shared.ts";
import { actingBy, bodyOf, created, noContent, ok, paged, type RepoCall, type Route, repoRoute } from "../router.ts";
import type { Repository } from "../state.ts";

const read = { needs: ["contents:read" as const] };
const write = { needs: ["contents:write" as const], role: "write" as const };

export const gitDataRoutes: Route[] = [
  repoRoute("GET /repos/{owner}/{repo}/branches", read, async (call) => {
    const all = await refs(call.repository.directory, "refs/heads/");
    const names = [...all].map(([ref, sha]) => ({ name: ref.slice("refs/heads/".length), sha }));
    return paged(
      call,
      names.map(({ name, sha }) => renderBranch(call, name, { sha, url: commitUrl(call, sha) })),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/branches/{branch}", read, async (call) => {
    const name = call.params.branch ?? "";
    const sha = await branchSha(call.repository.directory, name);
    if (!sha) throw new ApiProblem(404, "Branch not found");
    return ok(renderBranch(call, name, await commitAt(call, sha)));
  }),
  repoRoute("GET /repos/{owner}/{repo}/rules/branches/{branch}", { needs: ["metadata:read"] }, (call) => {
    const contexts = requiredOn(call.repository, call.params.branch ?? "", "ruleset");
    const required_status_checks = contexts.map((context) => ({ context }));
    const parameters = { required_status_checks, strict_required_status_checks_policy: false };
    const rule = { type: "required_status_checks", parameters, ruleset_source_type: "Repository", ruleset_id: 1 };
    return paged(call, contexts.length > 0 ? [{ ...rule, ruleset_source: fullName(call.repository) }] : []);
  }),
  repoRoute("GET /repos/{owner}/{repo}/git/ref/{ref}", read, async (call) => {
    const ref = `refs/${call.params.ref}`;
    const sha = await readRef(call.repository.directory, ref);
    if (!sha) throw notFound();
    return ok(renderRef(call, ref, sha));
  }),
  repoRoute("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", read, async (call) => {
    const all = await refs(call.repository.directory);
    const matching = [...all].filter(([ref]) => ref.startsWith(`refs/${call.params.ref}`));
    return paged(
      call,
      matching.map(([ref, sha]) => renderRef(call, ref, sha)),
    );
  }),
  repoRoute("POST /repos/{owner}/{repo}/git/refs", write, createRef),
  repoRoute("PATCH /repos/{owner}/{repo}/git/refs/{ref}", write, updateRef),
  repoRoute("DELETE /repos/{owner}/{repo}/git/refs/{ref}", write, deleteRef),
  repoRoute("GET /repos/{owner}/{repo}/commits", read, async (call) => {
    const start = await resolveCommit(
      call.repository.directory,
      call.query.get("sha") ?? call.repository.defaultBranch,
    );
    if (!start) throw notFound();
    const commits = await log(call.repository.directory, [start]);
    return paged(
      call,
      commits.map((one) => renderCommit(call.hub, call.repository, one)),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/commits/{ref}", read, async (call) => {
    const sha = await resolveCommit(call.repository.directory, call.params.ref ?? "");
    if (!sha) throw unprocessable(`No commit found for SHA: ${call.params.ref}`);
    const commit = await commitAt(call, sha);
    const [parent] = commit.parents;
    const files = parent ? await changedFiles(call.repository.directory, parent.sha, sha) : [];
    return ok({ ...commit, stats: total(files), files: files.map((file) => renderFile(call, sha, file)) });
  }),
  repoRoute("GET /repos/{owner}/{repo}/compare/{basehead}", read, compare),
];

const requiredOn = ({ requiredChecks }: Repository, branch: string, by: "protection" | "ruleset"): string[] =>
  requiredChecks.filter((one) => one.branch === branch && one.by === by).map(({ context }) => context);

const commitUrl = ({ hub, repository }: RepoCall, sha: string) => `${repositoryUrl(hub, repository)}/commits/${sha}`;

async function commitAt({ hub, repository }: RepoCall, sha: string) {
  const commit = await oneCommit(repository.directory, sha);
  if (!commit) throw notFound();
  return renderCommit(hub, repository, commit);
}

function renderBranch({ hub, repository }: RepoCall, name: string, commit: unknown) {
  const contexts = requiredOn(repository, name, "protection");
  const isProtected = repository.protectedBranches.has(name) || contexts.length > 0;
  const url = `${repositoryUrl(hub, repository)}/branches/${name}`;
  return {
    name,
    commit,
    _links: { self: url, html: `${htmlUrl(hub, repository)}/tree/${name}` },
    protected: isProtected,
    protection: {
      enabled: isProtected,
      required_status_checks: {
        enforcement_level: contexts.length > 0 ? "non_admins" : "off",
        contexts,
        checks: contexts.map((context) => ({ context, app_id: null })),
      },
    },
    protection_url: `${url}/protection`,
  };
}

function renderRef({ hub, repository }: RepoCall, ref: string, sha: string) {
  const url = repositoryUrl(hub, repository);
  const object = { type: "commit", sha, url: `${url}/git/commits/${sha}` };
  return { ref, node_id: nodeId("REF", repository.id), url: `${url}/git/${ref}`, object };
}

async function createRef(call: RepoCall) {
  const { ref, sha } = bodyOf(call, z.object({ ref: z.string(), sha: z.string() }));
  if (!/^refs\/(heads|tags)\/./.test(ref))
    throw unprocessable("Reference name must start with 'refs/heads/' or 'refs/tags/'.");
  if (!(await resolveCommit(call.repository.directory, sha))) throw unprocessable("Object does not exist");
  if (await readRef(call.repository.directory, ref)) throw unprocessable("Reference already exists");
  await moveRef(call, ref, ZERO_SHA, sha);
  return created(renderRef(call, ref, sha));
}

async function updateRef(call: RepoCall) {
  const { sha, force = false } = bodyOf(call, z.object({ sha: z.string(), force: z.boolean().optional() }));
  const { ref, before } = await existingRef(call);
  if (!(await resolveCommit(call.repository.directory, sha))) throw unprocessable("Object does not exist");
  const isForward = await isAncestor(call.repository.directory, before, sha);
  if (!isForward && !force) throw unprocessable("Update is not a fast forward");
  await moveRef(call, ref, before, sha);
  return ok(renderRef(call, ref, sha));
}

async function deleteRef(call: RepoCall) {
  const { ref, before } = await existingRef(call);
  await moveRef(call, ref, before, ZERO_SHA);
  return noContent();
}

async function existingRef(call: RepoCall): Promise<{ ref: string; before: string }> {
  const ref = `refs/${call.params.ref}`;
  const before = await readRef(call.repository.directory, ref);
  if (!before) throw unprocessable("Reference does not exist");
  return { ref, before };
}

async function moveRef(call: RepoCall, ref: string, before: string, after: string): Promise<void> {
  const { hub, repository } = call;
  if (repository.protectedBranches.has(ref.replace("refs/heads/", ""))) {
    throw unprocessable("Changes must be made through a pull request.");
  }
  const args = after === ZERO_SHA ? ["-d", ref, before] : [ref, after, before];
  await git(repository.directory, ["update-ref", ...args]);
  await pushed(hub, repository, [{ ref, before, after }], actingBy(call));
}

/** `base...head`; either side may be `owner:branch` of a fork, whose commits are fetched for the purpose. */
async function compare(call: RepoCall) {
  const { hub, repository } = call;
  const [baseName = "", headName = ""] = (call.params.basehead ?? "").split("...");
  const [base, head] = await Promise.all([endOf(call, baseName), endOf(call, headName)]);
  if (!base || !head) throw notFound();
  const common = await mergeBase(repository.directory, base, head);
  if (!common) throw new ApiProblem(404, `No common ancestor between ${baseName} and ${headName}.`);
  const ahead = (await log(repository.directory, [`${base}..${head}`])).reverse();
  const behind = Number(await git(repository.directory, ["rev-list", "--count", `${head}..${base}`]));
  const files = await changedFiles(repository.directory, base, head);
  return ok({
    url: `${repositoryUrl(hub, repository)}/compare/${baseName}...${headName}`,
    html_url: `${htmlUrl(hub, repository)}/compare/${baseName}...${headName}`,
    base_commit: await commitAt(call, base),
    merge_base_commit: await commitAt(call, common),
    status: ahead.length === 0 ? (behind === 0 ? "identical" : "behind") : behind === 0 ? "ahead" : "diverged",
    ahead_by: ahead.length,
    behind_by: behind,
    total_commits: ahead.length,
    commits: ahead.map((one) => renderCommit(hub, repository, one)),
    files: files.map((file) => renderFile(call, head, file)),
  });
}

async function endOf({ hub, repository }: RepoCall, name: string): Promise<string | null> {
  const colon = name.indexOf(":");
  if (colon < 0) return resolveCommit(repository.directory, name);
  const owner = findAccount(hub, name.slice(0, colon));
  const other = hub.repositories.find(
    (one) => one.owner === owner && (one === repository || one.parent === repository),
  );
  const sha = other && (await resolveCommit(other.directory, name.slice(colon + 1)));
  if (other && sha && other !== repository)
    await git(repository.directory, ["fetch", "--quiet", "--no-tags", other.directory, sha]);
  return sha ?? null;
}

const total = (files: FileChange[]) => {
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return { additions, deletions, total: additions + deletions };
};

export function renderFile({ hub, repository }: RepoCall, sha: string, file: FileChange) {
  const page = htmlUrl(hub, repository);
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${page}/blob/${sha}/${file.path}`,
    raw_url: `${page}/raw/${sha}/${file.path}`,
    contents_url: `${repositoryUrl(hub, repository)}/contents/${file.path}?ref=${sha}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  };
}

const PGP = "-----BEGIN PGP SIGNATURE-----\n\nGitHub's\n-----END PGP SIGNATURE-----\n";

export function renderCommit(hub: Hub, repository: Repository, commit: Commit) {
  const url = `${repositoryUrl(hub, repository)}/commits/${commit.sha}`;
  const account = (email: string) => [...hub.accounts.values()].find((one) => email.startsWith(`${one.id}+`));
  const author = account(commit.author.email);
  const committer = account(commit.committer.email);
  return {
    sha: commit.sha,
    node_id: nodeId("C", repository.id),
    url,
    html_url: `${htmlUrl(hub, repository)}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: `${repositoryUrl(hub, repository)}/git/commits/${commit.sha}`,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${repositoryUrl(hub, repository)}/git/trees/${commit.tree}` },
      comment_count: 0,
      verification: isSigned(repository, commit.sha)
        ? {
            verified: true,
            reason: "valid",
            signature: PGP,
            payload: `tree ${commit.tree}\n`,
            verified_at: commit.committer.date,
          }
        : { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
    },
    author: author ? renderUser(hub, author) : null,
    committer: committer ? renderUser(hub, committer) : null,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${repositoryUrl(hub, repository)}/commits/${sha}`,
      html_url: `${htmlUrl(hub, repository)}/commit/${sha}`,
    })),
  };
}
