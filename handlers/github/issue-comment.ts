/** A comment in the conversation of an issue or pull request. Without our name it counts only where a session follows. */
import type { z } from "zod";
import { githubIssueKey, githubPullRequestKey } from "../../src/core/correlation.ts";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import { findMention } from "./mention.ts";
import { aboutText, authorOf, repositoryOf, threadOf, unheard } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome } from "./outcome.ts";
import type { IssueCommentPayload } from "./payloads.ts";
import { isToSomebodyElse } from "./slash-command.ts";

export function onIssueComment(payload: z.infer<typeof IssueCommentPayload>, bot: Bot): Outcome {
  const { issue, comment, sender, repository } = payload;
  const reason = unheard(sender, comment.body, bot);
  if (reason) return ignored(reason);
  const body = visibleText(comment.body);
  if (body === "") return ignored("empty-body");
  const found = findMention(body, bot.names);
  if (!found && isToSomebodyElse(body)) return ignored("to-somebody-else");
  const isPull = Boolean(issue.pull_request);
  const key = isPull ? githubPullRequestKey : githubIssueKey;
  return {
    is: "mention",
    mention: {
      dedupe: `github:comment:${comment.id}`,
      keys: [key(repository.id, issue.number)],
      thread: threadOf(payload, isPull ? "pr" : "issue", issue.number),
      author: authorOf(payload),
      text: found?.text ?? body,
      addressed: found !== null,
      at: comment.created_at,
      message: `issue-comment:${comment.id}`,
      link: comment.html_url,
      repository: repositoryOf(payload),
      about: aboutText(issue),
      ...(isPull ? { lookup: "pull-request-head" as const } : {}),
    },
  };
}
