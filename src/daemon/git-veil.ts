/**
 * On a stranger's commit the agent works under a veil: a commit of ours on top, in which the agent configuration is that of the base branch.
 * It is never published. Before anything leaves, what was done above it is put onto the stranger's commit itself, commit by commit, with the
 * configuration that it had there: so nothing of it changes in what is pushed, whatever the agent did to those files.
 *
 *   remote      ─ o ─ T                    T   the tip that the work stands on
 *   clone       ─ o ─ T ─ S ─ A ─ B        S   the veil; A, B what was done
 *   unveiled    ─ o ─ T ─ A' ─ B'
 */
import { type Entry, exchanged, isAgentConfig, LINK, readEntries, unlinked } from "./agent-config.ts";
import { imported, namesOthers, withImports } from "./agent-imports.ts";
import { runCommand } from "./git-command.ts";
import { recall, remember } from "./git-memory.ts";
import { commitOf, currentBranch } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";

/** Nobody makes so many commits in a turn; beyond it somebody makes us work. */
const MAX_COMMITS = 500;
/** More than a person reads of one pull request's configuration. */
const MAX_COPIES = 100;
const MAX_COPY_CHARS = 200_000;
const SUBMODULE = "160000";
/** The agent can have its clone call one commit by the name of another. */
const BY_TRUE_NAMES = { GIT_NO_REPLACE_OBJECTS: "1" };

/** Puts the veil over what is checked out. Gives the names of the stranger's files that it hides, by the folder of their copies. */
export async function veil(repository: Repository, branch: string, base: string | null): Promise<string[]> {
  const { clone, must } = repository;
  const on = await commitOf(clone, "HEAD");
  if (!on) return [];
  const ours = await entriesOf(repository, on);
  const plain = base ? await withoutLinks(repository, await entriesOf(repository, base)) : [];
  const theirs = await withWhatItNames(repository, plain, ours);
  const change = exchanged(ours, theirs);
  const replaced = new Set([...change.gone, ...change.put.map(({ path }) => path)]);
  const hidden = ours.filter(({ path, mode }) => replaced.has(path) && mode !== SUBMODULE);
  await keepCopies(repository, hidden);
  const tree = await treeWith(repository, on, change);
  const made = await commitTree(repository, { tree, parents: [on], like: null });
  // Before the branch moves: a veil that nobody remembers would be published.
  await remember(repository, { veil: { made, on } });
  await must(clone(["checkout", "--quiet", "-B", branch, made, "--"]));
  return hidden.map(({ path }) => path);
}

/** False where the agent left something in the way, half a merge say: then everything stays as it is, under the veil. */
export async function unveil(repository: Repository, branch: string): Promise<boolean> {
  const { veil: veiled } = await recall(repository);
  if (!veiled) return true;
  const { clone } = repository;
  if ((await currentBranch(clone)) !== branch) return false;
  const head = await commitOf(clone, "HEAD");
  if (!head) return false;
  await dropConfigChanges(repository, head);
  const bare = await replay(repository, head, veiled);
  if ((await clone(["checkout", "--quiet", "-B", branch, bare, "--"])).code !== 0) return false;
  await remember(repository, { veil: null });
  return true;
}

/** Another branch begins, which has nothing of what is under the veil. Where that cannot be lifted it stays on the branch that is left. */
export async function leaveVeil(repository: Repository): Promise<void> {
  const { veil: veiled } = await recall(repository);
  if (!veiled) return;
  const branch = await currentBranch(repository.clone);
  if (!branch || !(await unveil(repository, branch))) await remember(repository, { veil: null });
}

