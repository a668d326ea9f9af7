/** Issues: list, read, open, change, label, assign. Most of it serves pull requests as well. */
import { z } from "zod";
import { hasRole, mayChange } from "../access.ts";
import {
  addLabels,
  assign,
  createLabel,
  editIssue,
  findLabel,
  openIssue,
  removeLabel,
  unassign,
} from "../actions/issues.ts";
import { ApiProblem, notForToken, notFound, validationFailed } from "../problem.ts";
import { renderIssue, renderIssueEvent } from "../render/issues.ts";
import { renderLabel } from "../render/shared.ts";
import { actingBy, bodyOf, created, issueOf, ok, paged, type RepoCall, type Route, repoRoute } from "../router.ts";
import type { Issue } from "../state.ts";

const read = { needs: ["issues:read" as const, "pull_requests:read" as const] };
const write = { needs: ["issues:write" as const, "pull_requests:write" as const] };
const sort = { ...write, role: "triage" as const };

export const issueRoutes: Route[] = [
  repoRoute("GET /repos/{owner}/{repo}/issues", { needs: ["issues:read"] }, (call) =>
    paged(
      call,
      matching(call).map((issue) => renderIssue(call.hub, issue)),
    ),
  ),
  repoRoute("POST /repos/{owner}/{repo}/issues", { needs: ["issues:write"], creates: true }, create),
  repoRoute("GET /repos/{owner}/{repo}/issues/{issue_number}", read, (call) =>
    ok(renderIssue(call.hub, issueOf(call, "read"))),
  ),
  repoRoute("PATCH /repos/{owner}/{repo}/issues/{issue_number}", write, change),
  repoRoute("GET /repos/{owner}/{repo}/issues/{issue_number}/events", read, (call) => {
    const issue = issueOf(call, "read");
    return paged(
      call,
      issue.events.map((event) => renderIssueEvent(call.hub, issue, event)),
    );
  }),
  repoRoute("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", read, (call) =>
    labelsOf(call, issueOf(call, "read")),
  ),
  repoRoute("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", sort, (call) => {
    const issue = issueOf(call, "write");
    addLabels(call.hub, issue, actingBy(call), labelNames(call));
    return labelsOf(call, issue);
  }),
  repoRoute("PUT /repos/{owner}/{repo}/issues/{issue_number}/labels", sort, (call) => {
    const issue = issueOf(call, "write");
    setLabels(call, issue, labelNames(call));
    return labelsOf(call, issue);
  }),
  repoRoute("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", sort, (call) => {
    const issue = issueOf(call, "write");
    const label = findLabel(issue.labels, call.params.name ?? "");
    if (!label) throw new ApiProblem(404, "Label does not exist");
    removeLabel(call.hub, issue, actingBy(call), label);
    return labelsOf(call, issue);
  }),
  repoRoute("POST /repos/{owner}/{repo}/issues/{issue_number}/assignees", sort, (call) => {
    const issue = issueOf(call, "write");
    assign(call.hub, issue, actingBy(call), bodyOf(call, Assignees).assignees);
    return created(renderIssue(call.hub, issue));
  }),
  repoRoute("DELETE /repos/{owner}/{repo}/issues/{issue_number}/assignees", sort, (call) => {
    const issue = issueOf(call, "write");
    unassign(call.hub, issue, actingBy(call), bodyOf(call, Assignees).assignees);
    return ok(renderIssue(call.hub, issue));
  }),
  repoRoute("GET /repos/{owner}/{repo}/labels", { needs: ["issues:read", "pull_requests:read"] }, (call) =>
    paged(
      call,
      call.repository.labels.map((label) => renderLabel(call.hub, call.repository, label)),
    ),
  ),
  repoRoute(
    "POST /repos/{owner}/{repo}/labels",
    { needs: ["issues:write", "pull_requests:write"], role: "triage" },
    (call) => {
      const { name, color } = bodyOf(call, z.object({ name: z.string(), color: z.string().optional() }));
      if (findLabel(call.repository.labels, name)) {
        throw validationFailed({ resource: "Label", code: "already_exists", field: "name" });
      }
      return created(renderLabel(call.hub, call.repository, createLabel(call.hub, call.repository, name, color)));
    },
  ),
];

const Assignees = z.object({ assignees: z.array(z.string()) });
const Names = z.array(z.union([z.string(), z.object({ name: z.string() }).transform((label) => label.name)]));

/** Either `{labels: [...]}` or the bare list. */
function labelNames(call: RepoCall): string[] {
  return Array.isArray(call.body) ? bodyOf(call, Names) : bodyOf(call, z.object({ labels: Names })).labels;
}

function labelsOf(call: RepoCall, issue: Issue) {
  return ok(issue.labels.map((label) => renderLabel(call.hub, call.repository, label)));
}

function setLabels(call: RepoCall, issue: Issue, names: string[]): void {
  const kept = names.map((name) => name.toLowerCase());
  for (const label of issue.labels.filter((one) => !kept.includes(one.name.toLowerCase()))) {
    removeLabel(call.hub, issue, actingBy(call), label);
  }
  addLabels(call.hub, issue, actingBy(call), names);
}

/** Pull requests are in the list too: who wants issues alone looks at `pull_request`. */
function matching({ repository, query }: RepoCall): Issue[] {
  const state = query.get("state") ?? "open";
  const labels = (query.get("labels") ?? "").split(",").filter(Boolean);
  const since = query.get("since");
  const creator = query.get("creator");
  return [...repository.issues.values()]
    .filter((issue) => state === "all" || issue.state === state)
    .filter((issue) => labels.every((name) => findLabel(issue.labels, name)))
    .filter((issue) => since === null || Date.parse(issue.updatedAt) >= Date.parse(since))
    .filter((issue) => creator === null || issue.by.account.login === creator)
    .toReversed();
}

const IssueWish = z.object({
  title: z.union([z.string(), z.number().transform(String)]),
  body: z.string().nullish(),
  labels: Names.optional(),
  assignees: z.array(z.string()).optional(),
});

function create(call: RepoCall) {
  const { title, body, labels, assignees } = bodyOf(call, IssueWish);
  // Labels and assignees of somebody without triage are dropped in silence.
  const maySort = call.actor.is !== "person" || hasRole(call.actor.account, call.repository, "triage");
  const issue = openIssue(call.hub, call.repository, actingBy(call), {
    title,
    body: body ?? null,
    ...(maySort ? { labels: labels ?? [], assignees: assignees ?? [] } : {}),
  });
  return created(renderIssue(call.hub, issue));
}

const IssueChange = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(["open", "closed"]).optional(),
  state_reason: z.string().nullish(),
  labels: Names.optional(),
  assignees: z.array(z.string()).optional(),
});

function change(call: RepoCall) {
  const { hub, repository, actor } = call;
  const issue = issueOf(call, "write");
  const wish = bodyOf(call, IssueChange);
  const by = actingBy(call);
  if (!mayChange(actor, repository, issue.by.account)) throw actor.is === "person" ? notForToken() : notFound();
  editIssue(hub, issue, by, {
    ...(wish.title === undefined ? {} : { title: wish.title }),
    ...(wish.body === undefined ? {} : { body: wish.body }),
    ...(wish.state === undefined ? {} : { state: wish.state, stateReason: wish.state_reason ?? null }),
  });
  if (wish.labels) setLabels(call, issue, wish.labels);
  if (wish.assignees) {
    unassign(
      hub,
      issue,
      by,
      issue.assignees.map((one) => one.login).filter((login) => !wish.assignees?.includes(login)),
    );
    assign(hub, issue, by, wish.assignees);
  }
  return ok(renderIssue(hub, issue));
}
