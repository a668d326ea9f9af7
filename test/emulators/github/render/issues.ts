/** Issues and their comments in GitHub's words. A pull request's issue half is rendered here too. */
import type { IssueComment, Issue as IssueJson, Label, User } from "@octokit/webhooks-types";
import type { Hub } from "../hub.ts";
import type { Comment, Issue, IssueEvent, Reaction } from "../state.ts";
import {
  associationOf,
  htmlUrl,
  nodeId,
  renderApp,
  renderLabel,
  renderReactions,
  renderUser,
  repositoryUrl,
} from "./shared.ts";

export function issueUrl(hub: Hub, issue: Issue): string {
  return `${repositoryUrl(hub, issue.repository)}/issues/${issue.number}`;
}

export function issuePage(hub: Hub, issue: Issue): string {
  return `${htmlUrl(hub, issue.repository)}/${issue.pull ? "pull" : "issues"}/${issue.number}`;
}

/** With the optional fields there, which is what GitHub sends. */
export type FullIssue = IssueJson & {
  assignee: User | null;
  state: "open" | "closed";
  locked: boolean;
  labels: Label[];
};

export function renderIssue(hub: Hub, issue: Issue): FullIssue {
  const url = issueUrl(hub, issue);
  const assignees = issue.assignees.map((one) => renderUser(hub, one));
  return {
    url,
    repository_url: repositoryUrl(hub, issue.repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    timeline_url: `${url}/timeline`,
    html_url: issuePage(hub, issue),
    id: issue.id,
    node_id: nodeId("I", issue.id),
    number: issue.number,
    title: issue.title,
    user: renderUser(hub, issue.by.account),
    labels: issue.labels.map((label) => renderLabel(hub, issue.repository, label)),
    state: issue.state,
    state_reason: issue.stateReason,
    locked: false,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    comments: issue.comments.length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: associationOf(issue.by.account, issue.repository),
    active_lock_reason: null,
    body: issue.body,
    reactions: renderReactions(url, issue.reactions),
    performed_via_github_app: issue.by.app ? renderApp(hub, issue.by.app) : null,
    ...pullPart(hub, issue),
  };
}

function pullPart(hub: Hub, issue: Issue): Pick<IssueJson, "draft" | "pull_request"> {
  if (!issue.pull) return {};
  const page = issuePage(hub, issue);
  return {
    draft: issue.pull.draft,
    pull_request: {
      url: `${repositoryUrl(hub, issue.repository)}/pulls/${issue.number}`,
      html_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      merged_at: issue.pull.mergedAt,
    },
  };
}

export function renderComment(hub: Hub, issue: Issue, comment: Comment): IssueComment {
  const url = `${repositoryUrl(hub, issue.repository)}/issues/comments/${comment.id}`;
  return {
    url,
    html_url: `${issuePage(hub, issue)}#issuecomment-${comment.id}`,
    issue_url: issueUrl(hub, issue),
    id: comment.id,
    node_id: nodeId("IC", comment.id),
    user: renderUser(hub, comment.by.account),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: associationOf(comment.by.account, issue.repository),
    body: comment.body,
    reactions: renderReactions(url, comment.reactions),
    performed_via_github_app: comment.by.app ? renderApp(hub, comment.by.app) : null,
  };
}

export function renderReaction(hub: Hub, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: nodeId("REA", reaction.id),
    user: renderUser(hub, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}

export function renderIssueEvent(hub: Hub, issue: Issue, event: IssueEvent) {
  return {
    id: event.id,
    node_id: nodeId("LE", event.id),
    url: `${repositoryUrl(hub, issue.repository)}/issues/events/${event.id}`,
    actor: renderUser(hub, event.actor),
    event: event.event,
    commit_id: null,
    commit_url: null,
    created_at: event.createdAt,
    performed_via_github_app: null,
    ...(event.label ? { label: { name: event.label.name, color: event.label.color } } : {}),
    ...(event.assignee ? { assignee: renderUser(hub, event.assignee), assigner: renderUser(hub, event.actor) } : {}),
  };
}
