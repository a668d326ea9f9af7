/**
 * Our label, or our account as assignee, on an issue or a pull request: whoever sets it orders the work, whoever wrote the issue only
 * describes it. So the order is in words of ours, and what stands there is context.
 */
import type { z } from "zod";
import { githubIssueKey } from "../../src/core/correlation.ts";
import type { CorrelationKey, Ms, NewMention, RepositoryHint } from "../../src/core/types.ts";
import { aboutText, authorOf, repositoryOf, threadOf, unheard, workOf } from "./mention-parts.ts";
import { type Bot, type IgnoredReason, ignored, type Outcome } from "./outcome.ts";
import type {
  Envelope,
  IssueAssignedPayload,
  IssueLabelPayload,
  PullRequestAssignedPayload,
  PullRequestLabelPayload,
} from "./payloads.ts";

export function onIssueLabeled(payload: z.infer<typeof IssueLabelPayload>, bot: Bot): Outcome {
  const mark = labelMark(payload, bot);
  return mark === null ? ignored("other-label") : marked(payload, issueOf(payload), { bot, mark });
}

export function onPullRequestLabeled(payload: z.infer<typeof PullRequestLabelPayload>, bot: Bot): Outcome {
  const mark = labelMark(payload, bot);
  return mark === null ? ignored("other-label") : marked(payload, pullOf(payload), { bot, mark });
}

export function onIssueAssigned(payload: z.infer<typeof IssueAssignedPayload>, bot: Bot): Outcome {
  const mark = assigneeMark(payload, bot);
  return mark === null ? ignored("other-assignee") : marked(payload, issueOf(payload), { bot, mark });
}

export function onPullRequestAssigned(payload: z.infer<typeof PullRequestAssignedPayload>, bot: Bot): Outcome {
  const mark = assigneeMark(payload, bot);
  return mark === null ? ignored("other-assignee") : marked(payload, pullOf(payload), { bot, mark });
}

/** What it is set on. */
interface Subject {
  is: "issue" | "pr";
  id: number;
  number: number;
  title: string;
  body: string;
  html_url: string;
  updated_at: Ms;
  keys: CorrelationKey[];
  repository: RepositoryHint;
  order: string;
}

/** The name of our label; null when it is another one. Names of labels know no case. */
function labelMark(
  { repository, label }: Envelope & { label: { name: string } },
  { labels }: Pick<Bot, "labels">,
): string | null {
  const ours = labels[repository.full_name] ?? "threadbox";
  return label.name.toLowerCase() === ours.toLowerCase() ? `label:${ours}` : null;
}

/** GitHub lets hardly an App be assigned, so an account of one's own choosing may stand for it. It grants nothing: its assigner is asked about. */
function assigneeMark(
  { repository, assignee }: Envelope & { assignee?: { id: number; login: string } | null | undefined },
  { assignees, account }: Pick<Bot, "assignees" | "account">,
): string | null {
  if (!assignee) return null;
  const isOurs = assignee.login.toLowerCase() === assignees[repository.full_name]?.toLowerCase();
  return isOurs || assignee.id === account ? `assigned:${assignee.id}` : null;
}

const issueOf = (payload: z.infer<typeof IssueLabelPayload | typeof IssueAssignedPayload>): Subject => ({
  ...payload.issue,
  is: "issue",
  keys: [githubIssueKey(payload.repository.id, payload.issue.number)],
  repository: repositoryOf(payload),
  order: `Do what issue #${payload.issue.number} describes.`,
});

const pullOf = (payload: z.infer<typeof PullRequestLabelPayload | typeof PullRequestAssignedPayload>): Subject => ({
  ...payload.pull_request,
  is: "pr",
  ...workOf(payload, payload.pull_request),
  order: `Do what is left to do on pull request #${payload.pull_request.number}: what it describes, and what its reviews ask for.`,
});

/** The time tells a second setting from a second delivery. The delivery's own id would too, but it is not signed. */
function marked(envelope: Envelope, subject: Subject, { bot, mark }: { bot: Bot; mark: string }): Outcome {
  const reason: IgnoredReason | null = unheard(envelope.sender, "", bot);
  if (reason) return ignored(reason);
  const { is, id, number, title, html_url, updated_at, keys, repository, order } = subject;
  const [kind, ...name] = mark.split(":");
  const mention: NewMention = {
    dedupe: `github:${kind}:${is === "pr" ? "pull:" : ""}${id}:${name.join(":")}:${updated_at}`,
    keys,
    thread: threadOf(envelope, is, number),
    author: authorOf(envelope),
    // Words of ours: title and text may be a stranger's, and options stand in an order.
    text: order,
    addressed: true,
    at: updated_at,
    message: `issue:${number}`,
    link: html_url,
    repository,
    about: aboutText(subject),
    subject: title,
  };
  return { is: "mention", mention };
}
