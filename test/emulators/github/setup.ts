/** Makes accounts and repositories, as if they had always been there: no webhook tells of it. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { branchSha, cloneBare, commitFiles, initBare } from "./git.ts";
import { findAccount, findRepository, fullName, type Hub, timestamp } from "./hub.ts";
import { noreplyEmail } from "./render/shared.ts";
import type { Account, Issue, Repository, Role } from "./state.ts";

export function createAccount(hub: Hub, login: string, type: "User" | "Organization"): Account {
  if (findAccount(hub, login)) throw new Error(`${login} exists already`);
  const account: Account = {
    id: hub.nextId("account"),
    login,
    type,
    name: login,
    createdAt: timestamp(hub),
    members: new Map(),
  };
  hub.accounts.set(login.toLowerCase(), account);
  return account;
}

/** The account of that name, made now when there is none. */
export function accountNamed(hub: Hub, login: string, type: "User" | "Organization"): Account {
  return findAccount(hub, login) ?? createAccount(hub, login, type);
}

/** Whoever wants the old login may have it from now on. */
export function renameAccount(hub: Hub, account: Account, login: string): void {
  if (findAccount(hub, login)) throw new Error(`${login} exists already`);
  const [from, to] = [account.login.toLowerCase(), login.toLowerCase()];
  account.login = login;
  const named = [...hub.repositories.map(({ collaborators }) => collaborators), hub.accounts];
  const members = [...hub.accounts.values()].map((one) => one.members);
  for (const book of [...named, ...members] as Map<string, unknown>[]) {
    if (!book.has(from)) continue;
    book.set(to, book.get(from));
    book.delete(from);
  }
}

export interface RepositoryDraft {
  isPrivate?: boolean;
  description?: string;
  defaultBranch?: string;
  /** The first commit. Without it, a README. */
  files?: Record<string, string>;
  collaborators?: Record<string, Role>;
}

/** An unknown owner becomes an organization, unknown collaborators become people. */
export async function createRepository(hub: Hub, name: string, draft: RepositoryDraft): Promise<Repository> {
  const repository = addRepository(hub, name, draft);
  await initBare(repository.directory, repository.defaultBranch, join(hub.directory, "hooks"));
  await commitFiles(repository.directory, {
    branch: repository.defaultBranch,
    from: null,
    message: "Initial commit",
    author: { name: repository.owner.login, email: noreplyEmail(repository.owner) },
    atMs: hub.clock.now(),
    files: draft.files ?? { "README.md": `# ${repository.name}\n` },
  });
  return repository;
}

export async function forkRepository(hub: Hub, parent: Repository, owner: Account): Promise<Repository> {
  const { isPrivate, defaultBranch } = parent;
  const fork = addRepository(hub, `${owner.login}/${parent.name}`, { isPrivate, defaultBranch });
  fork.parent = parent;
  await cloneBare(parent.directory, fork.directory, join(hub.directory, "hooks"));
  return fork;
}

function addRepository(hub: Hub, name: string, draft: RepositoryDraft): Repository {
  const [ownerLogin, repositoryName] = name.split("/");
  if (!ownerLogin || !repositoryName || findRepository(hub, name))
    throw new Error(`${name} is no free repository name`);
  const id = hub.nextId("repository");
  const collaborators = Object.entries(draft.collaborators ?? {}).map(([login, role]): [string, Role] => {
    accountNamed(hub, login, "User");
    return [login.toLowerCase(), role];
  });
  const repository: Repository = {
    id,
    name: repositoryName,
    owner: accountNamed(hub, ownerLogin, "Organization"),
    isPrivate: draft.isPrivate ?? false,
    description: draft.description ?? null,
    defaultBranch: draft.defaultBranch ?? "main",
    parent: null,
    collaborators: new Map(collaborators),
    protectedBranches: new Set(),
    refusesDrafts: false,
    requiredChecks: [],
    directory: join(hub.directory, `${id}.git`),
    labels: [],
    issues: new Map(),
    checkSuites: [],
    checkRuns: [],
    statuses: [],
    formerNames: [],
    createdAt: timestamp(hub),
    pushedAt: timestamp(hub),
  };
  hub.repositories.push(repository);
  return repository;
}

export function renameRepository(repository: Repository, name: string): void {
  repository.formerNames.push(fullName(repository).toLowerCase());
  repository.name = name;
}

export function repositoryNamed(hub: Hub, name: string): Repository {
  const found = findRepository(hub, name);
  if (!found) throw new Error(`the emulated GitHub has no repository ${name}`);
  return found;
}

export function issueAt(repository: Repository, number: number): Issue {
  const issue = repository.issues.get(number);
  if (!issue) throw new Error(`${fullName(repository)} has no issue or pull request #${number}`);
  return issue;
}

export function createPersonalToken(hub: Hub, account: Account, scopes: string[]): string {
  const secret = `ghp_${randomBytes(27).toString("base64url").replaceAll(/[-_]/g, "0")}`;
  hub.tokens.set(secret, { is: "personal", account, scopes });
  return secret;
}

/** One folder of hooks for all repositories. */
export async function writeHooks(directory: string): Promise<void> {
  const folder = join(directory, "hooks");
  const hook = join(folder, "proc-receive");
  const script = new URL("./push-hook.ts", import.meta.url).pathname;
  await mkdir(folder);
  await writeFile(hook, `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${script}"\n`);
  await chmod(hook, 0o755);
}

export async function tipOf(repository: Repository, branch: string): Promise<string> {
  const sha = await branchSha(repository.directory, branch);
  if (!sha) throw new Error(`${fullName(repository)} has no branch ${branch}`);
  return sha;
}
