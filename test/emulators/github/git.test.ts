/** The emulated GitHub's repositories, driven by real git and the real octokit: clones, pushes, and the life of a pull request. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { failureOf, quick, type Stage, setStage, statusOf, withToken, workFolder } from "./stage.ts";

const api = { owner: "acme", repo: "api" };

async function cloned(
  t: Parameters<typeof workFolder>[0],
  { github, installation }: Stage,
  token = installation.token(),
) {
  const clone = await workFolder(t);
  await clone.git("clone", "--quiet", withToken(github, "acme/api", token), ".");
  const commit = (name: string) => clone.git("commit", "--quiet", "--allow-empty", "-m", name);
  return { ...clone, commit };
}

describe("git over HTTP", () => {
  test("a private repository is cloned with a token and a push shows up as a branch", async (t) => {
    const stage = await setStage(t);
    const clone = await cloned(t, stage);
    await clone.git("checkout", "--quiet", "-b", "threadbox/fix");
    await clone.git("mv", "README.md", "READ.md");
    await clone.commit("Rename");
    await clone.git("push", "--quiet", "origin", "HEAD");
    assert.deepEqual(Object.keys(await stage.github.branches("acme/api")), ["main", "threadbox/fix"]);
    assert.deepEqual(Object.keys(await stage.github.files("acme/api", "threadbox/fix")), ["READ.md", "src/login.ts"]);
    assert.equal(stage.github.calls()["POST /{owner}/{repo}.git/git-receive-pack"], 1);
  });

  test("a shallow clone deepens, and a single commit is fetched by its id", async (t) => {
    const stage = await setStage(t);
    const { sha } = await stage.github.as("alice").pushes("acme/api", "main", { "a.txt": "a" });
    await stage.github.as("alice").pushes("acme/api", "main", { "a.txt": "b" });
    const url = withToken(stage.github, "acme/api", stage.installation.token());
    const clone = await workFolder(t);
    await clone.git("clone", "--quiet", "--depth=1", url, ".");
    assert.equal((await clone.git("rev-list", "--count", "HEAD")).trim(), "1");
    await clone.git("fetch", "--quiet", "origin", sha);
    await clone.git("fetch", "--quiet", "--unshallow");
    assert.equal((await clone.git("rev-list", "--count", "HEAD")).trim(), "3");
  });

  test("a push too large for one request comes in pieces, after a question whether it may", async (t) => {
    const stage = await setStage(t);
    const clone = await cloned(t, stage);
    await writeFile(join(clone.folder, "large.bin"), randomBytes(3_000_000));
    await clone.git("add", ".");
    await clone.commit("Large");
    await clone.git("push", "--quiet", "origin", "HEAD:large");
    assert.equal(stage.github.calls()["POST /{owner}/{repo}.git/git-receive-pack"], 2);
    assert.equal((await stage.github.commits("acme/api", "large"))[0]?.message, "Large");
  });

  const refusals = [
    { name: "without a token", token: () => null, says: /could not read Username/ },
    { name: "with a token that nobody made", token: () => "ghs_1_a.b.c", says: /Invalid username or token/ },
    {
      name: "with a token for another repository",
      token: ({ installation }: Stage) => installation.token({ repositories: ["acme/web"] }),
      says: /Repository not found/,
    },
    {
      name: "with a token that may not read contents",
      token: ({ installation }: Stage) => installation.token({ permissions: { issues: "write", metadata: "read" } }),
      says: /returned error: 403/,
    },
    {
      name: "as a person who has no role",
      token: ({ github }: Stage) => github.personalToken("mallory"),
      says: /Repository not found/,
    },
  ];
  for (const { name, token, says } of refusals) {
    test(`cloning a private repository ${name} is refused`, async (t) => {
      const stage = await setStage(t);
      await stage.github.createRepository("acme/web", { isPrivate: true });
      const secret = token(stage);
      const url = secret ? withToken(stage.github, "acme/api", secret) : `${stage.github.url}/acme/api.git`;
      const folder = await workFolder(t);
      assert.match(await folder.refused("clone", url, "."), says);
    });
  }

  test("a public repository is cloned by anybody and pushed to by nobody without a token", async (t) => {
    const { github } = await setStage(t);
    const { cloneUrl } = await github.createRepository("acme/site");
    const clone = await workFolder(t);
    await clone.git("clone", "--quiet", cloneUrl, ".");
    await clone.git("commit", "--quiet", "--allow-empty", "-m", "Mine");
    assert.match(await clone.refused("push", "origin", "main"), /could not read Username/);
  });

  test("a token that only reads cannot push, nor can a person with the role read", async (t) => {
    const stage = await setStage(t);
    stage.github.collaborator("acme/api", "rita", "read");
    const readOnly = stage.installation.token({ permissions: { contents: "read", metadata: "read" } });
    for (const [token, says] of [
      [readOnly, /Write access to repository not granted[\s\S]*403/],
      [stage.github.personalToken("rita"), /Permission to acme\/api\.git denied to rita[\s\S]*403/],
    ] as const) {
      const clone = await cloned(t, stage, token);
      await clone.commit("Mine");
      assert.match(await clone.refused("push", "origin", "HEAD:mine"), says);
    }
  });

  test("pushes that GitHub's own rules forbid are refused in its words, and the rest of the push goes through", async (t) => {
    const stage = await setStage(t);
    stage.github.protect("acme/api", "main");
    const clone = await cloned(t, stage);
    await clone.commit("Mine");
    const refused = await clone.refused("push", "origin", "HEAD:main", "HEAD:mine");
    assert.match(refused, /remote: error: GH006: Protected branch update failed for refs\/heads\/main\./);
    assert.match(refused, /! \[remote rejected\] HEAD -> main \(protected branch hook declined\)/);
    assert.match(await clone.refused("push", "origin", "HEAD:refs/pull/1/head"), /deny updating a hidden ref/);
    assert.match(await clone.refused("push", "origin", ":main"), /refusing to delete the current branch/);
    assert.deepEqual(Object.keys(await stage.github.branches("acme/api")), ["main", "mine"]);
  });

  test("a workflow file takes the workflows permission, or the scope", async (t) => {
    const stage = await setStage(t);
    const workflow = { ".github/workflows/ci.yml": "on: push\n" };
    await stage.github.createRepository("acme/seed", { isPrivate: true, files: workflow });
    const seed = withToken(stage.github, "acme/seed", stage.installation.token());
    const pushWith = async (token: string) => {
      const clone = await cloned(t, stage, token);
      await clone.git("fetch", "--quiet", seed, "main");
      await clone.git("checkout", "--quiet", "FETCH_HEAD", "--", ".github");
      await clone.commit("Change CI");
      return clone;
    };
    const app = await pushWith(stage.installation.token());
    assert.match(
      await app.refused("push", "origin", "HEAD:ci"),
      /refusing to allow a GitHub App to create or update workflow `\.github\/workflows\/ci\.yml` without `workflows` permission/,
    );
    const person = await pushWith(stage.github.personalToken("alice", ["repo"]));
    assert.match(
      await person.refused("push", "origin", "HEAD:ci"),
      /a Personal Access Token .* without `workflow` scope/,
    );
    await (await pushWith(stage.github.personalToken("alice"))).git("push", "--quiet", "origin", "HEAD:ci");
  });
});

describe("the life of a pull request", () => {
  test("it is opened, follows its branch, is merged, and its head can be fetched by number", async (t) => {
    const stage = await setStage(t);
    const { github, bot } = stage;
    const first = await github.as("alice").pushes("acme/api", "fix", { "src/login.ts": "export const a = 2;\n" });
    const { data: opened } = await bot.rest.pulls.create({
      ...api,
      title: "Fix",
      head: "fix",
      base: "main",
      body: "By hand",
    });
    assert.deepEqual(
      [opened.number, opened.head.ref, opened.head.sha, opened.head.repo?.id, opened.user.login, opened.changed_files],
      [1, "fix", first.sha, stage.repositoryId, "threadbox[bot]", 1],
    );
    const second = await github.as("alice").pushes("acme/api", "fix", { "b.txt": "b\n" });
    const { data: computing } = await bot.rest.pulls.get({ ...api, pull_number: 1 });
    assert.equal(computing.mergeable, null);
    const { data: followed } = await bot.rest.pulls.get({ ...api, pull_number: 1 });
    assert.deepEqual([followed.head.sha, followed.commits, followed.mergeable], [second.sha, 2, true]);
    assert.equal((await github.refs("acme/api"))["refs/pull/1/head"], second.sha);
    const clone = await cloned(t, stage);
    await clone.git("fetch", "--quiet", "origin", "refs/pull/1/head");
    assert.equal((await clone.git("rev-parse", "FETCH_HEAD")).trim(), second.sha);
    const { data: files } = await bot.rest.pulls.listFiles({ ...api, pull_number: 1 });
    assert.deepEqual(
      files.map((one) => [one.filename, one.status, one.additions, one.deletions]),
      [
        ["b.txt", "added", 1, 0],
        ["src/login.ts", "modified", 1, 3],
      ],
    );
    const stale = bot.rest.pulls.merge({ ...api, pull_number: 1, sha: first.sha });
    assert.equal(await statusOf(stale), 409);
    const { data: merged } = await bot.rest.pulls.merge({
      ...api,
      pull_number: 1,
      merge_method: "squash",
      sha: second.sha,
    });
    assert.equal((await github.branches("acme/api")).main, merged.sha);
    assert.deepEqual(
      github.pulls("acme/api").map((one) => [one.state, one.merged]),
      [["closed", true]],
    );
  });

  test("GitHub says why a pull request cannot be opened", async (t) => {
    const { github, bot } = await setStage(t);
    await github.as("alice").pushes("acme/api", "fix", { "a.txt": "a" });
    await bot.rest.git.createRef({
      ...api,
      ref: "refs/heads/same",
      sha: (await github.branches("acme/api")).main ?? "",
    });
    const open = (head: string, base = "main") =>
      failureOf(bot.rest.pulls.create({ ...api, title: "Fix", head, base }));
    assert.match((await open("same")).message, /No commits between main and same/);
    assert.match((await open("unknown")).message, /"field":"head","code":"invalid"/);
    assert.match((await open("fix", "unknown")).message, /"field":"base","code":"invalid"/);
    await bot.rest.pulls.create({ ...api, title: "Fix", head: "fix", base: "main" });
    assert.match((await open("fix")).message, /A pull request already exists for acme:fix\./);
  });

  test("lists find it by owner and branch, and a bare branch name filters nothing", async (t) => {
    const { github, bot } = await setStage(t);
    for (const branch of ["one", "two"]) {
      await github.as("alice").pushes("acme/api", branch, { [branch]: branch });
      await github.as("alice").opensPullRequest("acme/api", { title: branch, head: branch });
    }
    await github.as("alice").closes("acme/api", 2);
    const found = async (query: object) =>
      (await bot.rest.pulls.list({ ...api, ...query })).data.map((one) => one.title);
    assert.deepEqual(await found({ head: "acme:one" }), ["one"]);
    assert.deepEqual(await found({ head: "acme:two" }), []);
    assert.deepEqual(await found({ head: "acme:two", state: "all" }), ["two"]);
    assert.deepEqual(await found({ head: "two" }), ["one"]);
  });

  test("a fork's pull request is read by number, and our token cannot push to the fork", async (t) => {
    const stage = await setStage(t);
    const { github, bot } = stage;
    const fork = await github.fork("acme/api", "mallory");
    const { sha } = await github.as("mallory").pushes("mallory/api", "main", { "evil.txt": "x" });
    github.collaborator("acme/api", "mallory", "read");
    const pull = await github.as("mallory").opensPullRequest("acme/api", { title: "Hi", head: "mallory:main" });
    assert.deepEqual(
      [pull.head.repo?.id, pull.base.repo.id, pull.head.label],
      [fork.id, stage.repositoryId, "mallory:main"],
    );
    const clone = await cloned(t, stage);
    await clone.git("fetch", "--quiet", "origin", "refs/pull/1/head");
    assert.equal((await clone.git("rev-parse", "FETCH_HEAD")).trim(), sha);
    const url = withToken(github, "mallory/api", stage.installation.token());
    assert.match(await clone.refused("push", url, "FETCH_HEAD:refs/heads/main"), /Repository not found/);
    const { data } = await bot.rest.repos.compareCommitsWithBasehead({ ...api, basehead: "main...mallory:main" });
    assert.deepEqual([data.status, data.ahead_by, data.files?.[0]?.filename], ["ahead", 1, "evil.txt"]);
  });

  test("lines of the difference are commented on, answered and reviewed; other lines are not", async (t) => {
    const { github, bot } = await setStage(t);
    const { sha } = await github.as("alice").pushes("acme/api", "fix", { "new.ts": "one\ntwo\nthree\n" });
    await github.as("alice").opensPullRequest("acme/api", { title: "Fix", head: "fix" });
    const at = { ...api, pull_number: 1 };
    const { data: comment } = await bot.rest.pulls.createReviewComment({
      ...at,
      body: "Why?",
      path: "new.ts",
      line: 2,
      commit_id: sha,
    });
    assert.equal(comment.diff_hunk, "@@ -0,0 +1,3 @@\n+one\n+two");
    const { data: reply } = await bot.rest.pulls.createReplyForReviewComment({
      ...at,
      comment_id: comment.id,
      body: "Because",
    });
    assert.equal(reply.in_reply_to_id, comment.id);
    await bot.rest.reactions.createForPullRequestReviewComment({ ...api, comment_id: comment.id, content: "eyes" });
    const off = bot.rest.pulls.createReviewComment({ ...at, body: "?", path: "new.ts", line: 9, commit_id: sha });
    assert.equal(await statusOf(off), 422);
    const alice = quick(github, github.personalToken("alice"));
    assert.equal(await statusOf(alice.rest.pulls.createReview({ ...at, event: "APPROVE" })), 422);
    await bot.rest.pulls.createReview({ ...at, event: "REQUEST_CHANGES", body: "Not yet" });
    const [pull] = github.pulls("acme/api");
    assert.deepEqual(
      pull?.reviewComments().map((one) => [one.body, one.line, one.inReplyToId]),
      [
        ["Why?", 2, null],
        ["Because", 2, comment.id],
      ],
    );
    assert.deepEqual(
      pull?.reviews().map((one) => one.state),
      ["COMMENTED", "COMMENTED", "CHANGES_REQUESTED"],
    );
  });

  test("the API reads branches, files and refs, and writes a file", async (t) => {
    const { github, bot } = await setStage(t);
    const { data: file } = await bot.rest.repos.getContent({ ...api, path: "README.md" });
    assert.ok(!Array.isArray(file) && file.type === "file");
    assert.equal(Buffer.from(file.content, "base64").toString(), "# api\n");
    const write = { ...api, path: "docs/a/b.md", message: "Docs", content: Buffer.from("hi\n").toString("base64") };
    await bot.rest.git.createRef({
      ...api,
      ref: "refs/heads/feature/docs",
      sha: (await github.branches("acme/api")).main ?? "",
    });
    await bot.rest.repos.createOrUpdateFileContents({ ...write, branch: "feature/docs" });
    const { data: branch } = await bot.rest.repos.getBranch({ ...api, branch: "feature/docs" });
    assert.equal(branch.commit.commit.message, "Docs");
    assert.equal((await bot.rest.git.getRef({ ...api, ref: "heads/feature/docs" })).data.object.sha, branch.commit.sha);
    await bot.rest.git.deleteRef({ ...api, ref: "heads/feature/docs" });
    assert.equal(await statusOf(bot.rest.repos.getBranch({ ...api, branch: "feature/docs" })), 404);
  });

  test("a renamed repository is found under its old name, by octokit and by git", async (t) => {
    const stage = await setStage(t);
    stage.github.rename("acme/api", "backend");
    assert.equal((await stage.bot.rest.repos.get(api)).data.full_name, "acme/backend");
    await cloned(t, stage);
  });
});
