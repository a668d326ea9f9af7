/** The true daemon in a sandbox at Modal: how it gets there, how few calls that takes, and what keeps it running. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { boot } from "../../src/sandboxes/boot.ts";
import { daemonBundle } from "../../src/sandboxes/bundle.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import type { Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";
import { createSigner, newSigningKey } from "../../src/sandboxes/tokens.ts";
import { until } from "../contracts/provider.ts";
import { daemonOf, isCode, noMachines, openBench } from "./modal-bench.ts";

const skip = noMachines ?? false;
const { privateJwk, publicJwk } = await newSigningKey();
const signer = await createSigner(privateJwk);
const bundle = await daemonBundle();
const daemon = async () => bundle;

const bootOn = (provider: SandboxProvider, sandbox: Sandbox) =>
  boot(sandbox, { provider, bundle, publicJwk, clock: systemClock });

const statusOf = ({ name, url }: Sandbox, provider: SandboxProvider) =>
  daemonClient({ url, token: () => signer.control(name), headers: () => provider.headers(name) }).status();

const answers = (sandbox: Sandbox, provider: SandboxProvider): Promise<boolean> =>
  statusOf(sandbox, provider).then(
    () => true,
    () => false,
  );

test("a start from a golden snapshot takes six calls, and the daemon is the image's own", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const first = bot({ daemon });
  await bootOn(first, await first.start("golden", { from: null }));
  const golden = await first.snapshot("golden");
  modal.forgetCalls();
  const provider = bot({ daemon });
  const sandbox = await bootOn(provider, await provider.start("session", { from: golden }));
  // The two in the middle are asked at once.
  assert.deepEqual(modal.calls.toSpliced(1, 2), ["AuthTokenGet", "SandboxCreateV2", "TaskExecStart", "TaskExecWait"]);
  assert.deepEqual(modal.calls.slice(1, 3).sort(), ["AppGetOrCreate", "ImageFromId"]);
  assert.equal((await statusOf(sandbox, provider)).sandbox, "session");
});

test("sleeping takes seven calls, and waking four", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot({ daemon });
  await bootOn(provider, await provider.start("session", { from: null }));
  modal.forgetCalls();
  const token = await provider.sleep("session");
  assert.deepEqual(modal.calls, [
    ...["SandboxWaitV2", "TaskExecStart", "TaskExecWait", "TaskSnapshotFilesystem"],
    ...["SandboxTagsSetV2", "SandboxTerminateV2", "SandboxWaitV2"],
  ]);
  modal.forgetCalls();
  await bootOn(provider, await provider.start("session", { from: token }));
  assert.deepEqual(modal.calls, ["ImageFromId", "SandboxCreateV2", "TaskExecStart", "TaskExecWait"]);
});

test("a daemon that is killed is started again, with its history", { skip }, async (t) => {
  const { bot } = await openBench(t);
  const provider = bot({ daemon });
  const sandbox = await bootOn(provider, await provider.start("session", { from: null }));
  const { epoch } = await statusOf(sandbox, provider);
  const pid = await pidOf(sandbox);
  assert.equal(await exitCode(sandbox, ["kill", "-KILL", pid]), 0);
  await until(() => answers(sandbox, provider));
  assert.equal((await statusOf(sandbox, provider)).epoch, epoch);
  assert.notEqual(await pidOf(sandbox), pid);
});

test("the agent cannot end the daemon, read its files or become root", { skip }, async (t) => {
  const { bot } = await openBench(t);
  const provider = bot({ daemon });
  const sandbox = await bootOn(provider, await provider.start("session", { from: null }));
  const pid = await pidOf(sandbox);
  assert.equal(
    await outputOf(sandbox, ["sh", "-c", "id -un; echo $HOME; pwd"], false),
    "agent\n/home/agent\n/workspace\n",
  );
  for (const script of [`kill -KILL ${pid}`, `cat /proc/${pid}/environ`, "ls /threadbox/state", "ls /threadbox/run/*"])
    assert.notEqual(await exitCode(sandbox, ["sh", "-c", script], false), 0, script);
  await sandbox.put("/workspace/mine.txt", Buffer.from("mine"));
  assert.equal(await outputOf(sandbox, ["stat", "-c", "%U", "/workspace/mine.txt"]), "agent\n");
  await outputOf(sandbox, ["ln", "-s", "/threadbox/state", "/workspace/way-in"], false);
  const planted = sandbox.put("/workspace/way-in/daemon.mjs", Buffer.from("evil"));
  await assert.rejects(planted, isCode("sandbox.unavailable"));
});

test("a new daemon replaces the one of the snapshot, and rebuilds nothing but the last layer of the image", {
  skip,
}, async (t) => {
  const { modal, bot } = await openBench(t);
  const before = bot();
  await before.start("session", { from: null });
  const token = await before.sleep("session");
  const layers = modal.images().filter(({ lines }) => lines !== null).length;
  const provider = bot({ daemon });
  const woken = await bootOn(provider, await provider.start("session", { from: token }));
  assert.equal((await statusOf(woken, provider)).sandbox, "session");
  await bot({ daemon: daemonOf("// newer\n") }).start("fresh", { from: null });
  assert.equal(modal.images().filter(({ lines }) => lines !== null).length, layers + 1);
});

test("after a snapshot that failed the daemon runs again", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot({ daemon });
  const sandbox = await bootOn(provider, await provider.start("session", { from: null }));
  modal.faults.next("TaskSnapshotFilesystem", {
    kind: "status",
    status: "FAILED_PRECONDITION",
    message: "too many files",
  });
  await assert.rejects(
    provider.sleep("session"),
    isCode("sandbox.snapshot-failed", /keep the files of session: too many files/),
  );
  await until(() => answers(sandbox, provider));
  modal.forgetCalls();
  await bootOn(provider, sandbox);
  assert.deepEqual(modal.calls, []);
  assert.deepEqual(
    (await provider.list()).map(({ name }) => name),
    ["session"],
  );
});

test("over a connect token the daemon answers, with Modal's token in a cookie and ours in its place", {
  skip,
}, async (t) => {
  const { modal, bot, sandboxes, settings } = await openBench(t);
  const wanted = settings({ reach: "connect-token" });
  const provider = bot({ daemon, settings: wanted });
  const sandbox = await bootOn(provider, await provider.start("session", { from: null }));
  assert.equal((await statusOf(sandbox, provider)).sandbox, "session");
  assert.equal((await fetch(new URL("/health", sandbox.url))).status, 401);
  assert.equal(sandboxes()[0]?.definition.openPorts?.ports.length, 0);
  modal.revokeConnectTokens("session");
  await assert.rejects(statusOf(sandbox, provider), isCode("daemon.unreachable"));
  assert.equal((await provider.find("session"))?.url, sandbox.url);
  assert.equal((await statusOf(sandbox, provider)).sandbox, "session");
  const restarted = bot({ daemon, settings: wanted });
  assert.equal((await statusOf(sandbox, restarted)).sandbox, "session");
  await provider.sleep("session");
  await assert.rejects(bot({ settings: wanted }).headers("session"), isCode("sandbox.lost"));
});

async function pidOf(sandbox: Sandbox): Promise<string> {
  return (await outputOf(sandbox, ["pgrep", "-f", "^node /threadbox/state/daemon.mjs"])).trim();
}

async function outputOf(sandbox: Sandbox, command: string[], root = true): Promise<string> {
  const execution = await sandbox.exec(command, { root });
  const output = await new Response(execution.stdout).text();
  assert.equal(await execution.exitCode, 0);
  return output;
}

async function exitCode(sandbox: Sandbox, command: string[], root = true): Promise<number> {
  return (await sandbox.exec(command, { root })).exitCode;
}
