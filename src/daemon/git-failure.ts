/**
 * What git's failures mean. It has one exit code (128) for nearly everything, so its English sentences, which it keeps
 * stable under LC_ALL=C, are read here and nowhere else.
 */
import type { CommandResult } from "./git-command.ts";

export type GitFailureCode = "git.clone-failed" | "git.unauthorized" | "git.push-refused" | "git.workflows";

/** Best first: a host that refuses a token often says "not found" as well. */
const MEANINGS: { says: RegExp; code: GitFailureCode }[] = [
  { says: /could not read (Username|Password)/i, code: "git.unauthorized" },
  { says: /Authentication failed|Invalid username or (password|token)/i, code: "git.unauthorized" },
  { says: /returned error: 40[13]\b|HTTP 40[13]\b/i, code: "git.unauthorized" },
  {
    says: /Permission denied \(publickey|Permission to .+ denied|Host key verification failed/i,
    code: "git.unauthorized",
  },
  { says: /repository '.*' not found|Repository not found|returned error: 404\b/i, code: "git.clone-failed" },
  { says: /does not appear to be a git repository|does not exist/i, code: "git.clone-failed" },
  { says: /Could not resolve host|Failed to connect|Connection (refused|timed out|reset)/i, code: "git.clone-failed" },
  { says: /couldn't find remote ref|unable to access/i, code: "git.clone-failed" },
];

/** GitHub's words to an App without the permission, and to a token without the scope; API and git say the same. */
export const WITHOUT_WORKFLOWS =
  /refusing to allow .{1,80} to create or update workflow .{1,400} without `workflows?`/i;

/** A line or two under a thread. */
const MAX_DETAIL_CHARS = 500;

/** `otherwise`: what a failure of this command means when git says nothing that we know. */
export function gitFailure(
  result: Pick<CommandResult, "stderr">,
  otherwise: GitFailureCode,
): { code: GitFailureCode; detail: string } {
  const meaning = MEANINGS.find(({ says }) => says.test(result.stderr));
  return { code: meaning?.code ?? otherwise, detail: relevantLine(result.stderr) };
}

/** What became of the one ref that was pushed, by the line that `--porcelain` promises for it. */
export type PushOutcome = { is: "pushed" } | { is: "raced" } | { is: "refused"; code: GitFailureCode; detail: string };

export function pushOutcome(result: Pick<CommandResult, "code" | "stdout" | "stderr">): PushOutcome {
  if (result.code === 0) return { is: "pushed" };
  const reason = /^!\t[^\t]*\t\[(.+?)\](?: \((.*)\))?$/m.exec(result.stdout);
  if (!reason) return { is: "refused", ...gitFailure(result, "git.push-refused") };
  const [, verdict, why = ""] = reason;
  // Somebody was faster: seen before the push (`rejected`), or while the server took it (its lock on the ref).
  if (verdict === "rejected" || /cannot lock ref|failed to update ref|incorrect old value|fetch first/i.test(why)) {
    return { is: "raced" };
  }
  const said = remoteLines(result.stderr);
  const detail = [...said, why].filter((line) => line).join(" · ");
  const code = WITHOUT_WORKFLOWS.test(detail) ? "git.workflows" : "git.push-refused";
  return { is: "refused", code, detail: detail.slice(0, MAX_DETAIL_CHARS) };
}

/** The server's own words when it had any, else git's verdict. */
export function relevantLine(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const verdict = lines.find((line) => /^(fatal|error):/.test(line)) ?? lines.find((line) => line) ?? "git failed";
  return [...remoteLines(stderr), verdict].join(" · ").slice(0, MAX_DETAIL_CHARS);
}

/** At most three, without the empty ones that servers use as a frame. */
function remoteLines(stderr: string): string[] {
  const lines = stderr.split("\n").flatMap((line) => /^remote:\s*(.+?)\s*$/.exec(line)?.[1] ?? []);
  return lines.filter((line) => /[\w]/.test(line)).slice(0, 3);
}
