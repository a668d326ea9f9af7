/** What happens to issues, whoever does it: opened, edited, labelled, assigned, closed. Each deed tells the webhooks. */
import type { IssuesEvent, PullRequestEvent, WebhookEventMap } from "@octokit/webhooks-types";
import { type Hub, isPull, type Own, timestamp } from "../hub.ts";
import { type FieldProblem, validationFailed } from "../problem.ts";
import { type FullIssue, renderIssue } from "../render/issues.ts";
import { renderPull } from "../render/pulls.ts";
import { renderLabel, renderUser } from "../render/shared.ts";
import type { Account, By, Issue, IssueEvent, Label, Repository } from "../state.ts";

const MAX_BODY_CHARACTERS = 65_536;
const MAX_TITLE_CHARACTERS = 256;

export interface IssueDraft {
  title: string;
  body: string | null;
  labels?: string[];
  assignees?: string[];
}

export function openIssue(hub: Hub, repository: Repository, by: By, draft: IssueDraft): Issue {
  checkBody("Issue", draft.body);
  const issue = newIssue(hub, repository, by, draft);
  hub.webhooks.emit(
    "issues",
    { repository, by },
    {
      action: "opened",
      issue: { ...renderIssue(hub, issue), state: "open", closed_at: null },
    },
  );
  addLabels(hub, issue, by, draft.labels ?? []);
  assign(hub, issue, by, draft.assignees ?? []);
  return issue;
}

/** The shared beginning of issues and pull requests: both count in one row of numbers. */
export function newIssue(hub: Hub, repository: Repository, by: By, draft: IssueDraft): Issue {
  if (draft.title.trim() === "") throw validationFailed({ resource: "Issue", code: "missing_field", field: "title" });
  if ([...draft.title].length > MAX_TITLE_CHARACTERS) {
    throw validationFailed({
      resource: "Issue",
      code: "custom",
      field: "title",
      message: "title is too long (maximum is 256 characters)",
    });
  }
  const now = timestamp(hub);
  const issue: Issue = {
    id: hub.nextId("issue"),
    number: repository.issues.size + 1,
    repository,
    by,
    title: draft.title,
    body: draft.body,
    state: "open",
    stateReason: null,
    labels: [],
    assignees: [],
    comments: [],
    reactions: [],
    events: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    pull: null,
  };
  repository.issues.set(issue.number, issue);
  return issue;
}

/** GitHub counts characters, not bytes: an emoji is one. */
export function checkBody(resource: string, body: string | null): void {
  if (body === null || [...body].length <= MAX_BODY_CHARACTERS) return;
  const problem: FieldProblem =
    resource === "IssueComment"
      ? { resource, code: "unprocessable", field: "data", message: "Body is too long (maximum is 65536 characters)" }
      : { resource, code: "custom", field: "body", message: "body is too long (maximum is 65536 characters)" };
  throw validationFailed(problem);
}

export interface IssueChange {
  title?: string;
  body?: string | null;
  state?: "open" | "closed";
  stateReason?: string | null;
}

export function editIssue(hub: Hub, issue: Issue, by: By, change: IssueChange): void {
  if (change.body !== undefined) checkBody(issue.pull ? "PullRequest" : "Issue", change.body);
  const before = { title: issue.title, body: issue.body };
  if (change.title !== undefined) issue.title = change.title;
  if (change.body !== undefined) issue.body = change.body;
  const changes = {
    ...(issue.title === before.title ? {} : { title: { from: before.title } }),
    ...(issue.body === before.body ? {} : { body: { from: before.body ?? "" } }),
  };
  if (Object.keys(changes).length > 0) {
    touch(hub, issue);
    tell(hub, issue, by, { action: "edited", changes });
  }
  if (change.state !== undefined && change.state !== issue.state)
    setState(hub, issue, by, change.state, change.stateReason);
}

