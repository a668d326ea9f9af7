/** What the emulated GitHub remembers. Plain data; the rules about it live in `actions/`, its outward shapes in `render/`. */

export type Role = "admin" | "maintain" | "write" | "triage" | "read";
export type Level = "read" | "write" | "admin";
export type Permissions = Record<string, Level>;
export type ReactionContent = "+1" | "-1" | "laugh" | "confused" | "heart" | "hooray" | "rocket" | "eyes";

export interface Account {
  id: number;
  login: string;
  type: "User" | "Organization" | "Bot";
  name: string;
  createdAt: string;
  /** Only an organization has members. A private membership does not show in `author_association`. */
  members: Map<string, { role: "owner" | "member"; isPublic: boolean }>;
}

export interface Label {
  id: number;
  name: string;
  color: string;
  description: string | null;
}

export interface Repository {
  id: number;
  name: string;
  owner: Account;
  isPrivate: boolean;
  description: string | null;
  defaultBranch: string;
  parent: Repository | null;
  /** Login in lower case to role. */
  collaborators: Map<string, Role>;
  protectedBranches: Set<string>;
  /** Its plan has no drafts. */
  refusesDrafts: boolean;
  /** What has to pass before a merge into a branch, by the branch's own protection or by a ruleset. */
  requiredChecks: { branch: string; context: string; by: "protection" | "ruleset" }[];
  /** The bare git repository on disk. */
  directory: string;
  labels: Label[];
  issues: Map<number, Issue>;
  checkSuites: CheckSuite[];
  checkRuns: CheckRun[];
  /** Oldest first; the last one of a context on a commit is the one that counts. */
  statuses: CommitStatus[];
  /** Full names that it had before a rename, in lower case. */
  formerNames: string[];
  createdAt: string;
  pushedAt: string;
}

/** Who does something: an account, and the app behind it when it is a bot. */
export interface By {
  account: Account;
  app: App | null;
}

export interface Reaction {
  id: number;
  content: ReactionContent;
  user: Account;
  createdAt: string;
}

export interface Comment {
  id: number;
  by: By;
  body: string;
  edits: number;
  createdAt: string;
  updatedAt: string;
  reactions: Reaction[];
}

export interface IssueEvent {
  id: number;
  event: "labeled" | "unlabeled" | "assigned" | "unassigned" | "closed" | "reopened" | "merged" | "renamed";
  actor: Account;
  createdAt: string;
  label: Label | null;
  assignee: Account | null;
}

/** An issue, or a pull request, which is an issue with something in `pull`. */
export interface Issue {
  id: number;
  number: number;
  repository: Repository;
  by: By;
  title: string;
  body: string | null;
  state: "open" | "closed";
  stateReason: string | null;
  labels: Label[];
  assignees: Account[];
  comments: Comment[];
  reactions: Reaction[];
  events: IssueEvent[];
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  pull: Pull | null;
}

export interface PullIssue extends Issue {
  pull: Pull;
}

export interface Pull {
  id: number;
  draft: boolean;
  /** The repository is null once a fork was deleted. */
  head: { repository: Repository; ref: string; sha: string };
  base: { ref: string; sha: string };
  maintainerCanModify: boolean;
  mergedAt: string | null;
  mergedBy: Account | null;
  mergeCommitSha: string | null;
  mergeable: boolean | null;
  /** The base and the head for which it is being computed, or was. */
  mergeableOf?: string;
  requestedReviewers: Account[];
  reviews: Review[];
  reviewComments: ReviewComment[];
  size: { commits: number; additions: number; deletions: number; changedFiles: number };
}

export type ReviewState = "PENDING" | "COMMENTED" | "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED";

export interface Review {
  id: number;
  by: By;
  body: string | null;
  state: ReviewState;
  commitId: string;
  submittedAt: string | null;
  reactions: Reaction[];
  /** Absent until somebody changes its text. */
  lastEditedAt?: string;
}

export interface ReviewComment extends Comment {
  reviewId: number;
  path: string;
  diffHunk: string;
  line: number | null;
  side: "LEFT" | "RIGHT";
  position: number | null;
  commitId: string;
  inReplyToId: number | null;
  /** Absent until somebody changes its text; `updatedAt` moves with anything else as well. */
  lastEditedAt?: string;
  /** Of the first comment of a thread: who marked that as resolved. */
  resolvedBy?: Account;
}

export interface CheckSuite {
  id: number;
  app: App;
  headSha: string;
  headBranch: string | null;
  status: "queued" | "in_progress" | "completed";
  conclusion: Conclusion | null;
  createdAt: string;
  updatedAt: string;
}

export type Conclusion = "success" | "failure" | "neutral" | "cancelled" | "timed_out" | "action_required" | "stale";

export interface CheckRun {
  id: number;
  suite: CheckSuite;
  name: string;
  /** What the app itself calls it by. */
  externalId?: string;
  headSha: string;
  status: "queued" | "in_progress" | "completed";
  conclusion: Conclusion | null;
  detailsUrl: string | null;
  output: { title: string | null; summary: string | null; text: string | null };
  annotations?: Annotation[];
  /** Of a job of GitHub Actions. */
  log?: string;
  startedAt: string;
  completedAt: string | null;
}

export interface Annotation {
  path: string;
  line: number;
  level: "notice" | "warning" | "failure";
  message: string;
}

export interface CommitStatus {
  id: number;
  sha: string;
  context: string;
  state: "error" | "failure" | "pending" | "success";
  description: string | null;
  targetUrl?: string | null;
  by: By;
  createdAt: string;
}

export interface Hook {
  id: number;
  url: string | null;
  secret: string;
  events: string[];
  /** As its page has them; `json` and `"0"` where they are left out. */
  contentType?: "json" | "form";
  insecureSsl?: "0" | "1";
  /** An app's hook, or one that a person put on a repository. */
  target: { type: "integration"; appId: number } | { type: "repository"; repository: Repository };
}

export interface App {
  id: number;
  slug: string;
  name: string;
  clientId: string;
  clientSecret: string;
  /** Everybody may install it. */
  isPublic: boolean;
  /** Where people may be sent back to. */
  callbackUrls: string[];
  owner: Account;
  bot: Account;
  permissions: Permissions;
  privateKeyPem: string;
  publicKeyPem: string;
  hook: Hook;
  installations: Installation[];
  createdAt: string;
}

export interface Installation {
  id: number;
  app: App;
  account: Account;
  /** "all", or the ids of the repositories that were selected. */
  repositories: "all" | Set<number>;
  permissions: Permissions;
  suspendedAt: string | null;
  createdAt: string;
}

export type Token =
  | { is: "personal"; account: Account; scopes: string[] }
  /** Of a person for an App: it may what both may. */
  | { is: "user"; account: Account; app: App; expiresAtMs: number }
  | {
      is: "installation";
      installation: Installation;
      permissions: Permissions;
      /** Narrowed to these ids, or whatever the installation covers. */
      repositories: Set<number> | null;
      expiresAtMs: number;
    };

/** One attempt to tell one hook of one event. */
export interface Delivery {
  id: number;
  /** The same for every attempt at one event. */
  guid: string;
  event: string;
  action: string | null;
  hook: Hook;
  installationId: number | null;
  repositoryId: number | null;
  redelivery: boolean;
  deliveredAt: string;
  request: { url: string; headers: Record<string, string>; body: string };
  /** 0 when nothing answered. */
  statusCode: number;
  durationMs: number;
  response: { headers: Record<string, string>; body: string };
}
