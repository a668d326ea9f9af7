/** Pull requests: open, find, read, change, merge, and what they change. */
import { z } from "zod";
import { hasRole, mayChange } from "../access.ts";
import { editIssue, tell } from "../actions/issues.ts";
import { mergePull } from "../actions/merge.ts";
import { computeMergeable, measure, openPull } from "../actions/pulls.ts";
import { branchSha, git } from "../git.ts";
import { changedFiles, log } from "../git-log.ts";
import { findAccount, isPull } from "../hub.ts";
import { notForToken, unprocessable, validationFailed } from "../problem.ts";
import { renderPull, renderSimplePull } from "../render/pulls.ts";
import { renderUser } from "../render/shared.ts";
import { actingBy, bodyOf, created, ok, paged, pullOf, type RepoCall, type Route, repoRoute } from "../router.ts";
import type { PullIssue } from "../state.ts";
import { renderCommit, renderFile } from "./git-data.ts";

const read = { needs: ["pull_requests:read" as const] };
const write = { needs: ["pull_requests:write" as const] };

export const pullRoutes: Route[] = [
  repoRoute("GET /repos/{owner}/{repo}/pulls", read, (call) =>
    paged(
      call,
      matching(call).map((issue) => renderSimplePull(call.hub, issue)),
    ),
  ),
  repoRoute("POST /repos/{owner}/{repo}/pulls", { ...write, creates: true }, create),
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}", read, async (call) => {
    const issue = pullOf(call);
    const { directory } = call.repository;
    const format = /\b(diff|patch)\b/.exec(call.accept)?.[1];
    if (format) {
      const range = `${issue.pull.base.sha}...${issue.pull.head.sha}`;
      const text = format === "diff" ? ["diff", range] : ["format-patch", "--stdout", range.replace("...", "..")];
      return ok(await git(directory, text), { "content-type": `application/vnd.github.${format}; charset=utf-8` });
    }
    if (issue.state === "open") {
      await measure(issue);
      await computeMergeable(issue);
    }
    return ok(renderPull(call.hub, issue));
  }),
  repoRoute("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", write, change),
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", read, async (call) => {
    const { pull } = pullOf(call);
    const files = await changedFiles(call.repository.directory, pull.base.sha, pull.head.sha);
    return paged(
      call,
      files.map((file) => renderFile(call, pull.head.sha, file)),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}/commits", read, async (call) => {
    const { pull } = pullOf(call);
    const commits = await log(call.repository.directory, [`${pull.base.sha}..${pull.head.sha}`]);
    return paged(
      call,
      commits.reverse().map((one) => renderCommit(call.hub, call.repository, one)),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/pulls/{pull_number}/merge", read, (call) => ({
    status: pullOf(call).pull.mergedAt ? 204 : 404,
  })),
  repoRoute("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", { needs: ["contents:write"], role: "write" }, merge),
  repoRoute(
    "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
    { ...write, role: "write" },
    requestReviewers,
  ),
];

/** GitHub looks at `head` only in the form `owner:branch`; a bare branch name filters nothing. */
function matching({ repository, query }: RepoCall): PullIssue[] {
  const state = query.get("state") ?? "open";
  const head = query.get("head");
  const base = query.get("base");
  const label = ({ pull }: PullIssue) => `${pull.head.repository.owner.login}:${pull.head.ref}`.toLowerCase();
  const found = [...repository.issues.values()]
    .filter(isPull)
    .filter((issue) => state === "all" || issue.state === state)
    .filter((issue) => !head?.includes(":") || label(issue) === head.toLowerCase())
    .filter((issue) => base === null || issue.pull.base.ref === base);
  return query.get("direction") === "asc" ? found : found.toReversed();
}

const PullWish = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  head: z.string(),
  base: z.string(),
  draft: z.boolean().optional(),
  maintainer_can_modify: z.boolean().optional(),
});

async function create(call: RepoCall) {
  const wish = bodyOf(call, PullWish);
  if (!wish.title) throw validationFailed({ resource: "PullRequest", code: "missing_field", field: "title" });
  const issue = await openPull(call.hub, call.repository, actingBy(call), {
    title: wish.title,
    body: wish.body ?? null,
    head: wish.head,
    base: wish.base,
    draft: wish.draft ?? false,
    maintainerCanModify: wish.maintainer_can_modify ?? true,
  });
  return created(renderPull(call.hub, issue));
}

const PullChange = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(["open", "closed"]).optional(),
  base: z.string().optional(),
});

async function change(call: RepoCall) {
  const { hub, repository, actor } = call;
  const issue = pullOf(call);
  const wish = bodyOf(call, PullChange);
  if (!mayChange(actor, repository, issue.by.account)) throw notForToken();
  if (wish.state === "open" && issue.pull.mergedAt) {
    throw validationFailed({ resource: "PullRequest", code: "invalid", field: "state" });
  }
  if (wish.base !== undefined && wish.base !== issue.pull.base.ref) await rebase(call, issue, wish.base);
  editIssue(hub, issue, actingBy(call), {
    ...(wish.title === undefined ? {} : { title: wish.title }),
    ...(wish.body === undefined ? {} : { body: wish.body }),
    ...(wish.state === undefined ? {} : { state: wish.state }),
  });
  return ok(renderPull(hub, issue));
}

async function rebase(call: RepoCall, issue: PullIssue, ref: string): Promise<void> {
  const sha = await branchSha(call.repository.directory, ref);
  if (!sha) throw validationFailed({ resource: "PullRequest", code: "invalid", field: "base" });
  const from = issue.pull.base;
  issue.pull.base = { ref, sha };
  await measure(issue);
  tell(call.hub, issue, actingBy(call), {
    action: "edited",
    changes: { base: { ref: { from: from.ref }, sha: { from: from.sha } } },
  });
}

const MergeBody = z.object({
  merge_method: z.enum(["merge", "squash", "rebase"]).optional(),
  sha: z.string().optional(),
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
});

async function merge(call: RepoCall) {
  const body = bodyOf(call, MergeBody);
  const sha = await mergePull(call.hub, pullOf(call), actingBy(call), {
    method: body.merge_method ?? "merge",
    ...(body.sha === undefined ? {} : { sha: body.sha }),
    ...(body.commit_title === undefined ? {} : { title: body.commit_title }),
    ...(body.commit_message === undefined ? {} : { message: body.commit_message }),
  });
  return ok({ sha, merged: true, message: "Pull Request successfully merged" });
}

function requestReviewers(call: RepoCall) {
  const { hub, repository } = call;
  const issue = pullOf(call);
  const { reviewers = [] } = bodyOf(call, z.object({ reviewers: z.array(z.string()).optional() }));
  const accounts = reviewers.map((login) => findAccount(hub, login));
  // Apps cannot be asked for a review, nor people who cannot see the repository.
  const people = accounts
    .filter((one) => one?.type === "User" && hasRole(one, repository, "read"))
    .filter((one) => one !== undefined);
  if (people.length < reviewers.length) {
    throw unprocessable(
      "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.",
    );
  }
  for (const account of people.filter((one) => !issue.pull.requestedReviewers.includes(one))) {
    issue.pull.requestedReviewers.push(account);
    tell(hub, issue, actingBy(call), { action: "review_requested", requested_reviewer: renderUser(hub, account) });
  }
  return created(renderSimplePull(hub, issue));
}
