/**
 * The hook by which commits that the agent makes itself name the people of the turn. A hook rather than an instruction in the prompt:
 * models forget, hooks do not.
 */
import { join, relative, resolve } from "node:path";
import { coAuthorTrailer, type Person } from "./git-names.ts";
import type { Repository } from "./git-repository.ts";
import { shellQuote } from "./shell.ts";

const HOOK = "prepare-commit-msg";
const SIGNATURE = "# Written anew for every turn; a hook of your own goes into prepare-commit-msg.own";

/**
 * Where the agent's git looks for hooks. Tools like husky name a folder in the work tree; it is used when git ignores it, because a
 * hook of ours must never be committed. Otherwise ours is not run there, and only the daemon's own commits name the people.
 */
export async function hooksFolder({ clone, dir }: Repository): Promise<string> {
  const usual = join(dir, ".git", "hooks");
  // Of the file, because our own commands are told another folder.
  const configured = (await clone(["config", "--file", join(dir, ".git", "config"), "core.hooksPath"])).stdout.trim();
  if (!configured) return usual;
  const folder = resolve(dir, configured);
  const isInside = !relative(dir, folder).startsWith("..");
  const isIgnored = (await clone(["check-ignore", "--quiet", "--", join(folder, HOOK)])).code === 0;
  return isInside && isIgnored ? folder : usual;
}

/** The script for these people. */
export function hookScript(coAuthors: Person[]): string {
  return `#!/bin/sh
${SIGNATURE}
own="$(dirname "$0")/${HOOK}.own"
if [ -x "$own" ]; then "$own" "$@" || exit $?; fi
${coAuthors.map(addTrailer).join("\n")}
exit 0
`;
}

/** Not when it stands there already, be it in an earlier paragraph: an amended commit must not name anybody twice. */
function addTrailer(person: Person): string {
  const trailer = shellQuote(coAuthorTrailer(person));
  return `grep -qxF -- ${trailer} "$1" || git interpret-trailers --in-place --trailer ${trailer} -- "$1"`;
}

/**
 * Installs what it reads, run with the rights of the clone's owner: the agent could have put a link in the place of the folder.
 * A hook that the repository's set-up made stays in force, in front of ours. Renamed last: a commit must not read half a script.
 */
export const INSTALL_HOOK = `set -e
hook="$1/prepare-commit-msg"
mkdir -p "$1"
if [ -e "$hook" ] && ! grep -qF ${shellQuote(SIGNATURE)} "$hook"; then mv -f "$hook" "$hook.own"; fi
cat > "$hook.new"
chmod 755 "$hook.new"
mv -f "$hook.new" "$hook"`;
