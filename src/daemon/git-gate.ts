/**
 * The last look before anything leaves the machine: at the very commit that would be pushed, with the daemon's own repository, which
 * the agent cannot configure. It decides by what is in the commits and by nothing that anybody says about them.
 */
import { someOf } from "./git-branch.ts";
import { commitOf, remoteRef } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";
import { findSecrets } from "./git-secrets.ts";

export interface Held {
  code: "git.workflows" | "git.secret";
  detail: string;
}

/** Why this commit must not be pushed; null when it may. */
export async function whyHeld(repository: Repository, commit: string, base: string | null): Promise<Held | null> {
  const secrets = await findSecrets(repository, commit);
  if (secrets.length > 0)
    return { code: "git.secret", detail: `A credential of the sandbox stands in ${someOf(secrets)}.` };
  if (repository.spec.workflows !== false) return null;
  const files = await changedWorkflows(repository, commit, base);
  if (files.length === 0) return null;
  // One commit is pushed or none: who reads that this one file was not would think that the others were.
  return {
    code: "git.workflows",
    detail: `Nothing was pushed, because of what the commits change: ${someOf(files)}.`,
  };
}

/** In any spelling, as some machines see no difference. */
const FOLDER = ":(icase).github";
/** Itself, what is in it, and a link that stands in its place or in that of the folder above. */
const isWorkflow = (path: string): boolean => /^\.github(?:\/workflows(?:\/.*)?)?$/is.test(path);

/**
 * Looked for in each commit that the remote has not, and not only in the sum of them: what one adds and the next takes away has been
 * pushed all the same. Of a merge counts what stands in none of its parents, so one of the base changes nothing. What the base has in
 * just this form may come by any other way as well (a cherry-pick, a squash); GitHub holds it so, too.
 */
async function changedWorkflows({ link, must }: Repository, commit: string, base: string | null): Promise<string[]> {
  const outgoing = await must(link(["rev-list", commit, "--not", "--remotes=origin"]));
  const flags = ["--stdin", "-r", "-c", "--root", "--no-renames", "--no-commit-id", "--raw", "--no-abbrev", "-z"];
  const diff = await must(link(["diff-tree", ...flags, "--", FOLDER], { stdin: outgoing }));
  const tip = base ? await commitOf(link, remoteRef(base)) : null;
  const known = new Set(tip ? (await must(link(["ls-tree", "-r", "-z", tip, "--", ".github"]))).split("\0") : []);
  const files = new Set<string>();
  for (const { mode, id, path } of rawChanges(diff).filter((change) => isWorkflow(change.path))) {
    const isGone = mode === "000000";
    const isLikeBase = isGone
      ? ![...known].some((entry) => entry.endsWith(`\t${path}`))
      : known.has(`${mode} ${mode === "160000" ? "commit" : "blob"} ${id}\t${path}`);
    if (!(tip && isLikeBase)) files.add(path);
  }
  return [...files];
}

interface RawChange {
  /** Afterwards; zeros where it is gone. */
  mode: string;
  id: string;
  path: string;
}

/** `:<modes> <ids> <status>` and the path; a merge has a colon, a mode and an id for each parent before its own. */
export function rawChanges(raw: string): RawChange[] {
  const parts = raw.split("\0").filter(Boolean);
  const changes: RawChange[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [head = "", path = ""] = [parts[at], parts[at + 1]];
    const parents = /^:+/.exec(head)?.[0].length ?? 0;
    const words = head.slice(parents).split(" ");
    changes.push({ mode: words[parents] ?? "", id: words[2 * parents + 1] ?? "", path });
  }
  return changes;
}
