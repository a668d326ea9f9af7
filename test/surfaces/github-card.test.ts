/** How a pull request stands, asked of GitHub. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Card } from "../../src/core/card.ts";
import { inWorld, REPO, type World } from "./github-world.ts";

const CHECKS = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs";

/** alice opens a pull request from the branch `login`. */
async function lookingAt(world: World): Promise<() => Promise<Card>> {
  const { repo, installation, forge, github } = world;
  await github.as("alice").pushes(REPO, "login", { "main.ts": "1\n" });
  const github_ = { owner: "acme", name: "api", installation };
  const repository = { id: String(repo.id), name: REPO, url: repo.cloneUrl, base: "main", github: github_ };
  const { number } = await forge.openPullRequest({ repository, head: "login", title: "Fix the login", body: "x" });
  return () => forge.cardOf(repository, number);
}

test("#42 what it is, its checks of every kind and only the newest of a name", () =>
  inWorld({}, async (world) => {
    const { github } = world;
    const look = await lookingAt(world);
    const { head, updatedAt, ...first } = await look();
    assert.deepEqual(first, {
      ...{ number: 2, url: `${github.url}/acme/api/pull/2`, title: "Fix the login", repository: REPO },
      ...{ state: "open", draft: false, changes: { files: 1, insertions: 1, deletions: 3 } },
      ...{ base: "main", conflict: "unknown" },
      ...{ checks: { passed: 0, failed: 0, running: 0, failing: [] }, reviews: [] },
    });
    assert.deepEqual([head.length, updatedAt > 0], [40, true]);
    await github.checkBegins(REPO, "login", "test");
    await github.statusIs(REPO, "login", "ci/lint", "pending");
    assert.deepEqual((await look()).checks, { passed: 0, failed: 0, running: 2, failing: [] });
    await github.checksComplete(REPO, "login", "cancelled");
    await github.statusIs(REPO, "login", "ci/lint", "error");
    assert.deepEqual((await look()).checks, { passed: 0, failed: 2, running: 0, failing: ["ci/lint", "test"] });
    await github.checksComplete(REPO, "login", "neutral");
    await github.statusIs(REPO, "login", "ci/lint", "success");
    assert.deepEqual((await look()).checks, { passed: 2, failed: 0, running: 0, failing: [] });
  }));

test("#42 the last word of each who may write there; nobody else's, and no comment", () =>
  inWorld({}, async (world) => {
    const { github } = world;
    const look = await lookingAt(world);
    const says = (who: string, event: "APPROVE" | "REQUEST_CHANGES" | "COMMENT") =>
      github.as(who).reviews(REPO, 2, { event, body: "x" });
    await says("bob", "REQUEST_CHANGES");
    await says("mallory", "REQUEST_CHANGES");
    await says("bob", "COMMENT");
    assert.deepEqual(
      (await look()).reviews.map(({ by, says: said }) => [by, said]),
      [["bob", "changes-requested"]],
    );
    await says("bob", "APPROVE");
    assert.deepEqual(
      (await look()).reviews.map(({ by, says: said }) => [by, said]),
      [["bob", "approved"]],
    );
  }));

test("#42 merged, closed, a draft", () =>
  inWorld({}, async (world) => {
    const { github } = world;
    const look = await lookingAt(world);
    await github.as("alice").closes(REPO, 2);
    assert.equal((await look()).state, "closed");
    await github.as("alice").reopens(REPO, 2);
    await github.as("alice").merges(REPO, 2);
    assert.equal((await look()).state, "merged");
  }));

test("#42 without the permission for checks there are none, asked for again half an hour later, and told once", () =>
  inWorld({}, async (world) => {
    const { github, clock, lines } = world;
    const look = await lookingAt(world);
    const refused = { kind: "status", status: 403 } as const;
    const asked = () => github.calls()[CHECKS] ?? 0;
    github.faults.next(CHECKS, refused);
    await github.statusIs(REPO, "login", "ci/lint", "success");
    assert.deepEqual((await look()).checks, { passed: 1, failed: 0, running: 0, failing: [] });
    await look();
    assert.equal(asked(), 1);
    assert.equal(lines.filter(({ msg }) => msg === "github.permission-missing").length, 1);
    clock.advance(1_800_001);
    await look();
    assert.equal(asked(), 2);
  }));

test("#42 while GitHub is away nothing is known, and it is tried again", () =>
  inWorld({}, async (world) => {
    const look = await lookingAt(world);
    world.github.faults.next(CHECKS, { kind: "status", status: 502 });
    await assert.rejects(look(), { code: "surface.unavailable" });
  }));
