/** Real git on the bare repositories: seeding, committing, reading, merging. Every call that has no known answer is one child process. */
import { execFile, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { askOnce, refOnDisk } from "./git-known.ts";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
export const ZERO_SHA = "0".repeat(40);

/** The machine's and the user's git settings must not reach the emulator, nor a question for a password. */
export const GIT_ENV: Record<string, string> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
};

export interface Person {
  name: string;
  email: string;
}

export function git(directory: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  return askOnce(directory, args, () => call(directory, args, env));
}

async function call(directory: string, args: string[], env: Record<string, string>): Promise<string> {
  const { stdout } = await run("git", ["-c", "core.quotePath=false", ...args], {
    cwd: directory,
    env: { ...GIT_ENV, ...env },
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return stdout;
}

/** The output, or null when git says no. */
export async function gitOrNull(directory: string, args: string[]): Promise<string | null> {
  try {
    return await git(directory, args);
  } catch {
    return null;
  }
}

/** A bare repository as GitHub serves it: any commit by its id, no pushes to pull request refs, our hook in between. */
export async function initBare(directory: string, defaultBranch: string, hooks: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, ["init", "--quiet", "--bare", "-b", defaultBranch]);
  await configureBare(directory, hooks);
}

/** A fork: all branches of its parent, and nothing shared on disk. */
export async function cloneBare(from: string, to: string, hooks: string): Promise<void> {
  await git(from, ["clone", "--quiet", "--bare", "--no-hardlinks", ".", to]);
  await git(to, ["remote", "remove", "origin"]);
  await configureBare(to, hooks);
}

async function configureBare(directory: string, hooks: string): Promise<void> {
  const settings = `
[http]
	receivepack = true
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[receive]
	hideRefs = refs/pull
	procReceiveRefs = refs/heads
	denyDeleteCurrent = ignore
[core]
	hooksPath = ${hooks}
[gc]
	auto = 0
`;
  await writeFile(join(directory, "config"), settings, { flag: "a" });
}

export interface CommitDraft {
  branch: string;
  /** What the branch grows from when it is new. Without it the commit is a root. */
  from: string | null;
  message: string;
  author: Person;
  atMs: number;
  /** Path to content; null takes the file away. */
  files: Record<string, string | null>;
}

/** One commit on top of a branch, through `git fast-import`: no work tree, one process. Gives its id. */
export async function commitFiles(directory: string, draft: CommitDraft): Promise<string> {
  const when = `${Math.floor(draft.atMs / 1000)} +0000`;
  const who = `${draft.author.name} <${draft.author.email}> ${when}`;
  const lines = [
    `commit refs/heads/${draft.branch}`,
    "mark :1",
    `author ${who}`,
    `committer ${who}`,
    data(draft.message),
    ...(draft.from ? [`from ${draft.from}`] : []),
    ...Object.entries(draft.files).map(([path, content]) =>
      content === null ? `D ${quoted(path)}` : `M 100644 inline ${quoted(path)}\n${data(content)}`,
    ),
    "",
    "get-mark :1",
    "",
  ];
  return (await pipe(directory, ["fast-import", "--quiet", "--force", "--cat-blob-fd=1"], lines.join("\n"))).trim();
}

const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}`;
const quoted = (path: string) => JSON.stringify(path);

function pipe(directory: string, args: string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd: directory, env: GIT_ENV, stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      err += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`git ${args[0]}: ${err}`))));
    child.stdin.end(input);
  });
}

/** The id behind a branch, a tag, `heads/x` or a commit id; null when there is none. */
export async function resolveCommit(directory: string, name: string): Promise<string | null> {
  if (!name || name.startsWith("-")) return null;
  for (const candidate of [`refs/heads/${name}`, `refs/${name}`, `refs/tags/${name}`, name]) {
    const found = await refOnDisk(directory, candidate);
    if (found === null) continue;
    const sha = await gitOrNull(directory, ["rev-parse", "--verify", "--quiet", `${found ?? candidate}^{commit}`]);
    if (sha) return sha.trim();
  }
  return null;
}

export function branchSha(directory: string, branch: string): Promise<string | null> {
  return readRef(directory, `refs/heads/${branch}`);
}

export async function readRef(directory: string, ref: string): Promise<string | null> {
  const found = await refOnDisk(directory, ref);
  if (found !== undefined) return found;
  const sha = await gitOrNull(directory, ["rev-parse", "--verify", "--quiet", "--end-of-options", ref]);
  return sha ? sha.trim() : null;
}

/** Every ref with its id. */
export async function refs(directory: string, prefix = "refs/"): Promise<Map<string, string>> {
  const out = await git(directory, ["for-each-ref", "--format=%(objectname) %(refname)", prefix]);
  const pairs = out.split("\n").filter(Boolean);
  return new Map(pairs.map((line) => [line.slice(41), line.slice(0, 40)]));
}

export async function isAncestor(directory: string, older: string, newer: string): Promise<boolean> {
  return (await gitOrNull(directory, ["merge-base", "--is-ancestor", older, newer])) !== null;
}

export async function mergeBase(directory: string, a: string, b: string): Promise<string | null> {
  return (await gitOrNull(directory, ["merge-base", a, b]))?.trim() ?? null;
}

/** The tree of a merge without conflicts; null when there are some. */
export async function mergedTree(directory: string, base: string, head: string): Promise<string | null> {
  return (await gitOrNull(directory, ["merge-tree", "--write-tree", base, head]))?.split("\n")[0] ?? null;
}

export async function commitTree(
  directory: string,
  commit: { tree: string; parents: string[]; message: string; author: Person; atMs: number },
): Promise<string> {
  const at = `${Math.floor(commit.atMs / 1000)} +0000`;
  const parents = commit.parents.flatMap((parent) => ["-p", parent]);
  const sha = await git(directory, ["commit-tree", commit.tree, ...parents, "-m", commit.message], {
    GIT_AUTHOR_NAME: commit.author.name,
    GIT_AUTHOR_EMAIL: commit.author.email,
    GIT_AUTHOR_DATE: at,
    GIT_COMMITTER_NAME: "GitHub",
    GIT_COMMITTER_EMAIL: "noreply@github.com",
    GIT_COMMITTER_DATE: at,
  });
  return sha.trim();
}
