/** Check suites and runs: CI's, told to the bot by `check_suite`, and the bot's own. */
import type { CheckRunCreatedEvent, CheckSuiteCompletedEvent, StatusEvent } from "@octokit/webhooks-types";
import { oneCommit } from "../git-log.ts";
import { fullName, type Hub, isPull, timestamp } from "../hub.ts";
import { nodeId, renderApp, repositoryUrl } from "../render/shared.ts";
import type { App, By, CheckRun, CheckSuite, CommitStatus, Conclusion, Repository } from "../state.ts";

/** One suite per app and commit. */
export function suiteFor(
  hub: Hub,
  repository: Repository,
  app: App,
  head: { sha: string; branch: string | null },
): CheckSuite {
  const same = repository.checkSuites.find((one) => one.app === app && one.headSha === head.sha);
  if (same) return same;
  const now = timestamp(hub);
  const suite: CheckSuite = {
    id: hub.nextId("suite"),
    app,
    headSha: head.sha,
    headBranch: head.branch,
    status: "queued",
    conclusion: null,
    createdAt: now,
    updatedAt: now,
  };
  repository.checkSuites.push(suite);
  return suite;
}

export type RunDraft = Pick<CheckRun, "name" | "status" | "conclusion" | "detailsUrl" | "output">;

export function addRun(hub: Hub, repository: Repository, suite: CheckSuite, draft: RunDraft): CheckRun {
  const now = timestamp(hub);
  const completedAt = draft.status === "completed" ? now : null;
  const run: CheckRun = { id: hub.nextId("run"), suite, headSha: suite.headSha, startedAt: now, completedAt, ...draft };
  repository.checkRuns.push(run);
  return run;
}

export async function completeSuite(
  hub: Hub,
  repository: Repository,
  suite: CheckSuite,
  conclusion: Conclusion,
  by: By,
): Promise<void> {
  suite.status = "completed";
  suite.conclusion = conclusion;
  suite.updatedAt = timestamp(hub);
  const check_suite = await renderSuite(hub, repository, suite);
  hub.webhooks.emit("check_suite", { repository, by }, { action: "completed", check_suite });
}

export async function renderSuite(
  hub: Hub,
  repository: Repository,
  suite: CheckSuite,
): Promise<CheckSuiteCompletedEvent["check_suite"]> {
  const url = `${repositoryUrl(hub, repository)}/check-suites/${suite.id}`;
  const commit = await oneCommit(repository.directory, suite.headSha);
  return {
    id: suite.id,
    node_id: nodeId("CS", suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: suite.status,
    conclusion: suite.conclusion,
    url,
    before: commit?.parents[0] ?? null,
    after: suite.headSha,
    pull_requests: pullsAt(hub, repository, suite.headSha),
    app: renderApp(hub, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
    rerequestable: true,
    runs_rerequestable: true,
    latest_check_runs_count: repository.checkRuns.filter((run) => run.suite === suite).length,
    check_runs_url: `${url}/check-runs`,
    head_commit: {
      id: suite.headSha,
      tree_id: commit?.tree ?? "",
      message: commit?.message ?? "",
      timestamp: commit?.committer.date ?? suite.createdAt,
      author: { name: commit?.author.name ?? "", email: commit?.author.email ?? "" },
      committer: { name: commit?.committer.name ?? "", email: commit?.committer.email ?? "" },
    },
  };
}

/** Empty for a fork's pull request: GitHub lists only those from the repository itself. */
function pullsAt(
  hub: Hub,
  repository: Repository,
  sha: string,
): CheckSuiteCompletedEvent["check_suite"]["pull_requests"] {
  const repo = { id: repository.id, url: repositoryUrl(hub, repository), name: repository.name };
  return [...repository.issues.values()]
    .filter(isPull)
    .filter(
      (issue) => issue.state === "open" && issue.pull.head.sha === sha && issue.pull.head.repository === repository,
    )
    .map(({ number, pull }) => ({
      url: `${repositoryUrl(hub, repository)}/pulls/${number}`,
      id: pull.id,
      number,
      head: { ref: pull.head.ref, sha: pull.head.sha, repo },
      base: { ref: pull.base.ref, sha: pull.base.sha, repo },
    }));
}

export function renderRun(hub: Hub, repository: Repository, run: CheckRun) {
  const url = `${repositoryUrl(hub, repository)}/check-runs/${run.id}`;
  return {
    id: run.id,
    node_id: nodeId("CR", run.id),
    name: run.name,
    head_sha: run.headSha,
    external_id: run.externalId ?? "",
    url,
    html_url: `${hub.url}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: { ...run.output, annotations_count: run.annotations?.length ?? 0, annotations_url: `${url}/annotations` },
    check_suite: { id: run.suite.id },
    app: renderApp(hub, run.suite.app),
    pull_requests: pullsAt(hub, repository, run.headSha),
  };
}

/** What a check run's own event has of it: what REST shows, with the whole suite. */
export async function tellRunBegun(hub: Hub, repository: Repository, run: CheckRun, by: By): Promise<void> {
  const { details_url, ...shown } = renderRun(hub, repository, run);
  const check_suite = await renderSuite(hub, repository, run.suite);
  const check_run = { ...shown, ...(details_url === null ? {} : { details_url }), check_suite };
  // The compiler does not see which of the states it is in.
  const begun = check_run as CheckRunCreatedEvent["check_run"];
  hub.webhooks.emit("check_run", { repository, by }, { action: "created", check_run: begun });
}

export const renderStatus = ({ id, state, context, description, targetUrl = null, createdAt }: CommitStatus) => ({
  ...{ id, state, context, description, target_url: targetUrl },
  ...{ created_at: createdAt, updated_at: createdAt },
});

/** A CI that is no App says how far it is; GitHub names the branches whose head the commit is. */
export async function setStatus(
  hub: Hub,
  repository: Repository,
  draft: Pick<CommitStatus, "sha" | "context" | "state" | "by"> &
    Partial<Pick<CommitStatus, "description" | "targetUrl">>,
  branches: string[],
): Promise<void> {
  const made = { id: hub.nextId("status"), createdAt: timestamp(hub) };
  const status: CommitStatus = { description: null, ...draft, ...made };
  repository.statuses.push(status);
  const { sha, by } = status;
  const url = `${repositoryUrl(hub, repository)}/commits/${sha}`;
  const named = branches.map((name) => ({ name, commit: { sha, url }, protected: false }));
  // As much of the commit as names it.
  const commit = { sha, url } as StatusEvent["commit"];
  const own = { ...renderStatus(status), sha, commit, name: fullName(repository), branches: named };
  hub.webhooks.emit("status", { repository, by }, own);
}
