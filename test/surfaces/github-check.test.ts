import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Repository } from "../../src/core/types.ts";
import type { CheckReport } from "../../src/surfaces/forge.ts";
import { inWorld, issueThread, REPO, type World } from "./github-world.ts";

const CREATE = "POST /repos/{owner}/{repo}/check-runs";

const repositoryOf = ({ repo, installation }: World): Repository => ({
  id: String(repo.id),
  name: REPO,
  url: repo.cloneUrl,
  base: "main",
  github: { owner: "acme", name: "api", installation },
});

/** Of a turn on a branch that was pushed; `change` is of the answer. */
async function reportOf(world: World, change: Partial<CheckReport["answer"]> = {}): Promise<CheckReport> {
  await world.github.as("alice").pushes(REPO, "login", { "main.ts": "1\n" });
  const commit = (await world.github.branches(REPO)).login ?? "";
  return {
    ...{ commit, id: "s1/t1", steps: [], told: null },
    answer: {
      ...{ turn: "t1", session: "s1", title: "x", repository: REPO, pullRequest: null, askers: [], page: null },
      result: { outcome: "failed", answer: "It broke.", durationMs: 5 },
      ...change,
    },
  };
}

describe("the check on a commit that we pushed", () => {
  test("is there once, however often it is shown, and neutral however the turn ended", () =>
    inWorld({}, async (world) => {
      const report = await reportOf(world);
      world.github.faults.next(CREATE, { kind: "status", status: 502, when: "after" });
      await assert.rejects(world.forge.showCheck(repositoryOf(world), report), { code: "surface.unavailable" });
      await world.forge.showCheck(repositoryOf(world), report);
      const [run, ...others] = world.github.checkRuns(REPO);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [run?.name, run?.status, run?.conclusion, run?.externalId, run?.headSha, run?.title],
        ["acme-coder", "completed", "neutral", "s1/t1", report.commit, "Failed"],
      );
    }));

  test("is another one for another turn", () =>
    inWorld({}, async (world) => {
      const report = await reportOf(world);
      await world.forge.showCheck(repositoryOf(world), report);
      await world.forge.showCheck(repositoryOf(world), { ...report, id: "s1/t2" });
      assert.equal(world.github.checkRuns(REPO).length, 2);
    }));

  const pullRequest = { number: 2, url: "https://github.test/acme/api/pull/2" };
  const page = "https://box.dev/sessions/s1";
  const details: [string, (world: World) => Partial<CheckReport>, Partial<CheckReport["answer"]>, RegExp][] = [
    ["the page of the session", () => ({}), { page, pullRequest }, /^https:\/\/box\.dev\/sessions\/s1$/],
    [
      "the answer where there is no page",
      (world) => ({ told: { thread: issueThread(world), ref: "issue-comment:77" } }),
      { pullRequest },
      /\/acme\/api\/issues\/1#issuecomment-77$/,
    ],
    [
      "the pull request where the answer stands elsewhere",
      () => ({ told: { thread: { surface: "terminal", id: "t" }, ref: "1" } }),
      { pullRequest },
      /\/pull\/2$/,
    ],
  ];
  for (const [name, change, answer, expected] of details)
    test(`leads to ${name}`, () =>
      inWorld({}, async (world) => {
        const report = await reportOf(world, answer);
        await world.forge.showCheck(repositoryOf(world), { ...report, ...change(world) });
        assert.match(world.github.checkRuns(REPO)[0]?.detailsUrl ?? "", expected);
      }));

  for (const by of ["protection", "ruleset"] as const)
    test(`required check by our name: the ${by} of the base branch is not satisfied by us`, () =>
      inWorld({}, async (world) => {
        world.github.requireCheck(REPO, "main", "acme-coder", by);
        await world.forge.showCheck(repositoryOf(world), await reportOf(world));
        assert.deepEqual(world.github.checkRuns(REPO), []);
        assert.ok(world.lines.some(({ msg }) => msg === "github.check-is-required"));
      }));

  test("is left out where the App has no permission, which is told once and tried again later", () =>
    inWorld({}, async (world) => {
      const report = await reportOf(world);
      const refusal = { kind: "status", status: 403, message: "Resource not accessible by integration" } as const;
      const show = () => world.forge.showCheck(repositoryOf(world), report);
      world.github.faults.next(CREATE, refusal);
      await show();
      await show();
      assert.equal(world.github.calls()[CREATE], 1);
      world.clock.advance(31 * 60_000);
      world.github.faults.next(CREATE, refusal);
      await show();
      assert.equal(world.github.calls()[CREATE], 2);
      assert.equal(world.lines.filter(({ msg }) => msg === "github.permission-missing").length, 1);
    }));

  test("that GitHub refuses for another reason takes the permission from nobody else", () =>
    inWorld({}, async (world) => {
      const report = await reportOf(world);
      const gone = { ...report, commit: "0123456789012345678901234567890123456789" };
      await assert.rejects(world.forge.showCheck(repositoryOf(world), gone), { code: "surface.refused" });
      await world.forge.showCheck(repositoryOf(world), report);
      assert.equal(world.github.checkRuns(REPO).length, 1);
    }));

  test("is not there with a token: only Apps have checks", () =>
    inWorld({ as: "token" }, async (world) => {
      await world.forge.showCheck(repositoryOf(world), await reportOf(world));
      assert.equal(world.github.calls()[CREATE], undefined);
    }));

  test("is no check of the pull request: the card does not count it", () =>
    inWorld({}, async (world) => {
      const repository = repositoryOf(world);
      const report = await reportOf(world);
      const { number } = await world.forge.openPullRequest({ repository, head: "login", title: "x", body: "x" });
      await world.github.checksComplete(REPO, "login", "success");
      await world.forge.showCheck(repository, report);
      assert.deepEqual((await world.forge.cardOf(repository, number)).checks, {
        ...{ passed: 1, failed: 0, running: 0 },
        failing: [],
      });
    }));
});
