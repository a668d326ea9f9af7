/** A pull request was opened from a branch. If a session holds that branch, it hears of the pull request from now on. */
import type { z } from "zod";
import { branchKey, githubPullRequestKey } from "../../src/core/correlation.ts";
import { threadOf } from "./mention-parts.ts";
import { ignored, type Outcome } from "./outcome.ts";
import type { PullRequestPayload } from "./payloads.ts";

/** It counts whoever opened it, we ourselves too: a key is claimed here and no work is started. */
export function onPullRequestOpened(payload: z.infer<typeof PullRequestPayload>): Outcome {
  const { pull_request: pull, repository } = payload;
  if (pull.head.repo?.id !== repository.id) return ignored("fork-head");
  return {
    is: "link",
    link: {
      dedupe: `github:pull-request:${repository.id}#${pull.number}`,
      known: branchKey(repository.id, pull.head.ref),
      also: githubPullRequestKey(repository.id, pull.number),
      thread: threadOf(payload, "pr", pull.number),
      pullRequest: { number: pull.number, url: pull.html_url },
    },
  };
}
