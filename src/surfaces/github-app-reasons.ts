/** What each permission and each event of our App is for, in the words of whoever would miss it: the page before an App is made, and `doctor`, say them. */

/** "Without it ..." goes before it. */
export const WITHOUT_PERMISSION: Record<string, string> = {
  metadata: "nobody can be told from a stranger: it tells who may write to a repository",
  contents: "nothing can be cloned, and no branch be pushed",
  issues: "it can neither comment nor react on issues and in the conversation of pull requests",
  pull_requests: "it can open no pull request, and answer in none",
  checks: "it hears nothing of GitHub Actions and other CIs that are Apps, and shows no check of its own",
  statuses: "it hears nothing of CIs that are no Apps",
  actions: "it cannot read the log of a job that failed",
  // Of those that are asked for where threadbox.yml says so.
  workflows: "no token for a push is given, as `github.workflows: true` asks for it",
};

export const WITHOUT_EVENT: Record<string, string> = {
  issue_comment: "mentions in comments on issues and pull requests are not heard",
  issues: "new issues that mention it are not heard, and neither are the label and being assigned",
  pull_request_review_comment: "mentions on a line of a diff are not heard",
  pull_request_review: "mentions in a review are not heard",
  pull_request:
    "it does not hear that a pull request was opened, merged or closed, nor of the label and being assigned there",
  check_suite: "it does not hear that a CI has finished",
  check_run: "it does not hear of single checks",
  status: "it does not hear of CIs that are no Apps",
  push: "it does not hear that a base has moved, so it notices late that its pull request conflicts",
};

/** What an App must not have, and why; any other one that was not asked for is only named. */
export const BETTER_WITHOUT: Record<string, string> = {
  workflows: "with it an order can change `.github/workflows`, and reach the secrets of the CI",
  administration: "with it whoever gets the key can change or delete repositories",
  secrets: "with it whoever gets the key can set the secrets of the CI",
  organization_administration: "with it whoever gets the key can change the organisation",
  members: "it needs to know nothing of an organisation's people",
};
