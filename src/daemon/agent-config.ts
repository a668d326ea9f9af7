/**
 * Files in a repository that tell an agent, or a tool that it starts, what to do. On a stranger's commit they are as good as orders from a
 * stranger, so there they come from the base branch: which files these are, and what a tree looks like with others' in their place. Pure.
 */

/** By their name in any folder: agents and package managers look for them from the folder that they work in upwards. */
export const AGENT_CONFIG: readonly string[] = [
  ...["CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "AGENTS.override.md", "AGENT.md", "GEMINI.md", ".gemini"],
  ...[".claude", ".claude.json", ".pi", ".mcp.json", ".codex", ".opencode", "opencode.json", "opencode.jsonc"],
  ...[
    ".cursor",
    ".cursorrules",
    ".windsurfrules",
    ".agents",
    ".github/copilot-instructions.md",
    ".github/instructions",
  ],
  ...[".gitmodules", ".lfsconfig", ".husky", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "bunfig.toml"],
  ...[".ripgreprc", ".envrc", ".vscode", ".devcontainer"],
];

const NAMES = AGENT_CONFIG.map((name) => name.toLowerCase().split("/"));

/** A file of these, a file below a folder of these, or a link in the place of either. */
export function isAgentConfig(path: string): boolean {
  const parts = path.split("/").map(asOpened);
  return NAMES.some((name) => parts.some((_, at) => name.every((part, i) => parts[at + i] === part)));
}

/**
 * What a file system that does not tell letters apart opens by this name: macOS and Windows ignore their case, macOS ignores characters
 * that are not seen, and Windows spaces and dots at the end, and whatever follows a colon.
 */
function asOpened(name: string): string {
  return name
    .normalize("NFKC")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .toLowerCase()
    .replace(/:.*$/, "")
    .replace(/[. ]+$/, "");
}

/** A line of `git ls-tree -r`. */
export interface Entry {
  mode: string;
  sha: string;
  path: string;
}

export function readEntries(listing: string): Entry[] {
  return listing.split("\0").flatMap((line) => {
    const [, mode = "", sha = "", path = ""] = /^(\d{6}) \w+ ([0-9a-f]+)\t([\s\S]+)$/.exec(line) ?? [];
    return path ? [{ mode, sha, path }] : [];
  });
}

export const LINK = "120000";

/**
 * What has to change in a tree of `ours` so that its agent configuration is that of `theirs`: entries to put there, and paths that go.
 * Where a plain file of ours stands in the way of a folder of theirs, or the other way round, ours stays: it is no configuration.
 */
export function exchanged(ours: Entry[], theirs: Entry[]): { put: Entry[]; gone: string[] } {
  const here = new Map(ours.filter(({ path }) => isAgentConfig(path)).map((entry) => [entry.path, entry]));
  const kept = ours.filter(({ path }) => !isAgentConfig(path));
  const files = new Set(kept.map(({ path }) => path));
  const folders = new Set(kept.flatMap(({ path }) => foldersOf(path)));
  const wanted = theirs.filter(
    ({ path }) => isAgentConfig(path) && !folders.has(path) && !foldersOf(path).some((folder) => files.has(folder)),
  );
  const put = wanted.filter(({ mode, sha, path }) => {
    const there = here.get(path);
    return there?.mode !== mode || there.sha !== sha;
  });
  const stays = new Set(wanted.map(({ path }) => path));
  return { put, gone: [...here.keys()].filter((path) => !stays.has(path)) };
}

function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

/**
 * Links among the base's configuration, as what they lead to in the base: in the stranger's tree the same link leads to a file of the
 * stranger's. `target` is what the link says; one that leads to nothing there, or to a folder, is left out.
 */
export function unlinked(base: Entry[], target: (link: Entry) => string): Entry[] {
  const byPath = new Map(base.map((entry) => [entry.path, entry]));
  return base.flatMap((entry) => {
    if (entry.mode !== LINK || !isAgentConfig(entry.path)) return [entry];
    const file = byPath.get(resolved(entry.path, target(entry)) ?? "");
    return file && file.mode !== LINK ? [{ ...file, path: entry.path }] : [];
  });
}

/** Null: out of the repository. */
function resolved(link: string, target: string): string | null {
  if (target.startsWith("/")) return null;
  const parts = link.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") {
      if (parts.length === 0) return null;
      parts.pop();
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
