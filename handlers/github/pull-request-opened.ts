/**
 * A pull request was opened. If a session holds its branch, it hears of the pull request from now on; and if its title or text names us,
 * whoever opened it asks for something, as with an issue.
 */
import type { z } from "zod";
import { branchKey, githubPullRequestKey } from "../../src/core/correlation.ts";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import { findMention } from "./mention.ts";
import { authorOf, threadOf, unheard, workOf } from "./mention-parts.ts";
import { type Bot, ignored, type Outcome, type Said } from "./outcome.ts";
import type { PullRequestPayload } from "./payloads.ts";

type Payload = z.infer<typeof PullRequestPayload>;

/** It is linked whoever opened it, we ourselves too: that claims a key and starts no work. A fork's branch is no session's. */
export function onPullRequestOpened(payload: Payload, bot: Bot): Outcome {
  const { pull_request: pull, repository } = payload;
  const said = saidIn(payload, bot);
  if (pull.head.repo?.id !== repository.id) return said.is === "mention" ? said : ignored("fork-head");
  return {
    is: "link",
    link: {
      dedupe: `github:pull-request:${repository.id}#${pull.number}`,
      known: branchKey(repository.id, pull.head.ref),
      also: githubPullRequestKey(repository.id, pull.number),
      thread: threadOf(payload, "pr", pull.number),
      pullRequest: { number: pull.number, url: pull.html_url },
    },
    said,
  };
}

function saidIn(payload: Payload, bot: Bot): Said {
  const { pull_request: pull, sender } = payload;
  const reason = unheard(sender, pull.body, bot);
  if (reason) return ignored(reason);
  const [title, body] = [visibleText(pull.title), visibleText(pull.body)];
  const [inTitle, inBody] = [findMention(title, bot.names), findMention(body, bot.names)];
  if (!inTitle && !inBody) return ignored("not-addressed");
  return {
    is: "mention",
    mention: {
      dedupe: `github:pull-request-opened:${pull.id}`,
      ...workOf(payload, pull),
      thread: threadOf(payload, "pr", pull.number),
      author: authorOf(payload),
      text: `${inTitle?.text ?? title}\n\n${inBody?.text ?? body}`.trim(),
      addressed: true,
      at: pull.created_at,
      message: `issue:${pull.number}`,
      link: pull.html_url,
    },
  };
}