export function setState(hub: Hub, issue: Issue, by: By, state: "open" | "closed", reason?: string | null): void {
  touch(hub, issue);
  issue.state = state;
  issue.closedAt = state === "closed" ? timestamp(hub) : null;
  issue.stateReason = issue.pull ? null : state === "closed" ? (reason ?? "completed") : "reopened";
  addEvent(hub, issue, by, state === "closed" ? "closed" : "reopened", {});
  tell(hub, issue, by, { action: state === "closed" ? "closed" : "reopened" });
}

/** Labels that the repository does not know yet are made, as GitHub does. */
export function addLabels(hub: Hub, issue: Issue, by: By, names: string[]): void {
  for (const name of names) {
    if (findLabel(issue.labels, name)) continue;
    const label = findLabel(issue.repository.labels, name) ?? createLabel(hub, issue.repository, name);
    issue.labels.push(label);
    touch(hub, issue);
    addEvent(hub, issue, by, "labeled", { label });
    tell(hub, issue, by, { action: "labeled", label: renderLabel(hub, issue.repository, label) });
  }
}

export function removeLabel(hub: Hub, issue: Issue, by: By, label: Label): void {
  issue.labels = issue.labels.filter((one) => one !== label);
  touch(hub, issue);
  addEvent(hub, issue, by, "unlabeled", { label });
  tell(hub, issue, by, { action: "unlabeled", label: renderLabel(hub, issue.repository, label) });
}

export function findLabel(labels: Label[], name: string): Label | undefined {
  return labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
}

export function createLabel(hub: Hub, repository: Repository, name: string, color = "ededed"): Label {
  const label = { id: hub.nextId("label"), name, color, description: null };
  repository.labels.push(label);
  return label;
}

/** Whoever cannot be assigned is passed over without a word, as GitHub does. Apps are among them. */
export function assign(hub: Hub, issue: Issue, by: By, logins: string[]): void {
  for (const account of assignable(hub, issue, logins)) {
    if (issue.assignees.includes(account)) continue;
    issue.assignees.push(account);
    touch(hub, issue);
    addEvent(hub, issue, by, "assigned", { assignee: account });
    tell(hub, issue, by, { action: "assigned", assignee: renderUser(hub, account) });
  }
}

export function unassign(hub: Hub, issue: Issue, by: By, logins: string[]): void {
  for (const account of assignable(hub, issue, logins).filter((one) => issue.assignees.includes(one))) {
    issue.assignees = issue.assignees.filter((one) => one !== account);
    touch(hub, issue);
    addEvent(hub, issue, by, "unassigned", { assignee: account });
    tell(hub, issue, by, { action: "unassigned", assignee: renderUser(hub, account) });
  }
}

function assignable(hub: Hub, issue: Issue, logins: string[]): Account[] {
  const { owner, collaborators } = issue.repository;
  return logins
    .map((login) => login.toLowerCase())
    .filter((login) => owner.login.toLowerCase() === login || owner.members.has(login) || collaborators.has(login))
    .flatMap((login) => hub.accounts.get(login) ?? []);
}

export function touch(hub: Hub, issue: Issue): void {
  issue.updatedAt = timestamp(hub);
}

export function addEvent(
  hub: Hub,
  issue: Issue,
  by: By,
  event: IssueEvent["event"],
  about: { label?: Label; assignee?: Account },
): void {
  issue.events.push({
    id: hub.nextId("event"),
    event,
    actor: by.account,
    createdAt: timestamp(hub),
    label: about.label ?? null,
    assignee: about.assignee ?? null,
  });
}

type Told = { action: string } & Record<string, unknown>;

/** The same deed is an `issues` event on an issue and a `pull_request` event on a pull request. */
export function tell(hub: Hub, issue: Issue, by: By, what: Told): void {
  const about = { repository: issue.repository, by };
  if (isPull(issue)) {
    const payload = { number: issue.number, pull_request: renderPull(hub, issue), ...what };
    hub.webhooks.emit("pull_request", about, payload as Own<PullRequestEvent>);
    return;
  }
  const payload: { issue: FullIssue } & Told = { issue: renderIssue(hub, issue), ...what };
  hub.webhooks.emit("issues", about, payload as Own<IssuesEvent> & Own<WebhookEventMap["issues"]>);
}
