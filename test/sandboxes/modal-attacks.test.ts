/** An agent that means no good in a sandbox at Modal: what it leaves behind for root, and what it does while the daemon is away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { boot } from "../../src/sandboxes/boot.ts";
import { daemonBundle } from "../../src/sandboxes/bundle.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import type { ExecOptions, Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";
import { createSigner, newSigningKey } from "../../src/sandboxes/tokens.ts";
import { until } from "../contracts/provider.ts";
import { noMachines, openBench } from "./modal-bench.ts";

const skip = noMachines ?? false;
const { privateJwk, publicJwk } = await newSigningKey();
const signer = await createSigner(privateJwk);
const bundle = await daemonBundle();
const daemon = async () => bundle;

const bootOn = (provider: SandboxProvider, sandbox: Sandbox) =>
  boot(sandbox, { provider, bundle, publicJwk, clock: systemClock });

/** Takes the daemon's port as soon as nobody has it, and says so. */
const SQUAT = `
  const take = () => {
    const server = require("node:net").createServer();
    server.once("error", (error) => {
      if (error.code === "EADDRINUSE") return setTimeout(take, 1);
      require("node:fs").writeFileSync("/workspace/broke", error.code);
    });
    server.listen(8787, "0.0.0.0", () => require("node:fs").writeFileSync("/workspace/taken", ""));
  };
  take();
  require("node:fs").writeFileSync("/workspace/waiting", "");`;

test("the agent cannot take the daemon's port while a daemon that was killed comes back", { skip }, async (t) => {
  const { bot } = await openBench(t);
  const provider = bot({ daemon });
  const sandbox = await bootOn(provider, await provider.start("session", { from: null }));
  await output(sandbox, ["sh", "-c", `setsid node -e '${SQUAT}' >/dev/null 2>&1 &`]);
  await until(async () => (await output(sandbox, ["ls", "/workspace"])) === "waiting\n");
  await killedAndBack(sandbox);
  assert.equal(await output(sandbox, ["ls", "/workspace"]), "waiting\n");
});

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Puts itself in front of each program that root may take, and tells when root did. */
const PLANT = `mkdir -p /home/agent/bin && cd /home/agent/bin
  printf '%s\\n' '#!/bin/bash' '[ "$UID" = 0 ] && : >"/workspace/root-ran-\${0##*/}"' \\
    'for at in /usr/local/bin /usr/bin /usr/sbin; do [ -x "$at/\${0##*/}" ] && exec "$at/\${0##*/}" "$@"; done' >planted
  chmod 755 planted
  for name in cat chmod date dirname git id kill ls mkdir mkfifo mktemp mv node rm runuser setsid sh sha256sum sleep sync tail
  do ln -s planted $name; done`;

test("where the agent's own folder comes first in the image's PATH, root takes nothing from there", {
  skip,
}, async (t) => {
  const { bot, settings } = await openBench(t);
  const env = { PATH: `/home/agent/bin:${SYSTEM_PATH}` };
  const provider = bot({ daemon, settings: settings({}, { image: { ...settings().image, env } }) });
  const sandbox = await bootOn(provider, await provider.start("session", { from: null }));
  await output(sandbox, ["/bin/sh", "-c", PLANT]);
  assert.equal(await output(sandbox, ["/bin/sh", "-c", "command -v id; id -un"]), "/home/agent/bin/id\nagent\n");
  assert.equal(await output(sandbox, ["id", "-un"], { root: true }), "root\n");
  assert.equal(await output(sandbox, ["id", "-un"], { root: true, terminal: { rows: 5, columns: 80 } }), "root\r\n");
  await sandbox.put("/threadbox/state/other", Buffer.from("other"));
  assert.equal(await sandbox.tail("/threadbox/state/other", 10), "other");
  await killedAndBack(sandbox);
  await prepare(sandbox, "command -v node >/workspace/setup-said");
  assert.equal(await output(sandbox, ["cat", "/workspace/setup-said"]), "/home/agent/bin/node\n");
  await launchAgain(sandbox);
  assert.doesNotMatch(await output(sandbox, ["ls", "/workspace"]), /root-ran/);
  const token = await provider.sleep("session");
  const woken = await bootOn(provider, await provider.start("session", { from: token }));
  assert.doesNotMatch(await output(woken, ["ls", "/workspace"]), /root-ran/);
});

test("what the agent starts has not the daemon's socket", { skip }, async (t) => {
  const { bot } = await openBench(t);
  const provider = bot({ daemon });
  const sandbox = await bootOn(provider, await provider.start("session", { from: null }));
  await prepare(sandbox, "ls -l /proc/self/fd >/workspace/open-files");
  const daemonsSocket = await output(sandbox, ["sh", "-c", SOCKETS, "sh", await daemonsPid(sandbox)], { root: true });
  assert.match(daemonsSocket, /^socket:/);
  const open = await output(sandbox, ["cat", "/workspace/open-files"]);
  for (const socket of daemonsSocket.trim().split("\n")) assert.ok(!open.includes(socket), open);
});

/** Those that listen, of one process. */
const SOCKETS = `inodes=$(awk '$4 == "0A" { print "socket:[" $10 "]" }' /proc/net/tcp)
  for fd in /proc/$1/fd/*; do readlink "$fd"; done | grep -xF "$inodes" | sort -u`;

function clientOf({ name, url }: Sandbox) {
  return daemonClient({ url, token: () => signer.control(name), deadlineMs: 30_000 });
}

/** Has an empty repository cloned, and `setup` run there as the agent by the daemon. */
async function prepare(sandbox: Sandbox, setup: string): Promise<void> {
  await output(sandbox, ["git", "init", "--quiet", "--bare", "/srv/remote.git"], { root: true });
  const client = clientOf(sandbox);
  const repo = { id: "r", path: "app", source: "file:///srv/remote.git", branch: "b", setup };
  await client.init({ workspace: { repos: [repo] } });
  await until(async () => (await client.status()).repositories[0]?.is !== "preparing");
  assert.equal((await client.status()).repositories[0]?.is, "ready");
}

async function killedAndBack(sandbox: Sandbox): Promise<void> {
  const before = await daemonsPid(sandbox);
  await output(sandbox, ["kill", "-KILL", before], { root: true });
  const answers = () => clientOf(sandbox).status();
  await until(() =>
    answers().then(
      () => true,
      () => false,
    ),
  );
  assert.notEqual(await daemonsPid(sandbox), before);
}

const launchAgain = (sandbox: Sandbox): Promise<void> =>
  sandbox.launch(["node", "-e", "0"], { env: {}, logFile: "/threadbox/state/another.log" });

const daemonsPid = async (sandbox: Sandbox): Promise<string> =>
  (await output(sandbox, ["pgrep", "-f", "^node /threadbox/state/daemon.mjs"], { root: true })).trim();

async function output(sandbox: Sandbox, command: string[], options: ExecOptions = {}): Promise<string> {
  const execution = await sandbox.exec(command, options);
  const [said, complaint] = await Promise.all([
    new Response(execution.stdout).text(),
    new Response(execution.stderr).text(),
  ]);
  assert.equal(await execution.exitCode, 0, complaint);
  return said;
}
