/** What the emulated GitHub tells the bot. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Webhooks } from "@octokit/webhooks";
import type {
  CheckSuiteCompletedEvent,
  IssueCommentCreatedEvent,
  PullRequestReviewCommentCreatedEvent,
  PullRequestSynchronizeEvent,
  PushEvent,
} from "@octokit/webhooks-types";
import { appOctokit, type Door, quick, type Stage, setStage, statusOf } from "./stage.ts";

const api = { owner: "acme", repo: "api" };

const names = (door: Door) => door.heard.map(({ event, payload }) => [event, payload.action].filter(Boolean).join("."));

/** The payload of the last webhook of that name. */
function last<E extends { action?: string }>(door: Door, name: string): E {
  const index = names(door).lastIndexOf(name);
  assert.notEqual(index, -1, `heard only ${names(door)}`);
  return JSON.parse(door.heard[index]?.text ?? "");
}

async function withPull(stage: Stage): Promise<{ sha: string }> {
  const pushed = await stage.github.as("alice").pushes("acme/api", "fix", { "new.ts": "one\ntwo\n" });
  await stage.github.as("alice").opensPullRequest("acme/api", { title: "Fix", head: "fix" });
  return pushed;
}

describe("webhooks", () => {
  test("are signed with the app's secret and carry GitHub's headers", async (t) => {
    const { github, door, app } = await setStage(t);
    const { deliveries } = await github
      .as("alice")
      .opensIssue("acme/api", { title: "Grüße 👋", body: "@threadbox fix" });
    const [heard] = door.heard;
    assert.ok(heard);
    const webhooks = new Webhooks({ secret: app.webhookSecret });
    assert.equal(await webhooks.verify(heard.text, String(heard.headers["x-hub-signature-256"])), true);
    assert.equal(await webhooks.verify(`${heard.text} `, String(heard.headers["x-hub-signature-256"])), false);
    assert.match(String(heard.headers["user-agent"]), /^GitHub-Hookshot\//);
    assert.equal(heard.headers["x-github-hook-installation-target-type"], "integration");
    assert.equal(heard.headers["x-github-hook-installation-target-id"], String(app.id));
    assert.match(heard.guid, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    assert.deepEqual(
      deliveries.map((one) => [one.event, one.action, one.statusCode, one.guid]),
      [["issues", "opened", 202, heard.guid]],
    );
  });

  test("a comment on a pull request comes as a comment on an issue that has one", async (t) => {
    const stage = await setStage(t);
    await withPull(stage);
    await stage.github.as("alice").comments("acme/api", 1, "@threadbox rebase");
    const heard = last<IssueCommentCreatedEvent>(stage.door, "issue_comment.created");
    assert.equal(heard.issue.pull_request?.url, `${stage.github.apiUrl}/repos/acme/api/pulls/1`);
    assert.equal(heard.comment.body, "@threadbox rebase");
    assert.deepEqual([heard.sender.login, heard.sender.type], ["alice", "User"]);
    assert.equal(heard.repository.id, stage.repositoryId);
    assert.equal(heard.installation?.id, stage.installation.id);
    assert.equal(heard.organization?.login, "acme");
    assert.equal("head" in heard.issue, false);
  });

  test("a comment on a line is told as a review and as a comment with its place", async (t) => {
    const stage = await setStage(t);
    const { sha } = await withPull(stage);
    const { id } = await stage.github
      .as("alice")
      .reviewComments("acme/api", 1, { path: "new.ts", line: 2, body: "Why?" });
    await stage.github.as("alice").repliesToReviewComment("acme/api", id, "@threadbox why?");
    const heard = last<PullRequestReviewCommentCreatedEvent>(stage.door, "pull_request_review_comment.created");
    assert.deepEqual(
      [heard.comment.path, heard.comment.line, heard.comment.in_reply_to_id, heard.comment.diff_hunk],
      ["new.ts", 2, id, "@@ -0,0 +1,2 @@\n+one\n+two"],
    );
    assert.deepEqual([heard.pull_request.number, heard.pull_request.head.sha], [1, sha]);
    assert.equal(heard.pull_request.head.repo.id, stage.repositoryId);
    assert.ok(names(stage.door).includes("pull_request_review.submitted"));
  });

  test("the bot hears its own comments and edits, as a bot", async (t) => {
    const { github, door, bot } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    const { data } = await bot.rest.issues.createComment({ ...api, issue_number: 1, body: "On it" });
    await bot.rest.issues.updateComment({ ...api, comment_id: data.id, body: "Done" });
    await github.settled();
    assert.deepEqual(
      door.heard.map(({ event, payload }) => [event, payload.action, payload.sender.login, payload.sender.type]),
      [
        ["issues", "opened", "alice", "User"],
        ["issue_comment", "created", "threadbox[bot]", "Bot"],
        ["issue_comment", "edited", "threadbox[bot]", "Bot"],
      ],
    );
  });

  test("each deed of a person has its event", async (t) => {
    const stage = await setStage(t);
    const { github, door } = stage;
    await withPull(stage);
    const alice = github.as("alice");
    await alice.labels("acme/api", 1, "bot:work");
    await alice.reviews("acme/api", 1, { event: "COMMENT", body: "Hm" });
    await alice.merges("acme/api", 1);
    await alice.opensIssue("acme/api", { title: "Bug", labels: ["bug"], assignees: ["alice"] });
    await alice.closes("acme/api", 2);
    assert.deepEqual(names(door), [
      "push",
      "pull_request.opened",
      "pull_request.labeled",
      "pull_request_review.submitted",
      "pull_request.closed",
      "push",
      "issues.opened",
      "issues.labeled",
      "issues.assigned",
      "issues.closed",
    ]);
  });

  test("a push tells its commits, and the pull request of the branch follows", async (t) => {
    const stage = await setStage(t);
    const { github, door } = stage;
    const first = await withPull(stage);
    const second = await github
      .as("alice")
      .pushes("acme/api", "fix", { "new.ts": null, "x/y.ts": "y" }, { message: "Move" });
    const push = last<PushEvent & { action?: string }>(door, "push");
    assert.deepEqual(
      [push.ref, push.before, push.after, push.forced],
      ["refs/heads/fix", first.sha, second.sha, false],
    );
    assert.deepEqual(
      push.commits.map((one) => [one.id, one.message, one.added, one.removed]),
      [[second.sha, "Move", ["x/y.ts"], ["new.ts"]]],
    );
    const follow = last<PullRequestSynchronizeEvent>(door, "pull_request.synchronize");
    assert.deepEqual([follow.before, follow.after, follow.pull_request.head.sha], [first.sha, second.sha, second.sha]);
    await github.as("alice").pushes("acme/api", "fix", { "z.ts": "z" }, { resetTo: "main" });
    assert.equal(last<PushEvent & { action?: string }>(door, "push").forced, true);
    await github.as("alice").deletesBranch("acme/api", "fix");
    assert.deepEqual(names(door).slice(-2), ["push", "pull_request.closed"]);
  });

  test("CI that is over names the commit and its pull requests, and can be read", async (t) => {
    const stage = await setStage(t);
    const { sha } = await withPull(stage);
    await stage.github.checksComplete("acme/api", "fix", "failure");
    const heard = last<CheckSuiteCompletedEvent>(stage.door, "check_suite.completed");
    assert.deepEqual(
      [heard.check_suite.conclusion, heard.check_suite.head_sha, heard.check_suite.head_branch],
      ["failure", sha, "fix"],
    );
    assert.deepEqual(
      heard.check_suite.pull_requests.map((one) => one.number),
      [1],
    );
    assert.equal(heard.sender.login, "github-actions[bot]");
    const { data } = await stage.bot.rest.checks.listForRef({ ...api, ref: "fix" });
    assert.deepEqual(
      data.check_runs.map((one) => [one.name, one.conclusion]),
      [["test", "failure"]],
    );
  });

  test("installing, selecting and removing are told without a subscription", async (t) => {
    const { github, door, app, installation } = await setStage(t);
    await github.createRepository("acme/web");
    const other = await app.install("mona", { repositories: [] });
    await github.createRepository("mona/page");
    await other.add("mona/page");
    const lost = quick(github, other.token());
    await other.uninstall();
    assert.deepEqual(
      names(door),
      ["installation.created", "installation.created", "installation_repositories.added", "installation.deleted"].slice(
        1,
      ),
    );
    assert.equal(await statusOf(lost.rest.apps.listReposAccessibleToInstallation()), 401);
    const asleep = quick(github, installation.token());
    installation.suspend();
    assert.equal(await statusOf(asleep.rest.repos.get(api)), 403);
    await github.as("alice").opensIssue("acme/api", { title: "Unheard" });
    assert.equal(door.heard.length, 3);
    await app.ping();
    assert.equal(names(door).at(-1), "ping");
  });

  test("a failed delivery is not repeated until somebody asks, and then it has the same GUID", async (t) => {
    const stage = await setStage(t);
    const { github, door } = stage;
    door.answer = 503;
    const { deliveries } = await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    await github.settled();
    assert.deepEqual(
      deliveries.map((one) => one.statusCode),
      [503],
    );
    assert.equal(door.heard.length, 1);
    door.answer = 202;
    const { octokit } = appOctokit(stage);
    const { data: log } = await octokit.rest.apps.listWebhookDeliveries();
    assert.deepEqual(
      log.map((one) => [one.event, one.status_code, one.redelivery]),
      [["issues", 503, false]],
    );
    const { data: whole } = await octokit.rest.apps.getWebhookDelivery({ delivery_id: log[0]?.id ?? 0 });
    assert.equal(whole.request.payload?.action, "opened");
    await octokit.rest.apps.redeliverWebhookDelivery({ delivery_id: log[0]?.id ?? 0 });
    await github.settled();
    assert.deepEqual(
      door.heard.map((one) => [one.guid, one.text === door.heard[0]?.text]),
      [
        [whole.guid, true],
        [whole.guid, true],
      ],
    );
    assert.deepEqual(
      github.deliveries.map((one) => [one.statusCode, one.redelivery]),
      [
        [503, false],
        [202, true],
      ],
    );
  });

  test("a hook on a repository works without an app", async (t) => {
    const { github, door } = await setStage(t);
    await github.createRepository("solo/tool");
    github.repositoryHook("solo/tool", { url: door.url, secret: "s", events: ["issues"] });
    await github.as("alice").opensIssue("solo/tool", { title: "Bug" });
    assert.equal(door.heard[0]?.payload.installation, undefined);
    assert.equal(door.heard[0]?.headers["x-github-hook-installation-target-type"], "repository");
  });
});
