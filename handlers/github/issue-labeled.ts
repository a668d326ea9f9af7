/** Our label on an issue: whoever sets it orders the work, whoever wrote the issue only describes it. */
import type { z } from "zod";
import { githubIssueKey } from "../../src/core/correlation.ts";
import { aboutText, authorOf, repositoryOf, threadOf, unheard } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome } from "./outcome.ts";
import type { IssueLabelPayload } from "./payloads.ts";

export function onIssueLabeled(payload: z.infer<typeof IssueLabelPayload>, bot: Bot): Outcome {
  const { issue, label, sender, repository } = payload;
  const ours = bot.labels[repository.full_name] ?? "threadbox";
  if (label.name.toLowerCase() !== ours.toLowerCase()) return ignored("other-label");
  const reason = unheard(sender, "", bot);
  if (reason) return ignored(reason);
  return {
    is: "mention",
    mention: {
      // The time tells a second labelling from a second delivery. The delivery's own id would too, but it is not signed.
      dedupe: `github:label:${issue.id}:${ours}:${issue.updated_at}`,
      keys: [githubIssueKey(repository.id, issue.number)],
      thread: threadOf(payload, "issue", issue.number),
      author: authorOf(payload),
      // Words of ours: title and text of the issue may be a stranger's, and options stand in an order.
      text: `Do what issue #${issue.number} describes.`,
      addressed: true,
      at: issue.updated_at,
      message: `issue:${issue.number}`,
      link: issue.html_url,
      repository: repositoryOf(payload),
      about: aboutText(issue),
      subject: issue.title,
    },
  };
}
