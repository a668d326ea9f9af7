/**
 * What GitHub tells of a check run that an App wrote: that it was made, and when it is over that as well; and when all runs of its suite
 * are, that of the suite. The App that wrote it hears all of it, as every other one does.
 */
import type { CheckRunCompletedEvent, CheckRunCreatedEvent } from "@octokit/webhooks-types";
import { asUser, type Hub } from "../hub.ts";
import type { CheckRun, Conclusion, Repository } from "../state.ts";
import { completeSuite, renderRun, renderSuite } from "./checks.ts";

const toldOf = new WeakSet<CheckRun>();

export async function tellOwnRun(hub: Hub, repository: Repository, run: CheckRun): Promise<void> {
  const by = { ...asUser(run.suite.app.bot), app: run.suite.app };
  const { details_url, ...shown } = renderRun(hub, repository, run);
  const check_suite = await renderSuite(hub, repository, run.suite);
  const check_run = { ...shown, ...(details_url === null ? {} : { details_url }), check_suite };
  // The compiler does not see which of the states it is in.
  if (!toldOf.has(run)) {
    const begun = check_run as CheckRunCreatedEvent["check_run"];
    hub.webhooks.emit("check_run", { repository, by }, { action: "created", check_run: begun });
  }
  toldOf.add(run);
  if (run.status !== "completed") return;
  const over = check_run as CheckRunCompletedEvent["check_run"];
  hub.webhooks.emit("check_run", { repository, by }, { action: "completed", check_run: over });
  const runs = repository.checkRuns.filter(({ suite }) => suite === run.suite);
  if (runs.some(({ status }) => status !== "completed")) return;
  await completeSuite(hub, repository, run.suite, worstOf(runs), by);
}

/** "The highest priority check run conclusion": whatever failed goes before what passed. */
const worstOf = (runs: CheckRun[]): Conclusion =>
  (["failure", "timed_out", "action_required", "cancelled", "stale", "success"] as const).find((one) =>
    runs.some(({ conclusion }) => conclusion === one),
  ) ?? "neutral";
