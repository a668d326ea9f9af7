/** What is said under an answer about a fork's pull request: which commit was looked at, and how its author gets at what was done. Pure. */
import type { Answer } from "../core/types.ts";
import { blankTokens } from "../wire/secrets.ts";

/** A patch may hold any text: one that reads like a marker of ours, or like a token, is not repeated. */
export function offerLines({ fork, result, pullRequest }: Answer): string[] {
  const { branch, own } = result;
  if (!fork || !own) return [];
  const looked = `I looked at ${own.from} of #${fork.number}.`;
  if (!branch) return [looked];
  const where = pullRequest ? `[pull request #${pullRequest.number}](${pullRequest.url})` : "no pull request yet";
  const said = `${looked} Its branch is in a fork, where I push nothing: what I did is on \`${branch}\` of this repository (${where}), on top of these commits. To take it over into the fork: \`git pull ${fork.url} ${branch}\`.`;
  const patch = own.patch === null ? null : quotable(own.patch);
  return patch === null ? [said] : [said, detailsOf(patch)];
}

function quotable(patch: string): string | null {
  return /<!--\s*threadbox:/i.test(patch) || blankTokens(patch) !== patch ? null : patch;
}

/**
 * In a fence that is longer than any in the patch nothing pings, nothing renders, and no line of it ends the fence. Blank lines at the end
 * belong to the patch: without them `git apply` calls it corrupt.
 */
function detailsOf(patch: string): string {
  const longest = Math.max(2, ...[...patch.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `<details><summary>The same as a patch, for \`git apply\`</summary>\n\n${fence}diff\n${patch.replace(/\n$/, "")}\n${fence}\n\n</details>`;
}
