/** Trouble that the emulated Modal makes on order, as the real SDK meets it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { modalEmulator } from "../modal.ts";
import { available } from "./machine-host.ts";
import { clientOf, failure, outcome, setStage, streamInto } from "./stage.ts";

const skip = (await available()) ?? false;

describe("a creation", { skip }, () => {
  test("that was done but not answered has made a sandbox, which can be found by its name", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    const order = modal.faults.next("SandboxCreateV2", { kind: "hang", when: "after" });
    const creating = sandbox({ name: "one" });
    await order.met;
    const found = await client.sandboxes.fromName("bots", "one");
    assert.equal(await failure(sandbox({ name: "one" })), "AlreadyExistsError");
    order.release();
    assert.equal((await creating).sandboxId, found.sandboxId);
  });

  test("that never came to be has made none", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    const order = modal.faults.next("SandboxCreateV2", { kind: "hang" });
    const creating = failure(sandbox({ name: "one" }));
    await order.met;
    assert.equal(await failure(client.sandboxes.fromName("bots", "one")), "NotFoundError");
    await modal.close();
    assert.notEqual(await creating, "no failure");
    assert.deepEqual(modal.sandboxes(), []);
  });

  test("whose answer was lost with the connection is asked for again, and makes one sandbox", async (t) => {
    const { modal, sandbox } = await setStage(t);
    modal.faults.next("SandboxCreateV2", { kind: "cut", when: "after" });
    const made = await sandbox({ name: "one" });
    assert.deepEqual(modal.calls, ["SandboxCreateV2", "SandboxCreateV2"]);
    assert.deepEqual(
      modal.sandboxes().map(({ id }) => id),
      [made.sandboxId],
    );
  });

  test("beyond the account's limits is refused", async (t) => {
    const { modal, sandbox } = await setStage(t);
    modal.faults.next("SandboxCreateV2", { kind: "status", status: "RESOURCE_EXHAUSTED", message: "quota exceeded" });
    assert.equal(await failure(sandbox()), 8);
    assert.deepEqual(modal.calls, ["SandboxCreateV2"]);
    assert.deepEqual(modal.faults.pending(), []);
  });
});

describe("the control plane", { skip }, () => {
  test("asks for patience, which the SDK has", async (t) => {
    const { modal, client } = await setStage(t);
    modal.faults.next("AppGetOrCreate", { kind: "throttled", retryAfterSeconds: 0.05 }, 2);
    await client.apps.fromName("bots");
    assert.deepEqual(modal.calls, ["AppGetOrCreate", "AppGetOrCreate", "AppGetOrCreate"]);
  });

  test("asks for more patience than a client was told to have", async (t) => {
    const { modal } = await setStage(t);
    const hasty = clientOf(t, modal, { maxThrottleWaitSecs: 1 });
    modal.faults.next("AppGetOrCreate", { kind: "throttled", retryAfterSeconds: 60 });
    assert.equal(await failure(hasty.apps.fromName("bots")), 8);
  });

  test("is away for a moment, or for longer than the SDK tries", async (t) => {
    const { modal, client } = await setStage(t);
    modal.faults.next("AppGetOrCreate", { kind: "status", status: "UNAVAILABLE" }, 2);
    await client.apps.fromName("bots");
    assert.equal(modal.calls.length, 3);
    modal.faults.next("AppGetOrCreate", { kind: "status", status: "UNAVAILABLE" }, Number.POSITIVE_INFINITY);
    assert.equal(await failure(client.apps.fromName("bots")), 14);
    assert.equal(modal.calls.length, 7);
    modal.faults.clear();
    await client.apps.fromName("bots");
  });
});

describe("the command router", { skip }, () => {
  test("loses the connection in the middle of an output, which arrives whole", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    for (const afterBytes of [10, 1000, 70_000]) modal.faults.next("TaskExecStdioRead", { kind: "cut", afterBytes });
    const { stdout, exitCode } = await outcome(made, "seq", "1", "20000");
    assert.equal(stdout, Array.from({ length: 20_000 }, (_, at) => `${at + 1}\n`).join(""));
    assert.equal(exitCode, 0);
    assert.equal(modal.calls.filter((rpc) => rpc === "TaskExecStart").length, 1);
    assert.ok(modal.calls.filter((rpc) => rpc === "TaskExecStdioRead").length >= 4);
  });

  test("loses its answers, and does nothing twice all the same", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    for (const rpc of ["TaskExecStart", "TaskExecStdinWrite", "TaskSnapshotFilesystem"] as const)
      modal.faults.next(rpc, { kind: "cut", when: "after" });
    const command = await made.exec(["sh", "-c", "echo started >> /root/log; cat >> /root/log"]);
    const input = command.stdin.getWriter();
    await input.write("typed\n");
    await input.close();
    await command.wait();
    await made.snapshotFilesystem();
    assert.equal((await outcome(made, "cat", "/root/log")).stdout, "started\ntyped\n");
    assert.equal(modal.images().filter(({ sandboxId }) => sandboxId === made.sandboxId).length, 1);
    assert.deepEqual(modal.faults.pending(), []);
  });

  test("goes on with a large input where it was", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    modal.faults.next("TaskExecStdinWriteStream", { kind: "cut", when: "after" });
    const command = await made.exec(["wc", "-c"]);
    const bytes = Buffer.alloc(1_000_000, "x");
    const written = await streamInto(command, bytes);
    assert.equal(written, 1_000_000);
    assert.equal((await command.stdout.readText()).trim(), "1000000");
    assert.ok(modal.calls.includes("TaskExecStdinStatus"));
  });

  test("refuses a token that looks good to the SDK, until there is a new handle", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    const made = await sandbox();
    modal.faults.next("TaskExecStart", { kind: "status", status: "UNAUTHENTICATED" }, 2);
    assert.equal(await failure(made.exec(["true"])), 16);
    const fresh = await client.sandboxes.fromId(made.sandboxId);
    assert.equal((await outcome(fresh, "true")).exitCode, 0);
  });

  test("cannot take a snapshot, and the sandbox runs on", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    modal.faults.next("TaskSnapshotFilesystem", {
      kind: "status",
      status: "FAILED_PRECONDITION",
      message: "busy disk",
    });
    assert.equal(await failure(made.snapshotFilesystem()), 9);
    assert.equal(await made.poll(), null);
    assert.equal((await outcome(made, "true")).exitCode, 0);
  });

  test("takes longer for a snapshot than a client waits", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    modal.faults.next("TaskSnapshotFilesystem", { kind: "hang" });
    assert.equal(await failure(made.snapshotFilesystem({ timeoutMs: 200 })), "TimeoutError");
  });
});

test("orders that nobody met are told", { skip }, async (t) => {
  const modal = await modalEmulator();
  t.after(() => modal.close());
  modal.faults.next("ImageFromId", { kind: "status", status: "INTERNAL" }, 3);
  modal.faults.nextBuild({ exitcode: 1, exception: "no" });
  assert.deepEqual(modal.faults.pending(), [
    'ImageFromId {"kind":"status","status":"INTERNAL"} x3',
    'build {"exitcode":1,"exception":"no"}',
  ]);
  modal.faults.clear();
  assert.deepEqual(modal.faults.pending(), []);
});
