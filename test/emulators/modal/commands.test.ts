/** Commands in an emulated sandbox, through the real SDK: streams, input, terminals, time, snapshots. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { available } from "./machine-host.ts";
import { all, failure, outcome, setStage, streamInto } from "./stage.ts";

const skip = (await available()) ?? false;

describe("a command", { skip }, () => {
  test("has its own folder and variables, two outputs, an input and an exit code", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    modal.createSecret("keys", { TOKEN: "t1" });
    const made = await sandbox({ env: { FROM: "sandbox", BOTH: "sandbox" } });
    const script = 'pwd; echo "$FROM $BOTH $TOKEN $INLINE"; cat; echo oh >&2; exit 3';
    const command = await made.exec(["sh", "-c", script], {
      workdir: "/tmp",
      env: { BOTH: "command" },
      secrets: [await client.secrets.fromName("keys"), await client.secrets.fromObject({ INLINE: "i1" })],
    });
    const input = command.stdin.getWriter();
    await input.write("typed\n");
    await input.close();
    assert.equal(await command.stdout.readText(), "/tmp\nsandbox command t1 i1\ntyped\n");
    assert.equal(await command.stderr.readText(), "oh\n");
    assert.equal(await command.wait(), 3);
  });

  test("is answered at the address that came with the sandbox, or asked for by who only knows its id", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    const made = await sandbox();
    modal.forgetCalls();
    await outcome(made, "true");
    assert.deepEqual(modal.calls, ["TaskExecStart", "TaskExecStdioRead", "TaskExecWait"]);
    modal.forgetCalls();
    await outcome(await client.sandboxes.fromId(made.sandboxId), "true");
    assert.deepEqual(modal.calls, [
      "SandboxGetTaskIdV2",
      "SandboxGetCommandRouterAccess",
      "TaskExecStart",
      "TaskExecStdioRead",
      "TaskExecWait",
    ]);
  });

  test("is seen running, and is shown killed by a signal as 128 and its number", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    const command = await made.exec(["sh", "-c", "read line; kill -TERM $$"]);
    assert.equal(await command._poll(), null);
    assert.equal(modal.sandboxes()[0]?.runningExecs, 1);
    await command.stdin.getWriter().write("now\n");
    assert.equal(await command.wait(), 143);
    assert.equal(await command._poll(), 143);
    assert.equal(modal.sandboxes()[0]?.runningExecs, 0);
  });

  test("is killed when its time is over", async (t) => {
    const { clock, sandbox } = await setStage(t);
    const command = await (await sandbox()).exec(["sleep", "infinity"], { timeoutMs: 20_000 });
    const ended = command.wait();
    clock.advance(20_000);
    assert.equal(await ended, 137);
  });

  test("says nothing on an output that was not asked for", async (t) => {
    const { sandbox } = await setStage(t);
    const command = await (await sandbox()).exec(["sh", "-c", "echo a; echo b >&2"], { stdout: "ignore" });
    assert.deepEqual([await command.stdout.readText(), await command.stderr.readText()], ["", "b\n"]);
  });

  test("in a terminal has both outputs in one, and echoes what is typed", async (t) => {
    const { sandbox } = await setStage(t);
    const command = await (await sandbox()).exec(["sh", "-c", "stty size; echo $TERM; read line; tty >&2"], {
      pty: true,
    });
    await command.stdin.getWriter().write("typed\n");
    const lines = (await command.stdout.readText()).trim().split("\r\n");
    // What is typed is echoed whenever it comes, so it may stand anywhere.
    assert.deepEqual(lines.slice(0, -1).toSorted(), ["24 80", "typed", "xterm-256color"]);
    assert.match(lines.at(-1) ?? "", /^\/dev\/pts\/\d+$/);
    assert.equal(await command.wait(), 0);
  });

  test("keeps every byte of a large output, and takes a large input as one stream", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    const bytes = Buffer.alloc(5_000_000, "0123456789abcdef\n");
    const sum = createHash("sha256").update(bytes).digest("hex");
    const command = await made.exec(["sh", "-c", "tee /tmp/copy"], { mode: "binary" });
    const writing = streamInto(command, bytes);
    const echoed = createHash("sha256");
    for (const piece of await all(command.stdout)) echoed.update(piece);
    assert.equal(await writing, 5_000_000);
    assert.equal(echoed.digest("hex"), sum);
    assert.deepEqual(modal.calls.filter((rpc) => rpc === "TaskExecStdinWriteStream").length, 1);
    assert.equal((await outcome(made, "sha256sum", "/tmp/copy")).stdout.slice(0, 64), sum);
  });

  test("without a word is refused", async (t) => {
    const { sandbox } = await setStage(t);
    assert.equal(await failure((await sandbox()).exec([])), 3);
  });
});

describe("a snapshot", { skip }, () => {
  test("holds the files as they were, and none of the sandbox's secrets", async (t) => {
    const { client, app, sandbox } = await setStage(t);
    const made = await sandbox({ env: { TOKEN: "t1" } });
    await outcome(made, "sh", "-c", "echo before > /root/file");
    const { imageId } = await made.snapshotFilesystem();
    await outcome(made, "sh", "-c", "echo after > /root/file");
    const woken = await client.sandboxes.create(app, await client.images.fromId(imageId));
    assert.equal((await outcome(woken, "sh", "-c", 'echo "$(cat /root/file) [$TOKEN]"')).stdout, "before []\n");
    assert.equal((await outcome(made, "cat", "/root/file")).stdout, "after\n");
  });

  test("is kept for thirty days, as long as it was asked for, or for ever", async (t) => {
    const { modal, clock, client, app, sandbox } = await setStage(t);
    const made = await sandbox({ timeoutMs: 24 * 3_600_000 });
    const start = clock.now();
    const usual = await made.snapshotFilesystem();
    const short = await made.snapshotFilesystem({ ttlMs: 60_000 });
    const lasting = await made.snapshotFilesystem({ ttlMs: null });
    const expiry = modal.images().map(({ expiresAt }) => expiresAt);
    assert.deepEqual(expiry, [null, start + 30 * 24 * 3_600_000, start + 60_000, null]);
    clock.advance(60_000);
    assert.equal(await failure(client.images.fromId(short.imageId)), "NotFoundError");
    assert.equal(await failure(client.sandboxes.create(app, short)), 5);
    modal.expire(lasting.imageId);
    assert.deepEqual(
      modal.images().map(({ usable }) => usable),
      [true, true, false, false],
    );
    assert.equal((await client.images.fromId(usual.imageId)).imageId, usual.imageId);
  });
});
