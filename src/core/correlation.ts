/**
 * Thread, issue, pull request, branch <-> key text. The only place that spells a key.
 * Repositories are named by GitHub's immutable numeric id, so a rename changes nothing and a fork's branch is never ours.
 */
import type { CorrelationKey, Thread } from "./types.ts";

export const slackThreadKey = (team: string, channel: string, threadTs: string): CorrelationKey =>
  `slack:thread:${team}/${channel}/${threadTs}`;

export const githubIssueKey = (repoId: number | string, number: number): CorrelationKey =>
  `github:issue:${repoId}#${number}`;

export const githubPullRequestKey = (repoId: number | string, number: number): CorrelationKey =>
  `github:pr:${repoId}#${number}`;

/** `repoId` is GitHub's numeric id, or the canonical URL of a plain git remote. */
export const branchKey = (repoId: number | string, branch: string): CorrelationKey => `git:branch:${repoId}:${branch}`;

export const webThreadKey = (id: string): CorrelationKey => `web:thread:${id}`;

export const apiKey = (client: string, id: string): CorrelationKey => `api:${client}/${id}`;

/** `time` is when it fired, to the minute. */
export const scheduleKey = (name: string, time: string): CorrelationKey => `schedule:${name}/${time}`;

/** The key of the place itself, without what is known of its branch. */
export function threadKey(thread: Thread): CorrelationKey {
  switch (thread.surface) {
    case "slack":
      return slackThreadKey(thread.team, thread.channel, thread.threadTs);
    case "github":
      return thread.is === "pr"
        ? githubPullRequestKey(thread.repo.id, thread.number)
        : githubIssueKey(thread.repo.id, thread.number);
    case "web":
      return webThreadKey(thread.id);
    case "terminal":
      return apiKey("terminal", thread.id);
    default:
      return thread satisfies never;
  }
}

/**
 * One spelling for every URL of the same plain git remote: scheme and host in lower case, no credentials, no default port,
 * no trailing slash, no `.git`. `git@host:path` becomes `ssh://host/path`.
 */
export function canonicalGitUrl(url: string): string {
  const parsed = new URL(spelledOut(url));
  const path = parsed.pathname.replace(/\/+$/, "").replace(/\.git$/, "");
  return `${parsed.protocol}//${parsed.host.toLowerCase()}${path}`;
}

/** False for a bare path, which git would take and which names no remote. */
export const isGitUrl = (url: string): boolean => URL.canParse(spelledOut(url));

function spelledOut(url: string): string {
  const scp = /^(?:[^@/]+@)?([^:/]+):(?!\/\/)(.+)$/.exec(url);
  return scp ? `ssh://${scp[1]}/${scp[2]}` : url;
}