/** What was done in the veil's own files counts for nothing, and would be in the way of those that come back. */
async function dropConfigChanges(repository: Repository, head: string): Promise<void> {
  const { clone, dir, env, owner } = repository;
  const changed = pathsIn((await clone(["diff", "--name-only", "--no-renames", "-z", "HEAD"])).stdout);
  // Ignored ones as well: they would tell the next turn's agent what to do. Packages have many, which no tool takes for the repository's.
  const news = pathsIn((await clone(["ls-files", "--others", "--exclude=node_modules/", "-z"])).stdout);
  const tracked = new Set((await entriesOf(repository, head)).map(({ path }) => path));
  const ofConfig = [...changed, ...news].filter(isAgentConfig);
  const back = ofConfig.filter((path) => tracked.has(path));
  const away = ofConfig.filter((path) => !tracked.has(path));
  if (away.length > 0) {
    await clone(
      ["rm", "--quiet", "--cached", "-r", "--ignore-unmatch", "--pathspec-from-file=-", "--pathspec-file-nul"],
      literal(away),
    );
    await runCommand("xargs", ["-0", "rm", "-rf", "--"], { cwd: dir, env, owner, stdin: away.join("\0") });
  }
  if (back.length > 0)
    await clone(["checkout", "--quiet", "HEAD", "--pathspec-from-file=-", "--pathspec-file-nul"], literal(back));
}

const pathsIn = (listing: string): string[] => listing.split("\0").filter(Boolean);
const literal = (paths: string[]) => ({ stdin: paths.join("\0"), env: { GIT_LITERAL_PATHSPECS: "1" } });

/** Each commit that is not on the remote, onto the tip instead of the veil. Asked of the link: the clone may call commits by other names. */
async function replay(
  repository: Repository,
  head: string,
  { made, on }: { made: string; on: string },
): Promise<string> {
  const { link, must, failure } = repository;
  const listing = [
    "rev-list",
    "--topo-order",
    "--reverse",
    "--parents",
    head,
    `^${made}`,
    `^${on}`,
    "--not",
    "--remotes=origin",
  ];
  const rows = (await must(link(listing))).split("\n").filter(Boolean);
  if (rows.length > MAX_COMMITS) throw failure("git.diverged", `More than ${MAX_COMMITS} commits in one turn.`);
  const as = new Map([[made, on]]);
  const config = await entriesOf(repository, on);
  for (const row of rows) {
    const [commit = "", ...parents] = row.split(" ");
    const change = exchanged(await entriesOf(repository, commit), config);
    const moved = parents.map((parent) => as.get(parent) ?? parent);
    const isSame = change.put.length + change.gone.length === 0 && moved.every((parent, i) => parent === parents[i]);
    const tree = isSame ? "" : await treeWith(repository, commit, change);
    // One that did nothing but change configuration has nothing left.
    const isEmpty = moved.length === 1 && tree !== "" && tree === (await treeOf(repository, moved[0] ?? ""));
    as.set(
      commit,
      isSame
        ? commit
        : isEmpty
          ? (moved[0] ?? on)
          : await commitTree(repository, { tree, parents: moved, like: commit }),
    );
  }
  const bare = as.get(head) ?? head;
  const left = exchanged(await entriesOf(repository, bare), config);
  if (left.put.length + left.gone.length > 0) throw failure("git.diverged", "Agent configuration was changed.");
  return bare;
}

async function entriesOf({ link, must }: Repository, commit: string): Promise<Entry[]> {
  return readEntries(await must(link(["ls-tree", "-r", "-z", "--full-tree", commit])));
}

const treeOf = async ({ link, must }: Repository, commit: string): Promise<string> =>
  (await must(link(["rev-parse", "--verify", "--quiet", `${commit}^{tree}`]))).trim();

async function withoutLinks({ link }: Repository, base: Entry[]): Promise<Entry[]> {
  const targets = new Map<string, string>();
  for (const { mode, sha, path } of base)
    if (mode === LINK && isAgentConfig(path)) targets.set(path, (await link(["cat-file", "blob", sha])).stdout);
  return unlinked(base, ({ path }) => targets.get(path) ?? "");
}

