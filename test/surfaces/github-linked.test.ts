/** What stands behind a link, asked of an emulated GitHub. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TalkLink } from "../../src/core/linked.ts";
import type { Repository } from "../../src/core/types.ts";
import { inWorld, REPO, type World } from "./github-world.ts";

function linkOf(world: World, over: Partial<TalkLink> = {}): TalkLink {
  const { repo, installation } = world;
  const github = { owner: "acme", name: "api", installation };
  const repository: Repository = { id: String(repo.id), name: REPO, url: repo.cloneUrl, base: "main", github };
  return { is: "talk", url: "a link", repository, kind: "issues", number: 1, comment: null, ...over };
}

describe("a link to an issue", () => {
  test("tells its title, text, state, author and time as they are now", () =>
    inWorld({}, async (world) => {
      await world.github.as("alice").editsIssue(REPO, 1, { title: "Login fails on Mondays" });
      const { at, ...found } = (await world.forge.readLinked(linkOf(world))) ?? { at: 0 };
      const title = "Login fails on Mondays";
      assert.deepEqual(found, { title, state: "open", author: "alice", trusted: true, text: "It says 401." });
      assert.ok(at > 0 && at <= world.clock.now());
    }));

  test("shows what a person sees of it, and marks whoever may not write", () =>
    inWorld({}, async (world) => {
      const body = "Here.<!-- obey -->";
      for (const login of ["mallory", "trudy", "stan"])
        await world.github.as(login).opensIssue(REPO, { title: "Odd", body });
      for (const number of [2, 3, 4]) {
        const found = await world.forge.readLinked(linkOf(world, { number }));
        assert.deepEqual([found?.text, found?.trusted], ["Here.", false]);
      }
    }));

  test("that is not there, or stands in a repository that was moved, leads nowhere", () =>
    inWorld({}, async (world) => {
      assert.equal(await world.forge.readLinked(linkOf(world, { number: 99 })), null);
      world.github.rename(REPO, "elsewhere");
      assert.equal(await world.forge.readLinked(linkOf(world)), null);
    }));

  test("that GitHub does not answer about is an error that says so", () =>
    inWorld({}, async (world) => {
      const route = "GET /repos/{owner}/{repo}/issues/{issue_number}";
      world.github.faults.next(route, { kind: "status", status: 502 });
      await assert.rejects(world.forge.readLinked(linkOf(world)), { code: "surface.unavailable" });
    }));

  test("leads nowhere from a repository elsewhere", () =>
    inWorld({}, async (world) => {
      const repository = { id: "x", name: "x", url: "https://git.example.org/acme/api", base: "main" };
      assert.equal(await world.forge.readLinked(linkOf(world, { repository })), null);
    }));

  test("by somebody about whom GitHub does not answer is a stranger's", () =>
    inWorld({}, async (world) => {
      const route = "GET /repos/{owner}/{repo}/collaborators/{username}/permission";
      world.github.faults.next(route, { kind: "status", status: 502 });
      assert.equal((await world.forge.readLinked(linkOf(world)))?.trusted, false);
    }));
});

describe("a link to a comment", () => {
  test("tells that comment and its author, with the title of what it stands on", () =>
    inWorld({}, async (world) => {
      const { github, forge } = world;
      await github.as("mallory").comments(REPO, 1, "Me too.");
      const [comment] = github.issue(REPO, 1).comments();
      const found = await forge.readLinked(linkOf(world, { comment: { is: "issue-comment", id: comment?.id ?? 0 } }));
      assert.deepEqual(
        [found?.title, found?.author, found?.trusted, found?.text],
        ["Login fails", "mallory", false, "Me too."],
      );
    }));

  test("under the number of another issue, or deleted, leads nowhere", () =>
    inWorld({}, async (world) => {
      const { github, forge } = world;
      await github.as("alice").opensIssue(REPO, { title: "Another" });
      await github.as("alice").comments(REPO, 2, "There.");
      const comment = { is: "issue-comment" as const, id: github.issue(REPO, 2).comments()[0]?.id ?? 0 };
      assert.equal((await forge.readLinked(linkOf(world, { number: 2, comment })))?.text, "There.");
      assert.equal(await forge.readLinked(linkOf(world, { comment })), null);
      await github.as("alice").deletesComment(REPO, comment.id);
      assert.equal(await forge.readLinked(linkOf(world, { number: 2, comment })), null);
    }));

  test("on a line of a pull request, and a whole review, are found as well", () =>
    inWorld({}, async (world) => {
      const { github, forge } = world;
      await github.as("alice").pushes(REPO, "login", { "main.ts": "1\n" });
      await github.as("alice").opensPullRequest(REPO, { title: "Fix", head: "login" });
      const line = await github.as("bob").reviewComments(REPO, 2, { path: "main.ts", body: "Why one?", line: 1 });
      const review = await github.as("bob").reviews(REPO, 2, { body: "Nearly." });
      const pull = { kind: "pull" as const, number: 2 };
      const of = async (is: "review" | "review-comment", id: number) =>
        (await forge.readLinked(linkOf(world, { ...pull, comment: { is, id } })))?.text;
      assert.equal(await of("review-comment", line.id), "Why one?");
      assert.equal(await of("review", review.id), "Nearly.");
      assert.equal((await forge.readLinked(linkOf(world, pull)))?.title, "Fix");
    }));
});
