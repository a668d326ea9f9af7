/**
 * The few fields of GitHub's webhooks that we use, one schema for each event. Lenient: what GitHub adds is ignored.
 * Headers are not signed, so what an event is must also be seen from its body (`shapeOf`).
 */
import { z } from "zod";

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const time = z.string().transform((value, ctx) => {
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) ctx.addIssue({ code: "custom", message: "not a time" });
  return ms;
});

const Account = z.object({ id: z.number(), login: z.string(), type: z.string() });

const Repository = z.object({
  id: z.number(),
  name: z.string(),
  full_name: z.string(),
  clone_url: z.string(),
  default_branch: z.string(),
  owner: z.object({ login: z.string() }),
});

/** On everything. `installation` is missing from the webhook of a single repository. */
const Envelope = z.object({
  repository: Repository,
  sender: Account,
  installation: z.object({ id: z.number() }).nullish(),
});
export type Envelope = z.infer<typeof Envelope>;

const Issue = z.object({
  id: z.number(),
  number: z.number(),
  title: z.string(),
  body: text,
  html_url: z.string(),
  created_at: time,
  updated_at: time,
  /** There when the "issue" is a pull request; it does not tell the head branch. */
  pull_request: z.object({}).nullish(),
});

const PullRequest = z.object({
  id: z.number(),
  number: z.number(),
  title: z.string(),
  body: text,
  html_url: z.string(),
  created_at: time,
  updated_at: time,
  state: z.string(),
  user: z.object({ login: z.string() }).nullish(),
  /** `repo` is null when the fork was deleted. */
  head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.number() }).nullable() }),
  base: z.object({ ref: z.string() }),
});
export type PullRequest = z.infer<typeof PullRequest>;

export const IssueCommentPayload = Envelope.extend({
  issue: Issue,
  comment: z.object({ id: z.number(), body: text, html_url: z.string(), created_at: time }),
});

export const ReviewCommentPayload = Envelope.extend({
  pull_request: PullRequest,
  comment: z.object({
    id: z.number(),
    body: text,
    html_url: z.string(),
    created_at: time,
    path: z.string(),
    line: z.number().nullish(),
    original_line: z.number().nullish(),
    diff_hunk: text,
    commit_id: z.string().nullish(),
    in_reply_to_id: z.number().optional(),
    /** Each belongs to one, a single comment and a reply too; older servers do not tell. */
    pull_request_review_id: z.number().nullish(),
  }),
});

export const ReviewPayload = Envelope.extend({
  pull_request: PullRequest,
  review: z.object({
    id: z.number(),
    body: text,
    html_url: z.string(),
    submitted_at: time,
    commit_id: z.string().nullish(),
  }),
});

export const IssuePayload = Envelope.extend({ issue: Issue });

export const IssueLabelPayload = Envelope.extend({ issue: Issue, label: z.object({ name: z.string() }) });

const Assignee = z.object({ id: z.number(), login: z.string() });

/** Null when the account is gone. */
export const IssueAssignedPayload = Envelope.extend({ issue: Issue, assignee: Assignee.nullish() });

export const PullRequestLabelPayload = Envelope.extend({
  pull_request: PullRequest,
  label: z.object({ name: z.string() }),
});

export const PullRequestAssignedPayload = Envelope.extend({ pull_request: PullRequest, assignee: Assignee.nullish() });

export const PullRequestPayload = Envelope.extend({ pull_request: PullRequest });

const CheckSuite = z.object({
  head_branch: z.string().nullable(),
  /** Empty for a fork's. */
  pull_requests: z.array(z.object({ number: z.number() })),
});

export const CheckSuitePayload = Envelope.extend({ check_suite: CheckSuite });

export const CheckRunPayload = Envelope.extend({
  check_run: z.object({
    check_suite: z.object({
      head_branch: z
        .string()
        .nullish()
        .transform((branch) => branch ?? null),
      pull_requests: CheckSuite.shape.pull_requests.default([]),
    }),
  }),
});

export const StatusPayload = Envelope.extend({
  commit: z.object({}),
  branches: z.array(z.object({ name: z.string() })),
});

export const PushPayload = Envelope.extend({ ref: z.string(), deleted: z.boolean().default(false) });

/** The event that a body with these fields is, among those that we handle; null for any other. */
export function shapeOf(body: Record<string, unknown>): string | null {
  const has = (field: string): boolean => typeof body[field] === "object" && body[field] !== null;
  if (has("comment"))
    return has("issue") ? "issue_comment" : has("pull_request") ? "pull_request_review_comment" : null;
  if (has("review")) return has("pull_request") ? "pull_request_review" : null;
  if (has("issue")) return "issues";
  if (has("pull_request")) return "pull_request";
  if (has("check_run")) return "check_run";
  if (has("check_suite")) return "check_suite";
  if (has("commit") && has("branches")) return "status";
  if (has("pusher") && typeof body.ref === "string") return "push";
  return null;
}
