/** The emulated GitHub's API, driven by the real octokit. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Octokit } from "octokit";
import { appOctokit, failureOf, quick, SILENT, setStage, statusOf } from "./github/stage.ts";

const api = { owner: "acme", repo: "api" };

describe("an app signs in", () => {
  test("octokit's App finds its installation and lists the repositories with a token of an hour", async (t) => {
    const stage = await setStage(t);
    const app = appOctokit(stage);
    const { data: self } = await app.octokit.rest.apps.getAuthenticated();
    assert.equal(self?.slug, "threadbox");
    const { data: found } = await app.octokit.rest.apps.getRepoInstallation(api);
    assert.equal(found.id, stage.installation.id);
    const octokit = await app.getInstallationOctokit(found.id);
    const { data } = await octokit.rest.apps.listReposAccessibleToInstallation();
    assert.deepEqual(
      data.repositories.map((one) => [one.full_name, one.id]),
      [["acme/api", stage.repositoryId]],
    );
    const { data: token } = await app.octokit.rest.apps.createInstallationAccessToken({ installation_id: found.id });
    assert.match(token.token, new RegExp(`^ghs_${stage.app.id}_[\\w-]+\\.[\\w-]+\\.[\\w-]+$`));
    assert.ok(token.token.length > 500);
    assert.equal(Date.parse(token.expires_at), stage.clock.now() + 3_600_000);
  });

  test("a token is narrowed to one repository and fewer permissions, and never widened", async (t) => {
    const stage = await setStage(t);
    await stage.github.createRepository("acme/web", { isPrivate: true });
    const { octokit } = appOctokit(stage);
    const mint = (wish: object) =>
      octokit.request("POST /app/installations/{installation_id}/access_tokens", {
        installation_id: stage.installation.id,
        ...wish,
      });
    const { data } = await mint({ repositories: ["api"], permissions: { issues: "read" } });
    assert.deepEqual(data.permissions, { issues: "read", metadata: "read" });
    assert.deepEqual(
      data.repositories?.map((one) => one.name),
      ["api"],
    );
    const narrow = quick(stage.github, data.token);
    assert.equal((await narrow.rest.repos.get(api)).status, 200);
    assert.equal(await statusOf(narrow.rest.repos.get({ owner: "acme", repo: "web" })), 404);
    assert.equal(await statusOf(narrow.rest.issues.create({ ...api, title: "no" })), 403);
    assert.deepEqual(await failureOf(mint({ repositories: ["unknown"] })).then(({ status }) => status), 422);
    assert.equal(await statusOf(mint({ permissions: { members: "read" } })), 422);
    assert.equal(await statusOf(mint({ permissions: { statuses: "write" } })), 422);
  });

  test("a token is refused after its hour, after it was given back, and when nobody made it", async (t) => {
    const { github, clock, installation } = await setStage(t);
    const [old, given] = [quick(github, installation.token()), quick(github, installation.token())];
    await given.rest.apps.revokeInstallationAccessToken();
    assert.equal(await statusOf(given.rest.repos.get(api)), 401);
    clock.advance(3_600_000);
    assert.deepEqual(
      await failureOf(old.rest.repos.get(api)).then(({ status, message }) => [status, message.split(" - ")[0]]),
      [401, "Bad credentials"],
    );
    assert.equal(await statusOf(quick(github, "ghs_1_a.b.c").rest.repos.get(api)), 401);
  });

  test("a JWT with the wrong key, too long a life or a time gone by is refused", async (t) => {
    const stage = await setStage(t, { jwtNow: () => Date.now() + 7_200_000 });
    const { octokit } = appOctokit(stage);
    // auth-app reads GitHub's sentence and tries again with the difference between the clocks, which is huge here.
    assert.equal(await statusOf(octokit.rest.apps.getAuthenticated()), 401);
    const other = await stage.github.createApp({ slug: "other" });
    const forged = appOctokit({ github: stage.github, app: { ...stage.app, privateKey: other.privateKey } });
    const failure = await failureOf(forged.octokit.rest.apps.getAuthenticated());
    assert.equal(failure.status, 401);
    assert.match(failure.message, /A JSON web token could not be decoded/);
  });

  test("a bot is a user with its own number, and a person signs in with a personal token", async (t) => {
    const { github, app, bot } = await setStage(t);
    const { data } = await bot.rest.users.getByUsername({ username: "threadbox[bot]" });
    assert.deepEqual([data.login, data.type, data.id], ["threadbox[bot]", "Bot", app.bot.id]);
    assert.notEqual(app.bot.id, app.id);
    const alice = quick(github, github.personalToken("alice"));
    assert.equal((await alice.rest.users.getAuthenticated()).data.login, "alice");
    assert.equal(await statusOf(bot.rest.users.getAuthenticated()), 403);
  });
});

describe("who may do what", () => {
  test("the permission of every role is told in the old word and the true one", async (t) => {
    const { github, bot } = await setStage(t);
    const roles = ["admin", "maintain", "write", "triage", "read"] as const;
    for (const role of roles) github.collaborator("acme/api", `${role}-person`, role);
    github.createOrganization("acme", { owners: ["olga"], members: ["max"] });
    github.createUser("stranger");
    const told = async (username: string) => {
      const { data } = await bot.rest.repos.getCollaboratorPermissionLevel({ ...api, username });
      return [data.permission, data.role_name];
    };
    assert.deepEqual(await Promise.all(roles.map((role) => told(`${role}-person`))), [
      ["admin", "admin"],
      ["write", "maintain"],
      ["write", "write"],
      ["read", "triage"],
      ["read", "read"],
    ]);
    assert.deepEqual(await told("olga"), ["admin", "admin"]);
    assert.deepEqual(await told("max"), ["read", "read"]);
    assert.deepEqual(await told("stranger"), ["none", "none"]);
    assert.equal(await statusOf(told("nobody")), 404);
    assert.equal(await statusOf(told("threadbox[bot]")), 404);
  });

  test("on a public repository everybody reads and nobody without a role writes", async (t) => {
    const { github, bot } = await setStage(t);
    await github.createRepository("acme/site");
    const site = { owner: "acme", repo: "site" };
    const { data } = await bot.rest.repos.getCollaboratorPermissionLevel({ ...site, username: "alice" });
    assert.equal(data.permission, "read");
    const alice = quick(github, github.personalToken("alice"));
    const { data: issue } = await alice.rest.issues.create({ ...site, title: "Typo", labels: ["urgent"] });
    assert.deepEqual(issue.labels, []);
    assert.equal(await statusOf(alice.rest.issues.addLabels({ ...site, issue_number: 1, labels: ["urgent"] })), 403);
    const nobody = new Octokit({
      baseUrl: github.apiUrl,
      log: SILENT,
      throttle: { enabled: false },
      retry: { enabled: false },
    });
    assert.equal((await nobody.rest.repos.get(site)).data.visibility, "public");
    assert.equal(await statusOf(nobody.rest.repos.get(api)), 404);
    assert.equal(await statusOf(nobody.rest.issues.create({ ...site, title: "x" })), 401);
  });

  test("an app with pull requests alone may comment on those and not on issues", async (t) => {
    const { github, installation } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    await github.as("alice").pushes("acme/api", "fix", { "a.txt": "a" });
    await github.as("alice").opensPullRequest("acme/api", { title: "Fix", head: "fix" });
    const half = quick(github, installation.token({ permissions: { pull_requests: "write", metadata: "read" } }));
    assert.equal(await statusOf(half.rest.issues.createComment({ ...api, issue_number: 1, body: "hi" })), 403);
    assert.equal((await half.rest.issues.createComment({ ...api, issue_number: 2, body: "hi" })).status, 201);
    assert.equal(await statusOf(half.rest.repos.getBranch({ ...api, branch: "fix" })), 403);
  });
});

describe("comments", () => {
  test("the bot comments, edits and reacts; people see one comment with its edits and reactions", async (t) => {
    const { github, bot } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "The login fails" });
    const { data: comment } = await bot.rest.issues.createComment({ ...api, issue_number: 1, body: "Working" });
    assert.equal(comment.user?.login, "threadbox[bot]");
    assert.equal(comment.user?.type, "Bot");
    assert.equal(comment.performed_via_github_app?.slug, "threadbox");
    assert.equal(comment.html_url, `${github.url}/acme/api/issues/1#issuecomment-${comment.id}`);
    await bot.rest.issues.updateComment({ ...api, comment_id: comment.id, body: "Half way" });
    await bot.rest.issues.updateComment({ ...api, comment_id: comment.id, body: "Done" });
    const react = () => bot.rest.reactions.createForIssueComment({ ...api, comment_id: comment.id, content: "eyes" });
    const [first, again] = [await react(), await react()];
    assert.deepEqual([first.status, again.status, again.data.id === first.data.id], [201, 200, true]);
    await bot.rest.reactions.createForIssue({ ...api, issue_number: 1, content: "rocket" });
    const [seen] = github.issue("acme/api", 1).comments();
    assert.deepEqual(
      [seen?.author, seen?.body, seen?.edits, seen?.reactions],
      ["threadbox[bot]", "Done", 2, [{ content: "eyes", user: "threadbox[bot]" }]],
    );
    assert.deepEqual(github.issue("acme/api", 1).reactions, [{ content: "rocket", user: "threadbox[bot]" }]);
    await bot.rest.issues.deleteComment({ ...api, comment_id: comment.id });
    assert.equal(await statusOf(bot.rest.issues.getComment({ ...api, comment_id: comment.id })), 404);
  });

  test("long lists come in pages, and since leaves out what is older", async (t) => {
    const { github, clock, bot } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Long" });
    for (let i = 1; i <= 7; i++) await github.as("alice").comments("acme/api", 1, `Comment ${i}`);
    clock.advance(60_000);
    const since = new Date(clock.now()).toISOString();
    await github.as("alice").comments("acme/api", 1, "Late");
    const all = await bot.paginate(bot.rest.issues.listComments, { ...api, issue_number: 1, per_page: 3 });
    assert.equal(all.length, 8);
    const { data: late } = await bot.rest.issues.listComments({ ...api, issue_number: 1, since });
    assert.deepEqual(
      late.map((one) => one.body),
      ["Late"],
    );
    assert.equal(github.calls()["GET /repos/{owner}/{repo}/issues/{issue_number}/comments"], 4);
  });

  test("a body of 65,536 characters is taken, one more is not, and an empty one neither", async (t) => {
    const { github, bot } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Long" });
    const say = (body: string) => bot.rest.issues.createComment({ ...api, issue_number: 1, body });
    assert.equal((await say("ä".repeat(65_536))).status, 201);
    assert.equal(await statusOf(say("ä".repeat(65_537))), 422);
    assert.equal(await statusOf(say(" ")), 422);
  });

  test("people label and assign, the API tells when and who, and apps cannot be assigned", async (t) => {
    const { github, bot } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    await github.as("alice").labels("acme/api", 1, "bot:work");
    await github.as("alice").assigns("acme/api", 1, "alice", "threadbox[bot]");
    const { data: events } = await bot.rest.issues.listEvents({ ...api, issue_number: 1 });
    assert.deepEqual(
      events.map((one) => [one.event, one.actor?.login]),
      [
        ["labeled", "alice"],
        ["assigned", "alice"],
      ],
    );
    assert.deepEqual(github.issue("acme/api", 1).assignees, ["alice"]);
    await bot.rest.issues.removeLabel({ ...api, issue_number: 1, name: "bot:work" });
    await bot.rest.issues.update({ ...api, issue_number: 1, state: "closed", state_reason: "completed" });
    const { data } = await bot.rest.issues.get({ ...api, issue_number: 1 });
    assert.deepEqual([data.state, data.state_reason, data.labels], ["closed", "completed", []]);
  });
});
