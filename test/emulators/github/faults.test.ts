/** How the emulated GitHub fails: on order, and by its limits. What octokit makes of it is part of the lesson. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { App, Octokit } from "octokit";
import { failureOf, SILENT, setStage, statusOf } from "./stage.ts";

const api = { owner: "acme", repo: "api" };

describe("trouble on order", () => {
  const comment = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";

  test("octokit's retry posts a comment twice when the answer got lost after the work was done", async (t) => {
    const { github, installation } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    github.faults.next(comment, { kind: "status", status: 502, when: "after" });
    const retrying = new Octokit({
      auth: installation.token(),
      baseUrl: github.apiUrl,
      log: SILENT,
      throttle: { enabled: false },
      retry: { retryAfterBaseValue: 1 },
    });
    await retrying.rest.issues.createComment({ ...api, issue_number: 1, body: "Once" });
    assert.deepEqual(
      github
        .issue("acme/api", 1)
        .comments()
        .map((one) => one.body),
      ["Once", "Once"],
    );
  });

  test("a refusal before the work leaves nothing behind", async (t) => {
    const { github, bot } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    const say = () => bot.rest.issues.createComment({ ...api, issue_number: 1, body: "Hi" });
    github.faults.next(comment, { kind: "status", status: 500 });
    github.faults.next(comment, { kind: "reset" });
    assert.equal(await statusOf(say()), 500);
    assert.equal(await statusOf(say()), 500);
    assert.deepEqual(github.issue("acme/api", 1).comments(), []);
    assert.deepEqual(github.faults.pending(), []);
    assert.equal((await say()).status, 201);
  });

  test("a secondary limit is recognised by octokit's App, which waits and asks again", async (t) => {
    const { github, app, installation } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    const waits: number[] = [];
    const Throttled = Octokit.defaults({
      baseUrl: github.apiUrl,
      log: SILENT,
      throttle: {
        retryAfterBaseValue: 1,
        onRateLimit: () => false,
        onSecondaryRateLimit: (seconds: number) => waits.push(seconds) === 1,
      },
    });
    const whole = new App({ appId: app.id, privateKey: app.privateKey, Octokit: Throttled, webhooks: { secret: "s" } });
    const octokit = await whole.getInstallationOctokit(installation.id);
    const order = { kind: "secondary-limit", retryAfterSeconds: 7 } as const;
    github.faults.next("GET /repos/{owner}/{repo}/issues/{issue_number}", order);
    const { data } = await octokit.rest.issues.get({ ...api, issue_number: 1 });
    assert.deepEqual([waits, data.title], [[7], "Bug"]);
  });

  test("more content in a minute than the limit allows is refused, and the next minute is free again", async (t) => {
    const { github, clock, bot } = await setStage(t, { contentPerMinute: 2 });
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    const say = () => bot.rest.issues.createComment({ ...api, issue_number: 1, body: "Hi" });
    await say();
    await say();
    assert.match((await failureOf(say())).message, /secondary rate limit/);
    clock.advance(60_000);
    await say();
  });

  test("every answer tells what is left of the hour, and refuses what is over it", async (t) => {
    const { clock, bot } = await setStage(t, { requestsPerHour: 2 });
    const { headers } = await bot.rest.repos.get(api);
    assert.equal(headers["x-ratelimit-remaining"], "1");
    const { headers: second } = await bot.rest.repos.get({ ...api, headers: { "x-again": "1" } });
    assert.equal(second["x-ratelimit-remaining"], "0");
    assert.equal(second["x-ratelimit-reset"], String((clock.now() + 3_600_000) / 1000));
    assert.equal(await statusOf(bot.rest.repos.get(api)), 403);
  });

  test("a hanging call waits until it is released, and an unchanged page costs no body", async (t) => {
    const { github, bot } = await setStage(t);
    const order = github.faults.next("GET /repos/{owner}/{repo}", { kind: "hang" });
    const call = bot.rest.repos.get(api);
    await order.met;
    order.release();
    const { headers } = await call;
    assert.equal(await statusOf(bot.rest.repos.get({ ...api, headers: { "if-none-match": headers.etag ?? "" } })), 304);
  });

  test("whoever waits for something sees it when it happens, and calls to what is not emulated are counted", async (t) => {
    const { github, bot } = await setStage(t);
    await github.as("alice").opensIssue("acme/api", { title: "Bug" });
    const seen = github.until(() => github.issue("acme/api", 1).comments()[0]);
    await bot.rest.issues.createComment({ ...api, issue_number: 1, body: "Hi" });
    assert.equal((await seen).body, "Hi");
    assert.equal(await statusOf(bot.rest.actions.listRepoWorkflows(api)), 404);
    assert.deepEqual(github.unknownCalls(), ["GET /api/v3/repos/acme/api/actions/workflows"]);
    assert.ok(github.routes.includes(comment));
  });
});
