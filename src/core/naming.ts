/** Names that people read: the title of a session, its branch, the name of its sandbox. */

const STOP_WORDS = new Set(
  "a an and are be but can could for from has have hello hey hi i if in is it me my of on or our please so that the then there this to us was we when will with would you your".split(
    " ",
  ),
);

/** The first line of what was asked, shortened to what fits a title. */
export function titleOf(text: string): string {
  const line = text.split("\n").find((candidate) => candidate.trim()) ?? "";
  const clean = line.replace(/[`*_#>]/g, "").trim();
  return clean.length > 72 ? `${clean.slice(0, 69).trimEnd()}...` : clean || "Untitled";
}

/** `threadbox/<words>-<short id>`: at most four words that carry meaning, safe as a git ref. */
export function branchName(text: string, sessionId: string): string {
  const words = text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9\s-]/g, " ")
    .split(/[\s-]+/)
    .filter((word) => word && !STOP_WORDS.has(word))
    .slice(0, 4)
    .join("-")
    .slice(0, 40)
    .replace(/-+$/, "");
  return `threadbox/${words || "work"}-${sessionId.slice(-5)}`;
}

/** One sandbox a session, found again by its name. Lower case letters, digits and hyphens, at most 63: what every provider allows. */
export const sandboxName = (sessionId: string): string => `threadbox-${sessionId}`;
