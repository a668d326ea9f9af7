/** A repository, its people and the content of its files. */
import { z } from "zod";
import { hasRole, roleOf } from "../access.ts";
import { pushed } from "../actions/pushes.ts";
import { branchSha, commitFiles, git, readRef, resolveCommit } from "../git.ts";
import { entriesAt, type TreeEntry } from "../git-log.ts";
import { findAccount, type Hub } from "../hub.ts";
import { ApiProblem, notFound } from "../problem.ts";
import { htmlUrl, noreplyEmail, renderRepository, renderUser, repositoryUrl } from "../render/shared.ts";
import { actingBy, bodyOf, created, ok, paged, type RepoCall, type Route, repoRoute } from "../router.ts";
import type { Account, Repository, Role } from "../state.ts";

const metadata = { needs: ["metadata:read" as const] };
const read = { needs: ["contents:read" as const] };

export const repositoryRoutes: Route[] = [
  repoRoute("GET /repos/{owner}/{repo}", metadata, ({ hub, repository, actor }) => {
    const { parent } = repository;
    const family = parent ? { parent: renderRepository(hub, parent), source: renderRepository(hub, parent) } : {};
    const account = actor.is === "person" ? actor.account : null;
    const permissions = account ? { permissions: flags(roleOf(account, repository)) } : {};
    return ok({ ...renderFullRepository(hub, repository), ...permissions, ...family });
  }),
  repoRoute("GET /repos/{owner}/{repo}/forks", metadata, (call) =>
    paged(
      call,
      call.hub.repositories
        .filter((one) => one.parent === call.repository)
        .map((one) => renderRepository(call.hub, one)),
    ),
  ),
  repoRoute("GET /repos/{owner}/{repo}/collaborators/{username}/permission", metadata, permissionOf),
  repoRoute("GET /repos/{owner}/{repo}/collaborators/{username}", metadata, (call) => {
    const account = findAccount(call.hub, call.params.username ?? "");
    const isOne =
      account &&
      (call.repository.collaborators.has(account.login.toLowerCase()) || hasRole(account, call.repository, "triage"));
    if (!isOne) throw notFound();
    return { status: 204 };
  }),
  repoRoute("GET /repos/{owner}/{repo}/contents/{path}", read, readContents),
  repoRoute("PUT /repos/{owner}/{repo}/contents/{path}", { needs: ["contents:write"], role: "write" }, writeContents),
];

/** What asking for the repository itself gives beyond what lists and payloads carry. */
export function renderFullRepository(hub: Hub, repository: Repository) {
  const whole = renderRepository(hub, repository);
  return { ...whole, network_count: whole.forks_count, subscribers_count: 1 };
}

/** The old word for a role: `maintain` passes for write here, `triage` for read. `role_name` has the true one. */
const LEGACY: Record<Role, string> = {
  admin: "admin",
  maintain: "write",
  write: "write",
  triage: "read",
  read: "read",
};

function permissionOf(call: RepoCall) {
  const { hub, repository, actor } = call;
  if (actor.is === "person" && !hasRole(actor.account, repository, "write")) {
    throw new ApiProblem(403, "Must have push access to view collaborator permission.");
  }
  const account: Account | undefined = findAccount(hub, call.params.username ?? "");
  if (account?.type !== "User") throw new ApiProblem(404, `${call.params.username} is not a user`);
  const role = roleOf(account, repository);
  const name = role ?? "none";
  return ok({
    permission: role ? LEGACY[role] : "none",
    role_name: name,
    user: { ...renderUser(hub, account), permissions: flags(role), role_name: name },
  });
}

function flags(role: Role | null) {
  const order: (Role | null)[] = [null, "read", "triage", "write", "maintain", "admin"];
  const has = (least: Role) => order.indexOf(role) >= order.indexOf(least);
  return {
    admin: has("admin"),
    maintain: has("maintain"),
    push: has("write"),
    triage: has("triage"),
    pull: has("read"),
  };
}

async function readContents(call: RepoCall) {
  const { repository } = call;
  const path = (call.params.path ?? "").replace(/^\/+|\/+$/g, "");
  const commit = await resolveCommit(repository.directory, call.query.get("ref") ?? repository.defaultBranch);
  const entries = commit && (await entriesAt(repository.directory, commit, path));
  if (!commit || !entries) throw notFound();
  const [only] = entries;
  if (entries.length > 1 || !only || only.path !== path || only.type === "tree") {
    return ok(entries.map((entry) => renderEntry(call, entry, commit)));
  }
  const text = await git(repository.directory, ["cat-file", "blob", only.sha]);
  if (call.accept.includes("raw"))
    return ok(text, { "content-type": "application/vnd.github.raw+json; charset=utf-8" });
  return ok({ ...renderEntry(call, only, commit), encoding: "base64", content: Buffer.from(text).toString("base64") });
}

function renderEntry({ hub, repository }: RepoCall, entry: TreeEntry, commit: string) {
  const url = `${repositoryUrl(hub, repository)}/contents/${entry.path}?ref=${commit}`;
  const page = `${htmlUrl(hub, repository)}/blob/${commit}/${entry.path}`;
  return {
    type: entry.type === "blob" ? "file" : entry.type === "tree" ? "dir" : "submodule",
    name: entry.path.split("/").at(-1),
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url,
    html_url: page,
    git_url: `${repositoryUrl(hub, repository)}/git/blobs/${entry.sha}`,
    download_url: `${htmlUrl(hub, repository)}/raw/${commit}/${entry.path}`,
    _links: { self: url, html: page, git: `${repositoryUrl(hub, repository)}/git/blobs/${entry.sha}` },
  };
}

const FileWish = z.object({
  message: z.string(),
  content: z.string(),
  branch: z.string().optional(),
  sha: z.string().optional(),
});

async function writeContents(call: RepoCall) {
  const { hub, repository } = call;
  const wish = bodyOf(call, FileWish);
  const by = actingBy(call);
  const path = call.params.path ?? "";
  const branch = wish.branch ?? repository.defaultBranch;
  const before = await branchSha(repository.directory, branch);
  if (!before) throw new ApiProblem(404, `Branch ${branch} not found`);
  const old = await readRef(repository.directory, `${before}:${path}`);
  // The id of the old blob is the lock: without it, or with a stale one, GitHub refuses to overwrite.
  if (old && wish.sha === undefined) throw new ApiProblem(422, 'Invalid request.\n\n"sha" wasn\'t supplied.');
  if (wish.sha !== undefined && wish.sha !== old) throw new ApiProblem(409, `${path} does not match ${wish.sha}`);
  if (repository.protectedBranches.has(branch))
    throw new ApiProblem(409, "Could not update file: Changes must be made through a pull request.");
  const after = await commitFiles(repository.directory, {
    branch,
    from: before,
    message: wish.message,
    author: { name: by.account.login, email: noreplyEmail(by.account) },
    atMs: hub.clock.now(),
    files: { [path]: Buffer.from(wish.content, "base64").toString("utf8") },
  });
  await pushed(hub, repository, [{ ref: `refs/heads/${branch}`, before, after }], by);
  const [entry] = (await entriesAt(repository.directory, after, path)) ?? [];
  const body = {
    content: entry ? renderEntry(call, entry, after) : null,
    commit: { sha: after, message: wish.message },
  };
  return old ? ok(body) : created(body);
}