/** The base's configuration, with whatever it names as the base has it. */
async function withWhatItNames(repository: Repository, base: Entry[], ours: Entry[]): Promise<Entry[]> {
  const { link, clone, must } = repository;
  const texts = new Map<string, string>();
  let reading = base.filter(namesOthers);
  let found = imported(base, ours, texts);
  // What is named may name more; nothing names deeper than it was read.
  for (let depth = 0; reading.length > 0 && depth < MAX_DEPTH && texts.size < MAX_COPIES; depth++) {
    for (const { path, sha } of reading) texts.set(path, (await link(["cat-file", "blob", sha])).stdout);
    found = imported(base, ours, texts);
    reading = found.wants;
  }
  const shas = new Map<string, string>();
  for (const { entry, text } of found.rewritten)
    shas.set(entry.path, (await must(clone(["hash-object", "-w", "--stdin"], { stdin: text }))).trim());
  return withImports(base, found, (path) => shas.get(path) ?? "");
}
/** Claude Code follows imports that deep. */
const MAX_DEPTH = 5;

/** With the rights of the clone's owner: objects of the daemon's would be folders in their store that they cannot write to. */
async function treeWith(
  repository: Repository,
  commit: string,
  { put, gone }: { put: Entry[]; gone: string[] },
): Promise<string> {
  const { clone, must } = repository;
  if (put.length + gone.length === 0) return treeOf(repository, commit);
  const env = { ...BY_TRUE_NAMES, GIT_INDEX_FILE: ".git/threadbox-index" };
  await must(clone(["read-tree", commit], { env }));
  const lines = [
    ...gone.map((path) => `0 ${NO_SHA}\t${path}`),
    ...put.map(({ mode, sha, path }) => `${mode} ${sha}\t${path}`),
  ];
  await must(clone(["update-index", "-z", "--index-info"], { env, stdin: `${lines.join("\0")}\0` }));
  return (await must(clone(["write-tree"], { env }))).trim();
}
const NO_SHA = "0".repeat(40);

/** `like`: whose message, author and dates it keeps; null for the veil. */
async function commitTree(
  repository: Repository,
  { tree, parents, like }: { tree: string; parents: string[]; like: string | null },
): Promise<string> {
  const { clone, link, must, spec } = repository;
  const { name, email } = spec.identity;
  const own = ["AUTHOR", "COMMITTER"].flatMap((who) => [
    [`GIT_${who}_NAME`, name],
    [`GIT_${who}_EMAIL`, email],
  ]);
  const people = like ? await peopleOf(repository, like) : Object.fromEntries(own);
  const message = like ? await must(link(["log", "-1", "--format=%B", like, "--"])) : VEIL;
  const commit = ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-F", "-"];
  return (await must(clone(commit, { env: { ...BY_TRUE_NAMES, ...people }, stdin: `${message.trimEnd()}\n` }))).trim();
}
const VEIL = "Agent configuration of the base branch (not published)";

async function peopleOf({ link, must }: Repository, commit: string): Promise<Record<string, string>> {
  const format = "--format=%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd";
  const fields = (await must(link(["log", "-1", "--date=raw", format, commit, "--"]))).trimEnd().split("\0");
  const names = ["AUTHOR_NAME", "AUTHOR_EMAIL", "AUTHOR_DATE", "COMMITTER_NAME", "COMMITTER_EMAIL", "COMMITTER_DATE"];
  return Object.fromEntries(names.map((name, i) => [`GIT_${name}`, fields[i] ?? ""]));
}

/** The folder beside the clone where the stranger's own configuration can be read; no tool takes it for its own there. */
export const copiesOf = ({ spec }: Pick<Repository, "spec">): string => `${spec.dir}.from-fork`;

/** As plain text under other names, links as what they say: nothing there is a file that an agent or a tool looks for. */
async function keepCopies(repository: Repository, hidden: Entry[]): Promise<void> {
  const { link, env, owner } = repository;
  const folder = copiesOf(repository);
  const run = (command: string, stdin = "") =>
    runCommand("sh", ["-c", command, "sh", folder], { cwd: "/", env, owner, stdin });
  await run('rm -rf -- "$1"');
  for (const { sha, path } of hidden.slice(0, MAX_COPIES)) {
    const { stdout } = await link(["cat-file", "blob", sha], { maxChars: MAX_COPY_CHARS });
    const copy = `${folder}/${path.replaceAll("/", "__")}.txt`;
    await runCommand("sh", ["-c", 'mkdir -p -- "$1" && cat > "$2"', "sh", folder, copy], {
      cwd: "/",
      env,
      owner,
      stdin: stdout,
    });
  }
}
