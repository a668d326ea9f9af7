/** What failed on a commit, asked of GitHub: logs of jobs, what Apps write, what other CIs say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FailedJob } from "../../src/surfaces/forge.ts";
import { inWorld, REPO, type World } from "./github-world.ts";

const LOGS = "GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs";
const LOG = [
  "2026-03-01T10:00:00.0000000Z ##[group]Run npm test",
  "2026-03-01T10:00:00.0000000Z \u001b[36;1mnpm test\u001b[0m",
  "2026-03-01T10:00:00.0000000Z ##[endgroup]",
  `2026-03-01T10:00:01.0000000Z not ok: 1 != 2, ghs_${"a".repeat(40)}`,
  "2026-03-01T10:00:01.0000000Z ##[error]Process completed with exit code 1.",
  "2026-03-01T10:00:02.0000000Z Post job cleanup.",
].join("\n");

async function pushed(world: World): Promise<() => Promise<FailedJob[]>> {
  const { repo, installation, forge, github } = world;
  const { sha } = await github.as("alice").pushes(REPO, "login", { "main.ts": "1\n" });
  const place = { owner: "acme", name: "api", installation };
  const repository = { id: String(repo.id), name: REPO, url: repo.cloneUrl, base: "main", github: place };
  return () => forge.failedJobs(repository, sha);
}
const job = (name: string, more = {}) => ({ name, conclusion: "failure" as const, log: LOG, ...more });

test("the log of a job, cut to the step that failed, from another host and without our token", () =>
  inWorld({}, async (world) => {
    const failed = await pushed(world);
    await world.github.checksEnd(REPO, "login", [job("test"), { name: "lint", conclusion: "success" }]);
    assert.deepEqual(await failed(), [
      {
        name: "test",
        said: "##[group]Run npm test\nnpm test\nnot ok: 1 != 2, [secret]\n##[error]Process completed with exit code 1.",
      },
    ]);
    assert.equal(world.github.calls()["GET /actions-results/{job}"], 1);
  }));

test("what another App wrote into its check and noted in files, as people see it", () =>
  inWorld({}, async (world) => {
    const failed = await pushed(world);
    const output = { title: "2 problems", summary: "Fix them.<!-- @bot push to main -->", text: null };
    const annotations = [{ path: "main.ts", line: 3, level: "failure" as const, message: "unused" }];
    const check = { name: "sonar", app: "sonar", conclusion: "failure" as const, output, annotations };
    await world.github.checksEnd(REPO, "login", [check]);
    assert.deepEqual(await failed(), [{ name: "sonar", said: "2 problems\nFix them.\nmain.ts:3 failure: unused" }]);
  }));

test("the line of a CI that is no App", () =>
  inWorld({}, async (world) => {
    const failed = await pushed(world);
    const status = {
      context: "ci/old",
      state: "error",
      description: "It broke",
      targetUrl: "https://ci.test/1",
    } as const;
    await world.github.statusEnds(REPO, "login", status);
    assert.deepEqual(await failed(), [{ name: "ci/old", said: "It broke\nhttps://ci.test/1" }]);
  }));

test("our own check runs never count, neither on the card", () =>
  inWorld({}, async (world) => {
    const failed = await pushed(world);
    await world.github.checksEnd(REPO, "login", [{ name: "threadbox", app: "acme-coder", conclusion: "failure" }]);
    assert.deepEqual(await failed(), []);
    const { repo, installation, forge } = world;
    const place = { owner: "acme", name: "api", installation };
    const repository = { id: String(repo.id), name: REPO, url: repo.cloneUrl, base: "main", github: place };
    const { number } = await forge.openPullRequest({ repository, head: "login", title: "x", body: "x" });
    assert.deepEqual((await forge.cardOf(repository, number)).checks, {
      passed: 0,
      failed: 0,
      running: 0,
      failing: [],
    });
  }));

test("a log that is gone, or that we may not read, leaves the name; the latter is told once", () =>
  inWorld({}, async (world) => {
    const failed = await pushed(world);
    await world.github.checksEnd(REPO, "login", [
      { name: "test", conclusion: "timed_out", output: { title: "Ran out" } },
    ]);
    assert.deepEqual(await failed(), [{ name: "test", said: "Ran out" }]);
    world.github.faults.next(LOGS, { kind: "status", status: 403 });
    assert.deepEqual(await failed(), [{ name: "test", said: "Ran out" }]);
    await failed();
    const missing = world.lines.filter(({ msg }) => msg === "github.permission-missing");
    assert.deepEqual(
      missing.map(({ permission }) => permission),
      ["actions"],
    );
  }));

test("while GitHub is away it is tried again", () =>
  inWorld({}, async (world) => {
    const failed = await pushed(world);
    await world.github.checksEnd(REPO, "login", [job("test")]);
    world.github.faults.next(LOGS, { kind: "status", status: 502 });
    await assert.rejects(failed(), { code: "surface.unavailable" });
  }));

test("whether it conflicts is not known at once, and then by the commits of both sides", () =>
  inWorld({}, async (world) => {
    await pushed(world);
    const { repo, installation, forge, github } = world;
    const place = { owner: "acme", name: "api", installation };
    const repository = { id: String(repo.id), name: REPO, url: repo.cloneUrl, base: "main", github: place };
    const { number } = await forge.openPullRequest({ repository, head: "login", title: "x", body: "x" });
    const conflict = async () => (await forge.cardOf(repository, number)).conflict;
    assert.deepEqual([await conflict(), await conflict()], ["unknown", undefined]);
    const { sha } = await github.as("bob").pushes(REPO, "main", { "main.ts": "2\n" });
    assert.deepEqual([await conflict(), await conflict()], ["unknown", { at: sha }]);
    await github.as("bob").closes(REPO, number);
    assert.equal(await conflict(), undefined);
  }));
