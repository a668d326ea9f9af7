/** What goes wrong between a bot and Modal, and what comes of it: never two sandboxes of a name, never one that nobody knows of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { plainRepository } from "../../src/team-sandboxes.ts";
import { handWoundClock } from "../clock.ts";
import { until } from "../contracts/provider.ts";
import { isCode, noMachines, openBench } from "./modal-bench.ts";

const skip = noMachines ?? false;
const FRESH = { from: null };

test("a sandbox whose creation was not answered in time is adopted", { skip }, async (t) => {
  const { modal, bot, sandboxes } = await openBench(t);
  const clock = handWoundClock();
  const provider = bot({ clock });
  await provider.start("other", FRESH);
  const hanging = modal.faults.next("SandboxCreateV2", { kind: "hang", when: "after" });
  const starting = provider.start("slow", FRESH);
  await until(() => sandboxes().length === 2);
  clock.advance(120_000);
  const sandbox = await starting;
  assert.deepEqual(
    sandboxes().map(({ name }) => name),
    ["other", "slow"],
  );
  await sandbox.put("/workspace/notes.txt", Buffer.from("it works"));
  assert.equal(await sandbox.tail("/workspace/notes.txt", 100), "it works");
  hanging.release();
});

test("a sandbox whose creation was answered with an error, and which was made all the same, is adopted", {
  skip,
}, async (t) => {
  const { modal, bot, sandboxes } = await openBench(t);
  const provider = bot();
  await provider.start("other", FRESH);
  modal.faults.next("SandboxCreateV2", { kind: "status", status: "ABORTED", when: "after" });
  const sandbox = await provider.start("odd", FRESH);
  assert.equal(sandboxes().length, 2);
  assert.equal((await provider.find("odd"))?.url, sandbox.url);
});

test("a creation that never came about is told as such, and leaves nothing", { skip }, async (t) => {
  const { modal, bot, sandboxes } = await openBench(t);
  const clock = handWoundClock();
  const hanging = modal.faults.next("SandboxCreateV2", { kind: "hang" });
  const starting = bot({ clock }).start("never", FRESH);
  void hanging.met.then(() => clock.advance(120_000));
  await assert.rejects(starting, isCode("sandbox.unavailable", /did not start the sandbox never within 120 s/));
  assert.equal(sandboxes().length, 0);
  hanging.release();
});

test("somebody else's sandbox of that name is neither taken nor touched", { skip }, async (t) => {
  const { bot, sandboxes } = await openBench(t);
  const theirs = bot({ instance: "another-bot" });
  await theirs.start("ours", FRESH);
  const provider = bot();
  await assert.rejects(provider.start("ours", FRESH), isCode("sandbox.name-taken", /somebody else/));
  assert.equal(await provider.find("ours"), null);
  assert.deepEqual(await provider.list(), []);
  await provider.destroy("ours");
  await assert.rejects(provider.sleep("ours"), isCode("sandbox.lost"));
  assert.deepEqual(
    sandboxes().map(({ state }) => state),
    [{ is: "running" }],
  );
  assert.deepEqual(
    (await theirs.list()).map(({ name }) => name),
    ["ours"],
  );
});

test("a wrong token is told as one", { skip }, async (t) => {
  const { bot } = await openBench(t);
  const provider = bot({ tokens: { id: "ak-wrong", secret: "as-wrong" } });
  await assert.rejects(provider.list(), isCode("sandbox.unauthorized", /refused the token: Token/));
});

test("a limit is told with Modal's word on when to come back", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot();
  await provider.start("first", FRESH);
  modal.faults.next("SandboxCreateV2", { kind: "throttled", retryAfterSeconds: 90 });
  await assert.rejects(provider.start("second", FRESH), (error) => {
    isCode("sandbox.quota")(error);
    assert.equal(Object(error).retryAfterMs, 90_000);
    return true;
  });
});

test("a short limit is waited out", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot();
  await provider.start("first", FRESH);
  modal.faults.next("SandboxCreateV2", { kind: "throttled", retryAfterSeconds: 0.2 }, 2);
  assert.equal((await provider.start("second", FRESH)).name, "second");
});

test("a sandbox that dies in the middle of a command is lost, and the command says so", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot();
  const sandbox = await provider.start("first", FRESH);
  const execution = await sandbox.exec(["sh", "-c", "echo begun; sleep 600"]);
  const reader = execution.stdout.getReader();
  assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), "begun\n");
  await modal.kill("first");
  await assert.rejects(execution.exitCode, isCode("sandbox.lost", /first does not run any more/));
  await assert.rejects(reader.read(), isCode("sandbox.lost"));
  await assert.rejects(sandbox.exec(["true"]), isCode("sandbox.lost"));
  await assert.rejects(provider.sleep("first"), isCode("sandbox.lost", /before its files were kept/));
  assert.equal(await provider.find("first"), null);
});

test("one that has reached its lifetime can be started anew under its name", { skip }, async (t) => {
  const { modal, bot, sandboxes } = await openBench(t);
  const provider = bot();
  await provider.start("first", FRESH);
  await modal.reachLifetime("first");
  await provider.start("first", FRESH);
  assert.equal(sandboxes().length, 2);
});

test("a stream of output that is cut goes on where it was", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const sandbox = await bot().start("first", FRESH);
  modal.faults.next("TaskExecStdioRead", { kind: "cut", afterBytes: 100 }, 2);
  const execution = await sandbox.exec(["seq", "1", "200"]);
  const expected = Array.from({ length: 200 }, (_, at) => `${at + 1}\n`).join("");
  assert.equal(await new Response(execution.stdout).text(), expected);
  assert.equal(await execution.exitCode, 0);
});

test("a refused token for commands is tried once more with another one, and Modal's own are not told as ours", {
  skip,
}, async (t) => {
  const { modal, bot } = await openBench(t);
  const sandbox = await bot().start("first", FRESH);
  // The SDK itself tries twice with the same one.
  modal.faults.next("TaskExecStart", { kind: "status", status: "UNAUTHENTICATED" }, 2);
  await sandbox.put("/workspace/notes.txt", Buffer.from("it works"));
  assert.equal(await sandbox.tail("/workspace/notes.txt", 100), "it works");
  modal.faults.next("TaskExecStart", { kind: "status", status: "UNAUTHENTICATED" }, 4);
  await assert.rejects(sandbox.exec(["true"]), isCode("sandbox.unavailable", /could not start the command/));
});

test("a command of ours that hangs is given up", { skip }, async (t) => {
  const { modal, bot, sandboxes } = await openBench(t);
  const clock = handWoundClock();
  const sandbox = await bot({ clock }).start("first", FRESH);
  const hanging = modal.faults.next("TaskExecStart", { kind: "hang" });
  void hanging.met.then(() => clock.advance(60_000));
  await assert.rejects(sandbox.tail("/workspace/notes.txt", 10), isCode("sandbox.unavailable", /within 60 s/));
  // What was given up goes on; the test ends with it.
  hanging.release();
  await until(() => modal.calls.includes("TaskExecStdioRead") && sandboxes()[0]?.runningExecs === 0);
});

test("a command in a sandbox that is gone ends, even when nobody answers for it", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const clock = handWoundClock();
  const sandbox = await bot({ clock }).start("first", FRESH);
  const hanging = modal.faults.next("TaskExecWait", { kind: "hang" });
  const execution = await sandbox.exec(["sleep", "600"]);
  await hanging.met;
  await modal.kill("first");
  clock.advance(15_000);
  await assert.rejects(execution.exitCode, isCode("sandbox.lost"));
  hanging.release();
});

test("files that Modal has deleted make a sandbox lost, but not one that runs", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot();
  await provider.start("first", FRESH);
  const token = await provider.snapshot("first");
  modal.expire(token);
  assert.equal((await bot().start("first", { from: token })).name, "first");
  await provider.destroy("first");
  await assert.rejects(provider.start("first", { from: token }), isCode("sandbox.lost", /woken with/));
});

test("a sleep that is broken off after its files were kept is done again", { skip }, async (t) => {
  const { modal, bot, sandboxes } = await openBench(t);
  const provider = bot();
  const sandbox = await provider.start("first", FRESH);
  await sandbox.put("/workspace/notes.txt", Buffer.from("before"));
  modal.faults.next("SandboxTerminateV2", { kind: "status", status: "FAILED_PRECONDITION" });
  await assert.rejects(provider.sleep("first"), isCode("sandbox.unavailable", /end the sandbox first/));
  const restarted = bot();
  const again = await restarted.start("first", FRESH);
  assert.equal(sandboxes()[0]?.tags.snapshot, undefined);
  await again.put("/workspace/notes.txt", Buffer.from("after"));
  const woken = await restarted.start("second", { from: await restarted.sleep("first") });
  assert.equal(await woken.tail("/workspace/notes.txt", 100), "after");
});

test("a sleep that ended the sandbox, and whose answer was lost, gives the same token when it is asked again", {
  skip,
}, async (t) => {
  const { modal, bot, sandboxes } = await openBench(t);
  const clock = handWoundClock();
  const provider = bot({ clock });
  await provider.start("first", FRESH);
  const hanging = modal.faults.next("SandboxTerminateV2", { kind: "hang", when: "after" });
  const sleeping = provider.sleep("first");
  void until(() => sandboxes()[0]?.state.is === "finished").then(() => clock.advance(60_000));
  await assert.rejects(sleeping, isCode("sandbox.unavailable"));
  hanging.release();
  const token = await provider.sleep("first");
  const own = sandboxes().map(({ id }) => id);
  assert.equal(modal.images().filter(({ sandboxId }) => own.includes(sandboxId ?? "")).length, 1);
  assert.equal(sandboxes()[0]?.tags.snapshot, token);
});

test("many sandboxes are listed with their names, without a question for each", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot();
  const names = Array.from({ length: 25 }, (_, at) => `number-${at}`);
  for (const name of names) await provider.start(name, FRESH);
  const listing = bot();
  modal.forgetCalls();
  const first = await listing.list();
  assert.deepEqual(first.map(({ name }) => name).sort(), names.toSorted());
  assert.equal(modal.calls.filter((rpc) => rpc === "SandboxTagsGetV2").length, 0);
  modal.forgetCalls();
  await modal.kill("number-7");
  assert.equal((await listing.list()).length, 24);
  assert.deepEqual([...new Set(modal.calls)], ["SandboxListV2"]);
});

test("a start that fails after its sandbox was made ends it", { skip }, async (t) => {
  const { modal, bot, sandboxes, settings } = await openBench(t);
  const volumes = [{ name: "cache", path: "/data", readOnly: false }];
  const repositories = { web: { ...plainRepository, volumes } };
  const provider = bot({ settings: settings({}, { repositories }) });
  await provider.list();
  modal.faults.next("TaskExecStart", { kind: "status", status: "FAILED_PRECONDITION" });
  await assert.rejects(provider.start("first", { from: null, repository: "web" }), isCode("sandbox.unavailable"));
  await until(() => sandboxes()[0]?.state.is === "finished");
});
