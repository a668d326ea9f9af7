/** Check runs and suites. Only apps write them. */
import { z } from "zod";
import { addRun, renderRun, renderStatus, renderSuite, suiteFor } from "../actions/checks.ts";
import { tellOwnRun } from "../actions/own-checks.ts";
import { refs, resolveCommit } from "../git.ts";
import { timestamp } from "../hub.ts";
import { notForToken, notFound, unprocessable } from "../problem.ts";
import { bodyOf, created, ok, paged, type RepoCall, type Route, repoRoute } from "../router.ts";
import type { CheckRun } from "../state.ts";
import { jobRoutes } from "./jobs.ts";

const read = { needs: ["checks:read" as const] };
const write = { needs: ["checks:write" as const], role: "write" as const };

export const checkRoutes: Route[] = [
  ...jobRoutes,
  repoRoute("POST /repos/{owner}/{repo}/check-runs", write, create),
  repoRoute("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", write, async (call) => {
    const run = runOf(call);
    if (run.suite.app !== appOf(call)) throw notFound();
    const wasCompleted = run.status === "completed";
    Object.assign(run, changesOf(call, bodyOf(call, RunChange), run));
    if (!wasCompleted) await tellOwnRun(call.hub, call.repository, run);
    return ok(renderRun(call.hub, call.repository, run));
  }),
  repoRoute("GET /repos/{owner}/{repo}/check-runs/{check_run_id}", read, (call) =>
    ok(renderRun(call.hub, call.repository, runOf(call))),
  ),
  repoRoute("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", read, async (call) => {
    const sha = await shaOf(call);
    const [name, app] = [call.query.get("check_name"), call.query.get("app_id")];
    const all = call.repository.checkRuns
      .filter((run) => run.headSha === sha)
      .filter((run) => (name === null || run.name === name) && (app === null || run.suite.app.id === Number(app)));
    const runs = call.query.get("filter") === "all" ? all : newestRuns(all);
    return paged(
      call,
      runs.map((run) => renderRun(call.hub, call.repository, run)),
      (page) => ({
        total_count: runs.length,
        check_runs: page,
      }),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/commits/{ref}/check-suites", read, async (call) => {
    const sha = await shaOf(call);
    const suites = call.repository.checkSuites.filter((suite) => suite.headSha === sha);
    const rendered = await Promise.all(suites.map((suite) => renderSuite(call.hub, call.repository, suite)));
    return paged(call, rendered, (page) => ({ total_count: suites.length, check_suites: page }));
  }),
  repoRoute("GET /repos/{owner}/{repo}/commits/{ref}/status", { needs: ["statuses:read"] }, async (call) =>
    combined(call, await shaOf(call)),
  ),
];

/** "Filters check runs by their `completed_at` timestamp. `latest` returns the most recent check runs", which is the default. */
const newestRuns = (runs: CheckRun[]): CheckRun[] => [
  ...new Map(runs.map((run) => [`${run.suite.app.id}/${run.name}`, run])).values(),
];

/** "`failure` if any of the contexts report as error or failure; `pending` if there are no statuses or a context is pending; `success`". */
function combined(call: RepoCall, sha: string) {
  const ofCommit = call.repository.statuses.filter((status) => status.sha === sha);
  const latest = [...new Map(ofCommit.map((status) => [status.context, status])).values()];
  const states = latest.map(({ state }) => state);
  const failed = states.some((state) => state === "failure" || state === "error");
  const passed = states.length > 0 && states.every((state) => state === "success");
  return paged(
    call,
    latest.map((status) => renderStatus(status)),
    (statuses) => ({
      ...{ state: failed ? "failure" : passed ? "success" : "pending", sha, statuses },
      total_count: latest.length,
    }),
  );
}

async function shaOf(call: RepoCall): Promise<string> {
  const sha = await resolveCommit(call.repository.directory, call.params.ref ?? "");
  if (!sha) throw unprocessable(`No commit found for SHA: ${call.params.ref}`);
  return sha;
}

function runOf(call: RepoCall): CheckRun {
  const run = call.repository.checkRuns.find((one) => one.id === Number(call.params.check_run_id));
  if (!run) throw notFound();
  return run;
}

function appOf({ actor }: RepoCall) {
  if (actor.is !== "installation") throw notForToken();
  return actor.installation.app;
}

const MAX_TEXT = 65_535;
const RunChange = z.object({
  name: z.string().optional(),
  status: z.enum(["queued", "in_progress", "completed"]).optional(),
  conclusion: z
    .enum(["success", "failure", "neutral", "cancelled", "timed_out", "action_required", "stale"])
    .optional(),
  external_id: z.string().optional(),
  details_url: z.string().optional(),
  output: z
    .object({ title: z.string(), summary: z.string().max(MAX_TEXT), text: z.string().max(MAX_TEXT).optional() })
    .optional(),
});
const RunWish = RunChange.extend({ name: z.string(), head_sha: z.string() });

async function create(call: RepoCall) {
  const { hub, repository } = call;
  const app = appOf(call);
  const wish = bodyOf(call, RunWish);
  const sha = await resolveCommit(repository.directory, wish.head_sha);
  if (sha !== wish.head_sha) throw unprocessable(`No commit found for SHA: ${wish.head_sha}`);
  const heads = await refs(repository.directory, "refs/heads/");
  const branch = [...heads].find(([, tip]) => tip === sha)?.[0].slice("refs/heads/".length) ?? null;
  const suite = suiteFor(hub, repository, app, { sha, branch });
  const blank = { name: wish.name, status: "queued", conclusion: null, detailsUrl: null, output: NO_OUTPUT } as const;
  const run = addRun(hub, repository, suite, blank);
  Object.assign(run, changesOf(call, wish, run));
  await tellOwnRun(hub, repository, run);
  return created(renderRun(hub, repository, run));
}

const NO_OUTPUT = { title: null, summary: null, text: null };

/** A conclusion completes the run, said or not. */
function changesOf(call: RepoCall, wish: z.output<typeof RunChange>, run: CheckRun): Partial<CheckRun> {
  const status = wish.conclusion ? "completed" : (wish.status ?? run.status);
  return {
    status,
    name: wish.name ?? run.name,
    ...(wish.external_id === undefined ? {} : { externalId: wish.external_id }),
    conclusion: wish.conclusion ?? run.conclusion,
    detailsUrl: wish.details_url ?? run.detailsUrl,
    output: wish.output ? { ...wish.output, text: wish.output.text ?? null } : run.output,
    completedAt: status === "completed" ? (run.completedAt ?? timestamp(call.hub)) : null,
  };
}
