import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { findMention } from "../../handlers/github/mention.ts";
import { branchKey, githubPullRequestKey } from "../../src/core/correlation.ts";
import type { Mention } from "../../src/core/types.ts";
import { githubSurface } from "../../src/surfaces/github.ts";
import { answer, progress } from "../contracts/surface.ts";
import { quiet } from "../quiet.ts";
import { inWorld, issueThread, mentionFrom, REPO, type World } from "./github-world.ts";

const once = (marker: string) => ({ marker, again: false });
const again = (marker: string) => ({ marker, again: true });
const asked = (world: World, who: string, text = "@threadbox fix this") =>
  mentionFrom(world, () => world.github.as(who).comments(REPO, 1, text));

/** A pull request of alice's on a branch of the repository itself. */
async function pullRequest({ github }: World, head = "login"): Promise<number> {
  await github.as("alice").pushes(REPO, head, { "main.ts": "one\nTWO\nthree\n" });
  return (await github.as("alice").opensPullRequest(REPO, { title: "Fix login", head, body: "Sets the cookie." }))
    .number;
}

async function inlineMention(world: World): Promise<{ mention: Mention; number: number }> {
  const number = await pullRequest(world);
  const comment = { path: "main.ts", line: 2, body: "@threadbox lower case please" };
  const mention = await mentionFrom(world, () => world.github.as("alice").reviewComments(REPO, number, comment));
  return { mention, number };
}

const bodies = ({ github }: World, number = 1) =>
  github
    .issue(REPO, number)
    .comments()
    .filter(({ author }) => author === "acme-coder[bot]")
    .map(({ body }) => body);

