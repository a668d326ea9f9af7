/** The emulator against octokit's own description of GitHub: the routes at run time, the fields of what it renders by the compiler. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Octokit } from "octokit";
import type { renderRun } from "./actions/checks.ts";
import type { renderInstallation } from "./apps.ts";
import type { renderComment, renderIssue, renderReaction } from "./render/issues.ts";
import type { renderPull, renderReview, renderReviewComment, renderSimplePull } from "./render/pulls.ts";
import type { renderApp, renderLabel, renderUser } from "./render/shared.ts";
import { restRoutes } from "./rest.ts";
import type { renderCommit, renderFile } from "./routes/git-data.ts";
import type { renderAnnotation, renderJob } from "./routes/jobs.ts";
import type { renderFullRepository } from "./routes/repositories.ts";

type Rest = Octokit["rest"];
/** Tsc refuses the list below when a field is missing. */
type Render = (...given: never[]) => unknown;
type Data<F extends (...given: never[]) => Promise<{ data: unknown }>> = NonNullable<Awaited<ReturnType<F>>["data"]>;
type Promised<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];
/** The promised fields that are not rendered. */
type Missing<F extends Render, Shape> = Exclude<Promised<Shape>, keyof ReturnType<F>>;
type Complete<T extends [never][]> = T;

export type Shapes = Complete<
  [
    [Missing<typeof renderIssue, Data<Rest["issues"]["get"]>>],
    [Missing<typeof renderComment, Data<Rest["issues"]["getComment"]>>],
    [Missing<typeof renderReaction, Data<Rest["reactions"]["createForIssue"]>>],
    [Missing<typeof renderLabel, Data<Rest["issues"]["getLabel"]>>],
    [Missing<typeof renderPull, Data<Rest["pulls"]["get"]>>],
    [Missing<typeof renderSimplePull, Data<Rest["pulls"]["list"]>[number]>],
    [Missing<typeof renderReview, Data<Rest["pulls"]["getReview"]>>],
    [Missing<typeof renderReviewComment, Data<Rest["pulls"]["getReviewComment"]>>],
    [Missing<typeof renderFile, Data<Rest["pulls"]["listFiles"]>[number]>],
    [Missing<typeof renderFullRepository, Data<Rest["repos"]["get"]>>],
    [Missing<typeof renderCommit, Data<Rest["repos"]["getCommit"]>>],
    [Missing<typeof renderRun, Data<Rest["checks"]["get"]>>],
    [Missing<typeof renderAnnotation, Data<Rest["checks"]["listAnnotations"]>[number]>],
    [Missing<typeof renderJob, Data<Rest["actions"]["getJobForWorkflowRun"]>>],
    [Missing<typeof renderUser, Data<Rest["issues"]["listAssignees"]>[number]>],
    [Missing<typeof renderApp, Data<Rest["apps"]["getAuthenticated"]>>],
    [Missing<typeof renderInstallation, Data<Rest["apps"]["getInstallation"]>>],
  ]
>;

test("every route is spelled as octokit spells it", () => {
  const known = Object.values(new Octokit().rest).flatMap((group) =>
    Object.values(group).map(({ endpoint: { DEFAULTS } }) => `${DEFAULTS.method} ${DEFAULTS.url}`),
  );
  // The other API has one address, which is not among those of this one.
  const all = [...known, "POST /graphql"];
  const unknown = restRoutes.map((route) => route.template).filter((template) => !all.includes(template));
  assert.deepEqual(unknown, []);
});
