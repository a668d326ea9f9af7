/** Reads commits and differences out of a repository, as the API and the push payload show them. */
import { git, gitOrNull, mergeBase, type Person } from "./git.ts";

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
  author: Person & { date: string };
  committer: Person & { date: string };
  message: string;
  added: string[];
  removed: string[];
  modified: string[];
}

// Record and unit separators: no commit message that a test writes has them.
const RECORD = "\x1e";
const UNIT = "\x1f";
const FIELDS = ["%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B"];

/** Commits of a range, newest first. `range` are arguments of git log, all made by us. */
export async function log(directory: string, range: string[], max = 250): Promise<Commit[]> {
  const format = `--format=${RECORD}${FIELDS.join(UNIT)}${UNIT}`;
  const out = await git(directory, ["log", format, "--name-status", "--no-renames", `--max-count=${max}`, ...range]);
  return out.split(RECORD).slice(1).map(parseCommit);
}

function parseCommit(record: string): Commit {
  const [
    sha = "",
    tree = "",
    parents = "",
    an = "",
    ae = "",
    ad = "",
    cn = "",
    ce = "",
    cd = "",
    body = "",
    files = "",
  ] = record.split(UNIT);
  const changes = files.split("\n").filter((line) => line.includes("\t"));
  const paths = (status: string) =>
    changes.filter((line) => line.startsWith(status)).map((line) => line.split("\t")[1] ?? "");
  return {
    sha,
    tree,
    parents: parents.split(" ").filter(Boolean),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: body.trimEnd(),
    added: paths("A"),
    removed: paths("D"),
    modified: paths("M"),
  };
}

export async function oneCommit(directory: string, sha: string): Promise<Commit | undefined> {
  return (await log(directory, ["-1", sha]))[0];
}

export interface FileChange {
  path: string;
  previousPath: string | null;
  status: "added" | "removed" | "modified" | "renamed";
  sha: string;
  additions: number;
  deletions: number;
  /** The hunks; null for a binary file. */
  patch: string | null;
}

/** What `head` changes since it left `base`: the three-dot difference, as on a pull request's page. */
export async function changedFiles(directory: string, base: string, head: string): Promise<FileChange[]> {
  const from = (await mergeBase(directory, base, head)) ?? base;
  const diff = await git(directory, ["diff", "--find-renames", "--full-index", "--no-color", from, head]);
  return diff
    .split(/^diff --git /m)
    .slice(1)
    .map(parseFile);
}

function parseFile(text: string): FileChange {
  const lines = text.split("\n");
  const after = (prefix: string) => lines.find((line) => line.startsWith(prefix))?.slice(prefix.length);
  const start = lines.findIndex((line) => line.startsWith("@@"));
  const patch = start < 0 ? null : lines.slice(start).join("\n").replace(/\n$/, "");
  const hunks = patch?.split("\n") ?? [];
  const renamedTo = after("rename to ");
  const path = renamedTo ?? after("+++ b/") ?? after("--- a/") ?? /^a\/(.*) b\//.exec(lines[0] ?? "")?.[1] ?? "";
  return {
    path,
    previousPath: after("rename from ") ?? null,
    status: renamedTo
      ? "renamed"
      : after("new file mode")
        ? "added"
        : after("deleted file mode")
          ? "removed"
          : "modified",
    sha: /\.\.([0-9a-f]{40})/.exec(after("index ") ?? "")?.[1] ?? "",
    additions: hunks.filter((line) => line.startsWith("+")).length,
    deletions: hunks.filter((line) => line.startsWith("-")).length,
    patch,
  };
}

export interface DiffPlace {
  /** The hunk from its header down to the commented line. */
  hunk: string;
  /** Lines below the first hunk header, the way GitHub's older `position` counts. */
  position: number;
}

/** Where a line of a file stands in the difference; null when it is not part of it. */
export function placeInPatch(patch: string, line: number, side: "LEFT" | "RIGHT"): DiffPlace | null {
  const rows = patch.split("\n");
  let left = 0;
  let right = 0;
  let hunkStart = 0;
  for (const [position, row] of rows.entries()) {
    const header = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(row);
    if (header) {
      left = Number(header[1]) - 1;
      right = Number(header[2]) - 1;
      hunkStart = position;
      continue;
    }
    if (!row.startsWith("+") && !row.startsWith("\\")) left++;
    if (!row.startsWith("-") && !row.startsWith("\\")) right++;
    const isThere = side === "RIGHT" ? right === line && !row.startsWith("-") : left === line && !row.startsWith("+");
    if (isThere) return { hunk: rows.slice(hunkStart, position + 1).join("\n"), position };
  }
  return null;
}

/** Path to content of everything at a commit. */
export async function filesAt(directory: string, commit: string): Promise<Record<string, string>> {
  const names = (await git(directory, ["ls-tree", "-r", "--name-only", commit])).split("\n").filter(Boolean);
  const contents = await Promise.all(names.map((name) => git(directory, ["cat-file", "blob", `${commit}:${name}`])));
  return Object.fromEntries(names.map((name, index) => [name, contents[index] ?? ""]));
}

export interface TreeEntry {
  path: string;
  type: "blob" | "tree" | "commit";
  sha: string;
  size: number;
}

/** A file (one entry) or the entries of a folder; null when nothing is there. */
export async function entriesAt(directory: string, commit: string, path: string): Promise<TreeEntry[] | null> {
  const clean = path.replace(/^\/+|\/+$/g, "");
  const isFolder =
    clean === "" || (await gitOrNull(directory, ["cat-file", "-t", `${commit}:${clean}`]))?.trim() === "tree";
  const where = clean === "" ? [] : [isFolder ? `${clean}/` : clean];
  const out = await git(directory, ["ls-tree", "--long", "--full-tree", commit, ...where]);
  const entries = out.split("\n").filter(Boolean).map(parseEntry);
  return entries.length === 0 ? null : entries;
}

function parseEntry(line: string): TreeEntry {
  const [meta = "", path = ""] = line.split("\t");
  const [, type = "blob", sha = "", size = "0"] = meta.split(/ +/);
  return { path, type: type === "tree" ? "tree" : type === "commit" ? "commit" : "blob", sha, size: Number(size) || 0 };
}