describe("comments", () => {
  test("an inline comment is answered in its own thread", () =>
    inWorld({}, async (world) => {
      const { mention } = await inlineMention(world);
      const ref = await world.surface.show(mention.thread, progress("Reading"), null, null, once("t1"));
      assert.equal(await world.surface.show(mention.thread, progress("Testing"), null, ref, once("t1")), ref);
      await world.surface.answer(mention.thread, answer(mention.author, "Done so."), once("t1/answer"));
      assert.equal(await world.surface.show(mention.thread, progress("Testing"), null, null, again("t1")), ref);
      const [root, shown, answered, ...others] = world.github.pulls(REPO)[0]?.reviewComments() ?? [];
      assert.deepEqual([shown?.inReplyToId, answered?.inReplyToId, others.length], [root?.id, root?.id, 0]);
      assert.match(shown?.body ?? "", /Testing/);
      assert.match(answered?.body ?? "", /^@alice\n\nDone so\./);
    }));

  test("an answer goes below when its inline thread was deleted", () =>
    inWorld({}, async (world) => {
      const { mention, number } = await inlineMention(world);
      world.github.faults.next("POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies", {
        kind: "status",
        status: 404,
      });
      await world.surface.say(mention.thread, "Stopped.", once("e1"));
      assert.match(bodies(world, number)[0] ?? "", /^Stopped\./);
    }));

  test("progress that says the same is not sent again", () =>
    inWorld({}, async (world) => {
      const { surface, github } = world;
      const show = (now: string, ref: string | null) =>
        surface.show(issueThread(world), progress(now), null, ref, once("t1"));
      const ref = await show("Reading", null);
      assert.equal(await show("Reading", ref), ref);
      assert.equal(await show("Testing", ref), ref);
      assert.equal(await show("Testing", ref), ref);
      assert.equal(github.calls()["PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}"], 1);
    }));

  test("progress that somebody deleted is posted anew", () =>
    inWorld({}, async (world) => {
      const { surface, github } = world;
      const first = await surface.show(issueThread(world), progress("Reading"), null, null, once("t1"));
      await github.as("threadbox-user").deletesComment(REPO, Number(first.split(":")[1]));
      const second = await surface.show(issueThread(world), progress("Testing"), null, first, once("t1"));
      assert.notEqual(second, first);
      assert.equal(bodies(world).length, 1);
    }));

  test("a marker that somebody else wrote is not taken for ours", () =>
    inWorld({}, async (world) => {
      await world.github.as("mallory").comments(REPO, 1, "<!-- threadbox:t1/answer -->");
      const { author } = await asked(world, "alice");
      await world.surface.answer(issueThread(world), answer(author, "Done."), again("t1/answer"));
      assert.equal(bodies(world).length, 1);
    }));

  test("a marker is found behind hundreds of comments", () =>
    inWorld({}, async (world) => {
      for (let i = 0; i < 320; i++) await world.github.as("mallory").comments(REPO, 1, `${i}`);
      const first = await world.surface.say(issueThread(world), "Hello.", once("e--1>"));
      assert.equal(await world.surface.say(issueThread(world), "Hello.", again("e--1>")), first);
    }));

  test("a long answer that broke off is completed, not begun again", () =>
    inWorld({}, async (world) => {
      const { author } = await asked(world, "alice");
      const long = answer(author, Array.from({ length: 40 }, (_, i) => `${i}: ${"words ".repeat(500)}`).join("\n\n"));
      const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
      world.github.faults.next(route, { kind: "reset", when: "after" });
      await assert.rejects(world.surface.answer(issueThread(world), long, once("a")), { code: "surface.unavailable" });
      const ref = await world.surface.answer(issueThread(world), long, again("a"));
      const ours = world.github
        .issue(REPO, 1)
        .comments()
        .filter(({ author }) => author === "acme-coder[bot]");
      assert.equal(ours.length, 3);
      assert.equal(ref, `issue-comment:${ours[0]?.id}`);
      assert.deepEqual(
        ours.map(({ body }) => body.includes("@alice")),
        [true, false, false],
      );
    }));

  test("the installation is found where the thread does not tell it", () =>
    inWorld({}, async (world) => {
      await world.surface.say({ ...issueThread(world), installation: null }, "Hello.", once("e1"));
      await world.surface.say({ ...issueThread(world), installation: null }, "Hello again.", once("e2"));
      assert.equal(bodies(world).length, 2);
      assert.equal(world.github.calls()["GET /repos/{owner}/{repo}/installation"], 1);
    }));

  test("a repository that was renamed is still found", () =>
    inWorld({}, async (world) => {
      world.github.rename(REPO, "backend");
      const ref = await world.surface.say(issueThread(world), "Hello.", once("e1"));
      assert.equal(await world.surface.say(issueThread(world), "Hello.", again("e1")), ref);
      assert.equal(world.github.issue("acme/backend", 1).comments().length, 1);
    }));

  test("a repository without the App is named in the failure", () =>
    inWorld({}, async (world) => {
      const elsewhere = await world.github.createRepository("other/web", {});
      const repo = { id: elsewhere.id, owner: "other", name: "web" };
      const thread = { ...issueThread(world), repo, installation: null };
      await assert.rejects(world.surface.say(thread, "Hello.", once("e1")), {
        code: "git.unauthorized",
        detail: "The GitHub App is not installed on other/web",
      });
    }));
});

describe("GitHub's limits", () => {
  const COMMENT = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";

  test("shut everything out for as long as GitHub says, and one installation alone", () =>
    inWorld({}, async (world) => {
      const say = (marker: string) => world.surface.say(issueThread(world), "Hello.", once(marker));
      world.github.faults.next(COMMENT, { kind: "secondary-limit", retryAfterSeconds: 40 });
      await assert.rejects(say("e1"), { code: "surface.rate-limited", retryAfterMs: 40_000 });
      const { length } = world.github.requests;
      await assert.rejects(say("e1"), { code: "surface.rate-limited", retryAfterMs: 40_000 });
      await assert.rejects(world.surface.acknowledge(await asked(world, "alice")), { code: "surface.rate-limited" });
      assert.equal(world.github.requests.length, length);
      world.clock.advance(40_000);
      await say("e1");
      assert.equal(bodies(world).length, 1);
    }));

  test("let progress go without before it gets there", () =>
    inWorld({}, async (world) => {
      mock.timers.enable({ apis: ["Date"], now: Date.now() }); // or a slow machine has a second to spare
      const surface = githubSurface({ access: world.freshAccess(true), name: "threadbox", findMention, log: quiet });
      const ref = await surface.show(issueThread(world), progress("Reading"), null, null, once("t1"));
      const edit = surface.show(issueThread(world), progress("Testing"), null, ref, once("t1"));
      await assert.rejects(edit, { code: "surface.rate-limited" });
      assert.equal(world.github.calls()["PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}"], undefined);
    }).finally(() => mock.timers.reset()));
});

