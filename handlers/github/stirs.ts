/**
 * What tells that a pull request may stand otherwise than before: its own changes, reviews, and what CIs say of its branch. Whoever sent it and
 * whatever it says, it is only a hint to look: nothing of it is shown, and no work is started.
 */
import type { z } from "zod";
import { branchKey, githubPullRequestKey } from "../../src/core/correlation.ts";
import type { CorrelationKey } from "../../src/core/types.ts";
import { ignored, type Outcome } from "./outcome.ts";
import type { CheckRunPayload, CheckSuitePayload, PullRequestPayload, StatusPayload } from "./payloads.ts";

export const pullRequestKeyOf = ({
  repository,
  pull_request,
}: Pick<z.infer<typeof PullRequestPayload>, "repository" | "pull_request">): CorrelationKey =>
  githubPullRequestKey(repository.id, pull_request.number);

export const onPullRequestChanged = (payload: z.infer<typeof PullRequestPayload>): Outcome =>
  stirs([pullRequestKeyOf(payload)]);

export const onCheckSuite = ({ repository, check_suite }: z.infer<typeof CheckSuitePayload>): Outcome =>
  stirs(suiteKeys(repository.id, check_suite));

export const onCheckRun = ({ repository, check_run }: z.infer<typeof CheckRunPayload>): Outcome =>
  stirs(suiteKeys(repository.id, check_run.check_suite));

/** Of the branches that have the commit, up to ten; it need not be the head of each. */
export const onStatus = ({ repository, branches }: z.infer<typeof StatusPayload>): Outcome =>
  stirs(branches.map(({ name }) => branchKey(repository.id, name)));

/** A fork's branch is named neither way, and is no session's. */
function suiteKeys(repository: number, suite: z.infer<typeof CheckSuitePayload>["check_suite"]): CorrelationKey[] {
  const pulls = suite.pull_requests.map(({ number }) => githubPullRequestKey(repository, number));
  return suite.head_branch === null ? pulls : [...pulls, branchKey(repository, suite.head_branch)];
}

const stirs = (keys: CorrelationKey[]): Outcome => (keys.length === 0 ? ignored("fork-head") : { is: "stir", keys });
