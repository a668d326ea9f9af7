/**
 * The files of a turn as `createCommitOnBranch` takes them, or why it cannot. It knows files by path and content and nothing else: each
 * is written as a plain one (100644), and the commit has one parent.
 */
import { rawChanges } from "./git-gate.ts";
import type { Repository } from "./git-repository.ts";

export interface FileChanges {
  additions: { path: string; contents: string }[];
  deletions: { path: string }[];
}

/**
 * GitHub names no limit for the mutation; requests were refused above some 50 MB, which are 37 MB before base64. Kept far below it, as
 * everything is held in memory at once here.
 */
const MAX_BYTES = 10_000_000;
/** Each is a command of its own to read. */
const MAX_FILES = 1_000;

export async function changesOf(
  repository: Repository,
  { parent, commit }: { parent: string; commit: string },
): Promise<FileChanges | { cannot: string }> {
  const { link, must } = repository;
  const count = async (...but: string[]) =>
    Number(await must(link(["rev-list", "--count", commit, `^${parent}`, ...but])));
  // Then it has commits of another branch: in one with a single parent they would become ours.
  if ((await count()) !== (await count("--not", "--remotes=origin")))
    return { cannot: "a merge brings in commits of another branch" };
  const flags = ["-r", "--raw", "--no-renames", "--no-abbrev", "-z"];
  const changed = rawChanges(await must(link(["diff-tree", ...flags, parent, commit, "--"])));
  const cannot = whyNot(changed);
  if (cannot) return { cannot };
  const [gone, there] = [changed.filter(isGone), changed.filter((change) => !isGone(change))];
  const read = await contentsOf(repository, there);
  if (!read) return { cannot: `the files are larger than ${MAX_BYTES / 1_000_000} MB` };
  return { additions: read, deletions: gone.map(({ path }) => ({ path })) };
}

type Change = ReturnType<typeof rawChanges>[number];
const isGone = ({ mode }: Change): boolean => mode === "000000";

/** What cannot be said of a file; the mode before it does not count where it is gone. */
const CANNOT: Record<string, string> = {
  "100755": "is executable",
  "120000": "is a symbolic link",
  "160000": "is a submodule",
};

export function whyNot(changed: readonly Pick<Change, "mode" | "path">[]): string | null {
  if (changed.length > MAX_FILES) return `more than ${MAX_FILES} files were changed`;
  const other = changed.find(({ mode }) => mode !== "100644" && mode !== "000000");
  if (other) return `${other.path} ${CANNOT[other.mode] ?? "is no plain file"}`;
  // A name that is no text cannot stand in JSON.
  const odd = changed.find(({ path }) => path.includes("\ufffd"));
  return odd ? `the name of ${odd.path} is not UTF-8` : null;
}

/** Null when they are too large together. Byte for byte: git hands out text, so they are collected as they come. */
async function contentsOf({ link }: Repository, files: Change[]): Promise<FileChanges["additions"] | null> {
  const additions: FileChanges["additions"] = [];
  let bytes = 0;
  for (const { id, path } of files) {
    const size = Number((await link(["cat-file", "-s", id])).stdout);
    bytes += size;
    if (!(bytes <= MAX_BYTES)) return null;
    const pieces: Buffer[] = [];
    await link(["cat-file", "blob", id], { onBytes: (piece) => pieces.push(piece) });
    additions.push({ path, contents: Buffer.concat(pieces).toString("base64") });
  }
  return additions;
}