describe("acknowledging", () => {
  test("puts eyes on comments, inline comments and issues, each once", () =>
    inWorld({}, async (world) => {
      const { mention: inline, number } = await inlineMention(world);
      const comment = await asked(world, "alice");
      const issue = { ...comment, message: "issue:1" };
      for (const mention of [inline, comment, issue, inline]) await world.surface.acknowledge(mention);
      const eyes = [{ content: "eyes", user: "acme-coder[bot]" }];
      assert.deepEqual(world.github.pulls(REPO)[0]?.reviewComments()[0]?.reactions, eyes);
      assert.deepEqual(world.github.issue(REPO, 1).comments()[0]?.reactions, eyes);
      assert.deepEqual(world.github.issue(REPO, 1).reactions, eyes);
      assert.deepEqual(world.github.issue(REPO, number).reactions, []);
    }));

  test("a comment that is gone is fine", () =>
    inWorld({}, async (world) => {
      const mention = await asked(world, "alice");
      await world.surface.acknowledge({ ...mention, message: "issue-comment:1" });
    }));
});

describe("who may ask", () => {
  const rows: [who: string, verdict: true | string][] = [
    ["threadbox-user", true],
    ["bob", true],
    ["alice", true],
    ["trudy", "surface.not-allowed"],
    ["mallory", "surface.not-allowed"],
    ["stan", "surface.not-allowed"],
  ];
  for (const [who, verdict] of rows) {
    test(`${who}: ${verdict}`, () =>
      inWorld({}, async (world) => {
        const got = await world.surface.authorize(await asked(world, who));
        assert.equal(got.allowed ? true : got.code, verdict);
      }));
  }

  test("commits are put down to the asker's address that tells nothing private", () =>
    inWorld({}, async (world) => {
      const got = await world.surface.authorize(await asked(world, "alice"));
      const id = world.people.alice?.id;
      assert.deepEqual(got.allowed && got.author.git, { name: "alice", email: `${id}+alice@users.noreply.127.0.0.1` });
    }));

  test("a login that somebody else has taken over grants nothing", () =>
    inWorld({}, async (world) => {
      const mention = await asked(world, "alice");
      const got = await world.surface.authorize({ ...mention, author: { ...mention.author, id: "1" } });
      assert.equal(got.allowed, false);
    }));

  test("access that was taken away ends within a minute", () =>
    inWorld({}, async (world) => {
      const mention = await asked(world, "alice");
      await world.surface.authorize(mention);
      world.github.collaborator(REPO, "alice", null);
      await world.surface.authorize(mention);
      assert.equal(world.github.calls()["GET /repos/{owner}/{repo}/collaborators/{username}/permission"], 1);
      world.clock.advance(60_000);
      assert.equal((await world.surface.authorize(mention)).allowed, false);
    }));

  test("a bot may not, unless its number is listed", () =>
    inWorld({ allowedBots: ["77"] }, async (world) => {
      const mention = await asked(world, "alice");
      const bot = { ...mention.author, id: "76", name: "renovate[bot]" };
      const got = await world.surface.authorize({ ...mention, author: bot });
      assert.equal(got.allowed ? true : got.code, "surface.bot");
      assert.equal((await world.surface.authorize({ ...mention, author: { ...bot, id: "77" } })).allowed, true);
    }));
});

