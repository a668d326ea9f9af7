/** A new issue that names us in its title or text. Both were written by the same person, so both are the order. */
import type { z } from "zod";
import { githubIssueKey } from "../../src/core/correlation.ts";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import { findMention } from "./mention.ts";
import { authorOf, repositoryOf, threadOf, unheard } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome } from "./outcome.ts";
import type { IssuePayload } from "./payloads.ts";

export function onIssueOpened(payload: z.infer<typeof IssuePayload>, bot: Bot): Outcome {
  const { issue, sender, repository } = payload;
  const reason = unheard(sender, issue.body, bot);
  if (reason) return ignored(reason);
  const [title, body] = [visibleText(issue.title), visibleText(issue.body)];
  const [inTitle, inBody] = [findMention(title, bot.names), findMention(body, bot.names)];
  if (!inTitle && !inBody) return ignored("not-addressed");
  return {
    is: "mention",
    mention: {
      dedupe: `github:issue:${issue.id}`,
      keys: [githubIssueKey(repository.id, issue.number)],
      thread: threadOf(payload, "issue", issue.number),
      author: authorOf(payload),
      text: `${inTitle?.text ?? title}\n\n${inBody?.text ?? body}`.trim(),
      addressed: true,
      at: issue.created_at,
      message: `issue:${issue.number}`,
      link: issue.html_url,
      repository: repositoryOf(payload),
    },
  };
}
