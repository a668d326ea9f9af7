/**
 * What our App asks for, each with its reason: the manifest of a new App, `doctor` and `docs/github.md` say the same as this. Chosen once:
 * every owner is asked again when an App wants more. `workflows` is left out on purpose, so that no order reaches the secrets of a CI.
 */

export interface GitHubPermission {
  /** As GitHub's API spells it. */
  name: string;
  /** As its pages call it. */
  title: string;
  access: "read" | "write";
}

export const GITHUB_PERMISSIONS: readonly GitHubPermission[] = [
  { name: "metadata", title: "Metadata", access: "read" },
  { name: "contents", title: "Contents", access: "write" },
  { name: "issues", title: "Issues", access: "write" },
  { name: "pull_requests", title: "Pull requests", access: "write" },
  { name: "checks", title: "Checks", access: "write" },
  { name: "statuses", title: "Commit statuses", access: "read" },
  { name: "actions", title: "Actions", access: "read" },
];

/** Those of installations are sent to every App. */
export const GITHUB_EVENTS: readonly string[] = [
  "issue_comment",
  "issues",
  "pull_request_review_comment",
  "pull_request_review",
  "pull_request",
  "check_suite",
  "check_run",
  "status",
  "push",
];