describe("refusing", () => {
  const reactionsOn = ({ github }: World, { message }: Mention) =>
    github
      .issue(REPO, 1)
      .comments()
      .find(({ id }) => message === `issue-comment:${id}`)
      ?.reactions.map(({ content }) => content);
  const refuse = async (world: World, who: string, marker: string) => {
    const mention = await asked(world, who);
    await world.surface.refuse(mention, "Ask somebody who may.", once(marker));
    return reactionsOn(world, mention);
  };

  test("a stranger in public sees a reaction and no reply", () =>
    inWorld({}, async (world) => {
      assert.deepEqual(await refuse(world, "stan", "e1"), ["confused"]);
      assert.deepEqual(bodies(world), []);
    }));

  test("a collaborator gets a reply, once in a thread", () =>
    inWorld({}, async (world) => {
      assert.deepEqual(await refuse(world, "trudy", "e1"), ["confused"]);
      assert.deepEqual(await refuse(world, "trudy", "e2"), ["confused"]);
      assert.equal(bodies(world).length, 1);
      assert.match(bodies(world)[0] ?? "", /^Ask somebody who may\./);
    }));

  test("everybody who sees a private repository gets a reply", () =>
    inWorld({ isPrivate: true }, async (world) => {
      await refuse(world, "mallory", "e1");
      assert.equal(bodies(world).length, 1);
    }));

  test("a bot gets nothing, because an answer to a bot begins a loop", () =>
    inWorld({}, async (world) => {
      const mention = await asked(world, "alice");
      await world.surface.refuse({ ...mention, author: { ...mention.author, name: "x[bot]" } }, "No.", once("e1"));
      assert.deepEqual(reactionsOn(world, mention), []);
    }));
});

describe("completing the mention on a pull request", () => {
  const onPull = (world: World, number: number) =>
    mentionFrom(world, () => world.github.as("alice").comments(REPO, number, "@threadbox go on"));

  test("adds the head branch of the same repository", () =>
    inWorld({}, async (world) => {
      const number = await pullRequest(world);
      const mention = await onPull(world, number);
      assert.equal(mention.lookup, "pull-request-head");
      const complete = await world.surface.complete(mention);
      const { id } = world.repo;
      assert.deepEqual(complete.keys, [githubPullRequestKey(id, number), branchKey(id, "login")]);
      const tip = { sha: (await world.github.refs(REPO))["refs/heads/login"], branch: "login" };
      assert.deepEqual(complete.repository, { ...mention.repository, base: "main", head: "login", tip });
      assert.equal("lookup" in complete, false);
    }));

  test("adds the commit of a fork and no branch, for its name may be that of one of ours", () =>
    inWorld({}, async (world) => {
      await world.github.fork(REPO, "mallory");
      await world.github.as("mallory").pushes("mallory/api", "login", { "main.ts": "evil\n" });
      const draft = { title: "x", head: "mallory:login" };
      const { number } = await world.github.as("mallory").opensPullRequest(REPO, draft);
      const complete = await world.surface.complete(await onPull(world, number));
      assert.deepEqual(complete.keys, [githubPullRequestKey(world.repo.id, number)]);
      assert.equal(complete.repository?.head, undefined);
      const sha = (await world.github.refs(REPO))[`refs/pull/${number}/head`];
      assert.deepEqual(complete.repository?.tip, { sha, branch: "login", fork: { number, by: "mallory" } });
    }));

  test("adds nothing of a closed one", () =>
    inWorld({}, async (world) => {
      const number = await pullRequest(world);
      await world.github.as("alice").closes(REPO, number);
      const complete = await world.surface.complete(await onPull(world, number));
      assert.deepEqual(complete.keys, [githubPullRequestKey(world.repo.id, number)]);
    }));
});
