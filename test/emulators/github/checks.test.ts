import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quick, type Stage, setStage, statusOf } from "./stage.ts";

const where = { owner: "acme", repo: "api" };

/** A commit on a branch, and a run that is over. */
async function begun(stage: Stage) {
  await stage.github.as("alice").pushes("acme/api", "login", { "a.ts": "1\n" });
  const head_sha = (await stage.github.branches("acme/api")).login ?? "";
  const output = { title: "Done", summary: "It is done.", text: "All of it." };
  const wish = { ...where, head_sha, name: "threadbox", external_id: "s1/t1", output };
  return { head_sha, wish, completed: { ...wish, status: "completed" as const, conclusion: "neutral" as const } };
}

describe("a check run of an App", () => {
  test("is found again by its name, its app and what the app calls it by", async (t) => {
    const stage = await setStage(t);
    const { completed, head_sha } = await begun(stage);
    const { data } = await stage.bot.rest.checks.create(completed);
    const find = async (check_name: string, app_id: number) =>
      (await stage.bot.rest.checks.listForRef({ ...where, ref: head_sha, check_name, app_id, filter: "all" })).data;
    assert.deepEqual([data.external_id, data.status, data.conclusion], ["s1/t1", "completed", "neutral"]);
    assert.equal((await find("threadbox", stage.app.id)).check_runs[0]?.external_id, "s1/t1");
    assert.equal((await find("other", stage.app.id)).total_count, 0);
    assert.equal((await find("threadbox", 1)).total_count, 0);
  });

  test("is told to the app that wrote it as well: made, over, and its suite with it", async (t) => {
    const stage = await setStage(t);
    const app = await stage.github.createApp({ slug: "watcher", events: ["check_run", "check_suite"] });
    await app.install("acme");
    app.webhookTo(stage.door.url);
    const { completed, wish } = await begun(stage);
    await stage.bot.rest.checks.create(completed);
    await stage.github.settled();
    const told = () =>
      stage.door.heard
        .filter(({ event }) => event.startsWith("check_"))
        .map(({ event, payload }) => `${event}.${payload.action} by ${payload.sender.login}`);
    // The App itself is subscribed to suites alone.
    assert.deepEqual(told().sort(), [
      "check_run.completed by threadbox[bot]",
      "check_run.created by threadbox[bot]",
      "check_suite.completed by threadbox[bot]",
      "check_suite.completed by threadbox[bot]",
    ]);
    const { data } = await stage.bot.rest.checks.create({ ...wish, status: "in_progress" });
    await stage.github.settled();
    assert.equal(told().at(-1), "check_run.created by threadbox[bot]");
    await stage.bot.rest.checks.update({ ...where, check_run_id: data.id, conclusion: "success" });
    await stage.github.settled();
    assert.equal(told().filter((one) => one.startsWith("check_run.completed")).length, 2);
  });

  test("takes 65,535 characters of text and no more, and is refused to people", async (t) => {
    const stage = await setStage(t);
    const { completed } = await begun(stage);
    const long = (length: number) => ({ ...completed, output: { ...completed.output, text: "x".repeat(length) } });
    await stage.bot.rest.checks.create(long(65_535));
    assert.equal(await statusOf(stage.bot.rest.checks.create(long(65_536))), 422);
    const alice = quick(stage.github, stage.github.personalToken("alice"));
    assert.equal(await statusOf(alice.rest.checks.create(completed)), 403);
    const weak = await stage.github.createApp({ slug: "weak", permissions: { metadata: "read", checks: "read" } });
    const reader = quick(stage.github, (await weak.install("acme")).token());
    assert.equal(await statusOf(reader.rest.checks.create(completed)), 403);
  });
});

describe("a check that is required", () => {
  for (const by of ["protection", "ruleset"] as const)
    test(`by the ${by} of a branch can be read there`, async (t) => {
      const { github, bot } = await setStage(t);
      github.requireCheck("acme/api", "main", "threadbox", by);
      const { data: branch } = await bot.rest.repos.getBranch({ ...where, branch: "main" });
      const { data: rules } = await bot.rest.repos.getBranchRules({ ...where, branch: "main" });
      const isProtection = by === "protection";
      assert.deepEqual(branch.protection.required_status_checks?.contexts, isProtection ? ["threadbox"] : []);
      assert.equal(rules.length, isProtection ? 0 : 1);
    });
});

test("a draft is refused where the plan has none, and the root of the contents is a list", async (t) => {
  const stage = await setStage(t);
  await begun(stage);
  stage.github.refuseDrafts("acme/api");
  const wish = { ...where, title: "x", head: "login", base: "main" };
  assert.equal(await statusOf(stage.bot.rest.pulls.create({ ...wish, draft: true })), 422);
  assert.equal((await stage.bot.rest.pulls.create(wish)).status, 201);
  const { data } = await stage.bot.rest.repos.getContent({ ...where, path: "" });
  assert.deepEqual(Array.isArray(data) && data.map(({ name }) => name), ["README.md", "src"]);
});
