/** Jobs of GitHub Actions, which are check runs of its App with a log, and what Apps noted in files. */
import { type Hub, timestamp } from "../hub.ts";
import { logAddress } from "../job-logs.ts";
import { ApiProblem, notFound } from "../problem.ts";
import { repositoryUrl } from "../render/shared.ts";
import { ok, paged, type RepoCall, type Route, repoRoute } from "../router.ts";
import type { Annotation, CheckRun } from "../state.ts";

const actions = { needs: ["actions:read" as const] };

export const jobRoutes: Route[] = [
  repoRoute("GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", { needs: ["checks:read"] }, (call) => {
    const run = runOf(call, Number(call.params.check_run_id));
    return paged(
      call,
      (run.annotations ?? []).map((one) => renderAnnotation(call.hub, run, one)),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/actions/jobs/{job_id}", actions, (call) => ok(renderJob(call, jobOf(call)))),
  // "Returns a redirect URL to download a plain text file of logs. This link expires after 1 minute."
  repoRoute("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs", actions, (call) => {
    const job = jobOf(call);
    if (job.log === undefined) throw new ApiProblem(410, "Server Error - Gone");
    return { status: 302, headers: { location: logAddress(call.hub, job) } };
  }),
];

function runOf({ repository }: RepoCall, id: number): CheckRun {
  const run = repository.checkRuns.find((one) => one.id === id);
  if (!run) throw notFound();
  return run;
}

function jobOf(call: RepoCall): CheckRun {
  const run = runOf(call, Number(call.params.job_id));
  if (run.suite.app.slug !== "github-actions") throw notFound();
  return run;
}

export function renderAnnotation(hub: Hub, run: CheckRun, { path, line, level, message }: Annotation) {
  return {
    ...{ path, start_line: line, end_line: line, start_column: null, end_column: null },
    ...{ annotation_level: level, title: null, message, raw_details: null },
    blob_href: `${hub.url}/blob/${run.headSha}/${path}`,
  };
}

export function renderJob({ hub, repository }: Pick<RepoCall, "hub" | "repository">, run: CheckRun) {
  const root = repositoryUrl(hub, repository);
  const { id, name, headSha: head_sha, status, conclusion, startedAt, completedAt } = run;
  return {
    ...{ id, name, head_sha, status, conclusion, node_id: `CR_${id}`, run_id: id, run_attempt: 1 },
    ...{ url: `${root}/actions/jobs/${id}`, run_url: `${root}/actions/runs/${id}` },
    ...{ html_url: run.detailsUrl, check_run_url: `${root}/check-runs/${id}` },
    ...{ created_at: startedAt, started_at: startedAt, completed_at: completedAt ?? timestamp(hub) },
    ...{ steps: [], labels: ["ubuntu-latest"], workflow_name: "CI", head_branch: run.suite.headBranch },
    ...{ runner_id: 1, runner_name: "GitHub Actions 1", runner_group_id: 0, runner_group_name: "GitHub Actions" },
  };
}
