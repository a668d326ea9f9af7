/** Which checks on a commit say something of the work, and what. */

/** As GitHub colours them: what was cancelled or ran out of time has failed. */
const PASSED: ReadonlySet<string> = new Set(["success", "neutral", "skipped"]);

interface Run {
  status: string;
  conclusion?: string | null | undefined;
  app?: { id: number } | null | undefined;
}

/** Our own says nothing of the work: it only tells of it. `ownApp` is null where we are no App, and make none. */
export const isForeign = ({ app }: Run, ownApp: number | null): boolean => ownApp === null || app?.id !== ownApp;

export function standingOf({ status, conclusion }: Run): "passed" | "failed" | "running" {
  if (status !== "completed") return "running";
  return PASSED.has(conclusion ?? "") ? "passed" : "failed";
}
