/**
 * `createCommitOnBranch`: one commit of whole files on top of a branch, made and signed by GitHub itself, if the branch still is where the
 * caller believes it to be. As GitHub's reference of the mutation has it; every file it writes is a plain one.
 */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Actor, byOf, canSee, grants, hasRole, tokenCovers } from "./access.ts";
import { pushed } from "./actions/pushes.ts";
import { branchSha, commitTree, GIT_ENV, git, gitOrNull } from "./git.ts";
import { findRepository, type Hub } from "./hub.ts";
import { htmlUrl, noreplyEmail } from "./render/shared.ts";
import type { Repository } from "./state.ts";

const Input = z.object({
  branch: z.object({ repositoryNameWithOwner: z.string(), branchName: z.string() }),
  expectedHeadOid: z.string().regex(/^[0-9a-f]{40}$/),
  message: z.object({ headline: z.string(), body: z.string().optional() }),
  fileChanges: z
    .object({
      additions: z.array(z.object({ path: z.string(), contents: z.base64() })).optional(),
      deletions: z.array(z.object({ path: z.string() })).optional(),
    })
    .optional(),
  clientMutationId: z.string().nullish(),
});
type Wish = z.output<typeof Input>;

/** Commits that GitHub made itself, and so has signed. */
const signed = new WeakMap<Repository, Set<string>>();
export const isSigned = (repository: Repository, sha: string): boolean => signed.get(repository)?.has(sha) ?? false;

/** An error as GraphQL tells it: with status 200, beside the data that there is not. */
export interface GraphqlError {
  type: string;
  message: string;
}

/** The answer's body; null for a query that is about something else. */
export async function answerCommit(
  hub: Hub,
  actor: Actor,
  { query, variables }: { query: string; variables: Record<string, unknown> },
): Promise<object | null> {
  if (!/\bcreateCommitOnBranch\s*\(/.test(query)) return null;
  const input = Input.safeParse(variables.input);
  if (!input.success) {
    const message = `Variable $input of type CreateCommitOnBranchInput! was provided invalid value for ${input.error.issues[0]?.path.join(".")}`;
    return { errors: [{ message }] };
  }
  const made = await commit(hub, actor, input.data);
  if ("type" in made) {
    const error = { ...made, path: ["createCommitOnBranch"], locations: [{ line: 1, column: 1 }] };
    return { data: { createCommitOnBranch: null }, errors: [error] };
  }
  return { data: { createCommitOnBranch: { commit: made } } };
}

async function commit(hub: Hub, actor: Actor, wish: Wish): Promise<{ oid: string; url: string } | GraphqlError> {
  const { repositoryNameWithOwner: name, branchName: branch } = wish.branch;
  const repository = findRepository(hub, name);
  if (!repository || !canSee(actor, repository))
    return { type: "NOT_FOUND", message: `Could not resolve to a Repository with the name '${name}'.` };
  const refusal = whyNot(actor, repository, wish);
  if (refusal) return refusal;
  const head = await branchSha(repository.directory, branch);
  if (!head) return { type: "NOT_FOUND", message: `Could not resolve to a Ref with the name 'refs/heads/${branch}'.` };
  if (head !== wish.expectedHeadOid)
    return {
      type: "STALE_DATA",
      message: `Expected branch to point to "${wish.expectedHeadOid}" but it did not.  Pull and try again.`,
    };
  const missing = await missingAmong(repository, head, wish);
  if (missing)
    return {
      type: "UNPROCESSABLE",
      message: `A path was requested for deletion which does not exist as of commit oid \`${head}\``,
    };
  const by = byOf(actor);
  const oid = await commitTree(repository.directory, {
    tree: await treeOf(repository, head, wish),
    parents: [head],
    message: [wish.message.headline, wish.message.body].filter(Boolean).join("\n\n"),
    author: { name: by.account.login, email: noreplyEmail(by.account) },
    atMs: hub.clock.now(),
  });
  signed.set(repository, (signed.get(repository) ?? new Set()).add(oid));
  const ref = `refs/heads/${branch}`;
  await git(repository.directory, ["update-ref", ref, oid, head]);
  await pushed(hub, repository, [{ ref, before: head, after: oid }], by);
  return { oid, url: `${htmlUrl(hub, repository)}/commit/${oid}` };
}

function whyNot(actor: Actor, repository: Repository, { fileChanges = {} }: Wish): GraphqlError | null {
  const forbidden = { type: "FORBIDDEN", message: "Resource not accessible by integration" };
  if (actor.is === "person")
    return actor.scopes.includes("repo") && hasRole(actor.account, repository, "write") ? null : forbidden;
  if (actor.is !== "installation" || !tokenCovers(actor.token, repository)) return forbidden;
  const { permissions } = actor.token;
  if (!grants(permissions, "contents:write")) return forbidden;
  const paths = [...(fileChanges.additions ?? []), ...(fileChanges.deletions ?? [])].map(({ path }) => path);
  const workflow = paths.find((path) => path.startsWith(".github/workflows/"));
  if (!workflow || grants(permissions, "workflows:write")) return null;
  const message = `refusing to allow a GitHub App to create or update workflow \`${workflow}\` without \`workflows\` permission`;
  return { type: "FORBIDDEN", message };
}

async function missingAmong({ directory }: Repository, head: string, { fileChanges }: Wish): Promise<boolean> {
  for (const { path } of fileChanges?.deletions ?? [])
    if ((await gitOrNull(directory, ["cat-file", "-e", `${head}:${path}`])) === null) return true;
  return false;
}

let trees = 0;

async function treeOf({ directory }: Repository, head: string, { fileChanges = {} }: Wish): Promise<string> {
  const index = join(directory, `index-${++trees}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await git(directory, ["read-tree", head], env);
    const gone = (fileChanges.deletions ?? []).map(({ path }) => `0 ${"0".repeat(40)}\t${path}\0`);
    const there: string[] = [];
    for (const { path, contents } of fileChanges.additions ?? []) {
      const blob = await fed(directory, ["hash-object", "-w", "--stdin"], Buffer.from(contents, "base64"));
      there.push(`100644 ${blob.trim()}\t${path}\0`);
    }
    await fed(directory, ["update-index", "-z", "--index-info"], Buffer.from([...gone, ...there].join("")), env);
    return (await git(directory, ["write-tree"], env)).trim();
  } finally {
    await rm(index, { force: true });
  }
}

function fed(directory: string, args: string[], input: Buffer, env: Record<string, string> = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn("git", args, { cwd: directory, env: { ...GIT_ENV, ...env }, stdio: ["pipe", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.on("error", reject);
  child.on("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`git ${args[0]} ended with ${code}`))));
  child.stdin.end(input);
  return promise;
}
