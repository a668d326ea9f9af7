/** A turn on a repository: prepared before, pushed after, and honest about what went wrong with either. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CheckoutError } from "../../src/daemon/checkout.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent, stopped } from "./scripted-agent.ts";
import { NOTHING, scriptedCheckout } from "./scripted-checkout.ts";

const repo = (more = {}) => ({
  id: "api",
  source: "https://git.example/acme/api",
  path: "api",
  branch: "bot/fix",
  ...more,
});
const initBody = (more = {}) => ({ workspace: { repos: [repo(more)] } });

function lastOf(events: AgentEvent[]) {
  const ended = events.at(-1);
  assert.ok(ended?.type === "turn.ended");
  return ended;
}

test("a prompt that comes during the clone waits for it, works in it and is pushed", async (t) => {
  const cloned = Promise.withResolvers<void>();
  const checkout = scriptedCheckout();
  checkout.prepare = () => cloned.promise;
  checkout.publish = async () => ({
    pushed: { branch: "bot/fix", commit: "c1" },
    changes: { files: 1, insertions: 2, deletions: 3 },
    patch: { text: "diff --git a b", cut: false },
  });
  const agent = scriptedAgent();
  const clock = handWoundClock(Date.now());
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, checkout: checkout.make, clock });

  const answer = await daemon.post("/init", { ...initBody(), identity: { name: "Bot", email: "bot@example.com" } });
  assert.deepEqual([answer.status, answer.body], [202, { ok: true }]);
  await daemon.prompt("Fix the login\nIt is broken since Monday.", {
    id: "p1",
    coAuthors: [{ name: "Ann", email: "ann@example.com" }],
  });
  const during = await daemon.status();
  assert.deepEqual(during.repositories, [{ id: "api", path: "api", branch: "bot/fix", is: "preparing" }]);
  cloned.resolve();

  const events = await daemon.until(turnEnded("p1"));
  assert.deepEqual(events.slice(1), [
    { type: "workspace.preparing", repository: "api", step: "clone" },
    { type: "turn.started", turn: "p1", prompt: "Fix the login\nIt is broken since Monday." },
    { type: "workspace.ready", repository: "api", branch: "bot/fix", commit: "c0" },
    { type: "branch.pushed", turn: "p1", repository: "api", branch: "bot/fix", commit: "c1" },
    { type: "diff", turn: "p1", patch: "diff --git a b", cut: false },
    {
      type: "turn.ended",
      turn: "p1",
      outcome: "done",
      answer: "Done.",
      changes: { files: 1, insertions: 2, deletions: 3 },
      branch: "bot/fix",
      commit: "c1",
      usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.01 },
      durationMs: 0,
    },
  ]);
  assert.deepEqual(checkout.calls, ["api:prepare", "api:begin Ann", "api:publish Fix the login"]);
  assert.deepEqual(checkout.specs, [
    {
      id: "api",
      source: "https://git.example/acme/api",
      dir: join(daemon.folder, "workspace", "api"),
      branch: "bot/fix",
      base: undefined,
      setup: undefined,
      identity: { name: "Bot", email: "bot@example.com" },
    },
  ]);
  assert.equal(agent.made[0]?.cwd, join(daemon.folder, "workspace", "api"));
  assert.equal((await daemon.status()).repositories[0]?.is, "ready");
});

test("the next turn brings the clone up to date again, and nothing changed means no branch", async (t) => {
  const checkout = scriptedCheckout();
  const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory }, checkout: checkout.make });
  await daemon.post("/init", initBody());
  await daemon.prompt("One", { id: "p1", subject: "feat: one" });
  await daemon.until(turnEnded("p1"));
  await daemon.prompt("Two", { id: "p2", publish: false });
  const ended = lastOf(await daemon.until(turnEnded("p2")));
  assert.deepEqual([ended.outcome, ended.branch, ended.changes], ["done", undefined, undefined]);
  assert.deepEqual(checkout.calls, ["api:prepare", "api:begin ", "api:publish feat: one", "api:prepare", "api:begin "]);
});

test("without a branch of its own nothing is pushed", async (t) => {
  const checkout = scriptedCheckout();
  const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory }, checkout: checkout.make });
  await daemon.post("/init", initBody({ branch: undefined }));
  await daemon.prompt("Explain it", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(checkout.calls, ["api:prepare", "api:begin "]);
});

test("without a repository the agent works in the workspace itself", async (t) => {
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  await daemon.prompt("hello", { id: "p1" });
  assert.equal(lastOf(await daemon.until(turnEnded("p1"))).outcome, "done");
  assert.equal(agent.made[0]?.cwd, join(daemon.folder, "workspace"));
});

test("a clone that fails ends the turn with its reason, and the next prompt tries again", async (t) => {
  const checkout = scriptedCheckout();
  checkout.prepare = async () => {
    throw new CheckoutError("git.unauthorized", "git.example refused the credentials.");
  };
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, checkout: checkout.make });
  await daemon.post("/init", initBody());
  await daemon.prompt("Fix it", { id: "p1" });
  const ended = lastOf(await daemon.until(turnEnded("p1")));
  assert.equal(ended.outcome, "failed");
  assert.deepEqual(ended.failure, { code: "git.unauthorized", detail: "git.example refused the credentials." });
  assert.equal((await daemon.status()).repositories[0]?.is, "failed");
  assert.deepEqual(agent.messages, []);

  checkout.prepare = async () => {};
  await daemon.prompt("Fix it now", { id: "p2" });
  assert.equal(lastOf(await daemon.until(turnEnded("p2"))).outcome, "done");
});

test("a push that is refused fails the turn but keeps what the agent said", async (t) => {
  const checkout = scriptedCheckout();
  checkout.publish = async () => {
    throw new CheckoutError("git.push-refused", "protected branch");
  };
  const daemon = await startDaemon(t, {
    agents: { scripted: scriptedAgent(() => done("All fixed.")).factory },
    checkout: checkout.make,
  });
  await daemon.post("/init", initBody());
  await daemon.prompt("Fix it", { id: "p1" });
  const ended = lastOf(await daemon.until(turnEnded("p1")));
  assert.deepEqual(
    [ended.outcome, ended.answer, ended.failure, ended.usage?.costUsd],
    ["failed", "All fixed.", { code: "git.push-refused", detail: "protected branch" }, 0.01],
  );
});

test("a turn that is stopped pushes nothing", async (t) => {
  const begun = Promise.withResolvers<void>();
  const checkout = scriptedCheckout();
  const agent = scriptedAgent(async (run) => {
    begun.resolve();
    await run.stopped;
    return stopped();
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, checkout: checkout.make });
  await daemon.post("/init", initBody());
  await daemon.prompt("Fix it", { id: "p1" });
  await begun.promise;
  await daemon.post("/abort", { turn: "p1" });
  assert.equal(lastOf(await daemon.until(turnEnded("p1"))).outcome, "stopped");
  assert.deepEqual(checkout.calls, ["api:prepare", "api:begin "]);
});

test("a stop during the clone ends the turn at once, the clone goes on for the next one", async (t) => {
  const cloned = Promise.withResolvers<void>();
  const checkout = scriptedCheckout();
  checkout.prepare = () => cloned.promise;
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, checkout: checkout.make });
  await daemon.post("/init", initBody());
  await daemon.prompt("Fix it", { id: "p1" });
  const steered = await daemon.prompt("in Rust", { id: "p2" });
  assert.equal(steered.body.disposition, "steered");
  assert.equal((await daemon.post("/abort", {})).body.outcome, "stopped");
  await daemon.prompt("Fix it after all", { id: "p3" });
  cloned.resolve();
  assert.equal(lastOf(await daemon.until(turnEnded("p3"))).outcome, "done");
  assert.deepEqual(
    [agent.messages, checkout.calls.filter((call) => call === "api:prepare").length],
    [["Fix it after all"], 1],
  );
});

test("what is said during the clone reaches the agent together with the prompt", async (t) => {
  const cloned = Promise.withResolvers<void>();
  const checkout = scriptedCheckout();
  checkout.prepare = () => cloned.promise;
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, checkout: checkout.make });
  await daemon.post("/init", initBody());
  await daemon.prompt("Fix it", { id: "p1" });
  await daemon.prompt("in Rust", { id: "p2" });
  cloned.resolve();
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(agent.messages, ["Fix it\n\nin Rust"]);
});

test("the same /init twice is one; another one replaces it, but not under a running turn", async (t) => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const checkout = scriptedCheckout();
  checkout.publish = async () => NOTHING;
  const agent = scriptedAgent(async () => {
    begun.resolve();
    await release.promise;
    return done();
  });
  const other = scriptedAgent();
  const agents = { scripted: agent.factory, other: other.factory };
  const daemon = await startDaemon(t, { agents, checkout: checkout.make });
  await daemon.post("/init", initBody());
  await daemon.post("/init", initBody());
  await daemon.prompt("Fix it", { id: "p1" });
  await begun.promise;
  const next = { workspace: { repos: [repo({ id: "web", path: "web" })] }, agent: { kind: "other", model: "m-1" } };
  const refused = await daemon.post("/init", next);
  assert.deepEqual([refused.status, refused.body.code], [409, "busy"]);
  assert.equal((await daemon.post("/init", initBody())).status, 202);
  release.resolve();
  await daemon.until(turnEnded("p1"));

  assert.equal((await daemon.post("/init", next)).status, 202);
  await daemon.prompt("And the page", { id: "p2" });
  await daemon.until(turnEnded("p2"));
  assert.deepEqual(
    checkout.calls.filter((call) => call.endsWith("prepare")),
    ["api:prepare", "web:prepare"],
  );
  assert.deepEqual([other.made[0]?.model, other.made[0]?.cwd], ["m-1", join(daemon.folder, "workspace", "web")]);
  assert.equal(agent.closed, 1);
});

test("a path that leads out of the workspace is refused", async (t) => {
  const daemon = await startDaemon(t, {
    agents: { scripted: scriptedAgent().factory },
    checkout: scriptedCheckout().make,
  });
  for (const path of ["../elsewhere", "/etc", "a/../../b", ".."]) {
    const answer = await daemon.post("/init", initBody({ path }));
    assert.deepEqual([path, answer.status, answer.body.code], [path, 400, "invalid"]);
  }
});

test("a source that git cannot use is refused at once, with the reason", async (t) => {
  const make = () => {
    throw new CheckoutError("git.clone-failed", "The repository has to be an https URL.");
  };
  const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory }, checkout: make });
  const { status, body } = await daemon.post("/init", initBody({ source: "gopher://x" }));
  assert.deepEqual(
    [status, body.code, body.detail],
    [400, "invalid", "workspace.repos.0: The repository has to be an https URL."],
  );
});
