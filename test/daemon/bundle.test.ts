/** One file that needs nothing beside it, and holds nothing that a sandbox has no business with. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { daemonBundle, writeDaemonBundle } from "../../src/sandboxes/bundle.ts";
import { StatusResponse } from "../../src/wire/routes.ts";
import { newFolder } from "./running-daemon.ts";
import { startBundle } from "./started-bundle.ts";

const DENO = join(import.meta.dirname, "../../node_modules/.bin/deno");

test("it holds no Slack client, no GitHub client and no database driver", async () => {
  const text = new TextDecoder().decode((await daemonBundle()).bytes);
  for (const word of ["@slack/", "slack.com", "octokit", "api.github.com", "postgres", "pino"]) {
    assert.ok(!text.includes(word), `"${word}" is in the daemon's bundle`);
  }
});

test("it is the same every time, and small enough to be copied at every start", async (t) => {
  const { bytes, sha256 } = await daemonBundle();
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.ok(bytes.length < 900_000, `${bytes.length} bytes`);
  const path = join(newFolder(t), "dist", "daemon.mjs");
  assert.equal((await writeDaemonBundle(path)).sha256, sha256);
  assert.deepEqual(readFileSync(path), Buffer.from(bytes));
});

test("it starts on Node from an empty folder and ends when it is told to", async (t) => {
  const folder = newFolder(t);
  const daemon = await startBundle(t, folder, { SANDBOX_DAEMON_ID: "box-9" });
  const health = await fetch(`${daemon.url}/health`);
  assert.deepEqual(await health.json(), { ok: true, wire: 5, sandbox: "box-9" });
  assert.equal(await daemon.stop(), 0);
  assert.deepEqual(readdirSync(join(folder, "empty")).sort(), [".sandbox-daemon", "daemon.mjs", "workspace"]);
});

test("it says in one go what is wrong with its environment", async (t) => {
  const env = { SANDBOX_DAEMON_HOST: "0.0.0.0", SANDBOX_DAEMON_AGENT_MODE: "hal" };
  await assert.rejects(startBundle(t, newFolder(t), env), ({ message }: Error) => {
    assert.match(message, /SANDBOX_DAEMON_JWT_SECRET: set it/);
    assert.match(message, /SANDBOX_DAEMON_AGENT_MODE: choose one of pi/);
    return true;
  });
});

test("it starts on Deno, keeps its journal and ends when it is told to", {
  skip: existsSync(DENO) ? false : "the npm package deno is not installed",
  timeout: 240_000,
}, async (t) => {
  const folder = newFolder(t);
  for (const cursor of [1, 2]) {
    const daemon = await startBundle(t, folder, {}, [DENO, "run", "-A"]);
    const status = StatusResponse.parse(await (await fetch(`${daemon.url}/status`)).json());
    assert.equal(status.cursor, cursor);
    const frames = await (await fetch(`${daemon.url}/stream?cursor=0`)).text();
    assert.equal(frames.split("\n\n").filter(Boolean).length, cursor);
    assert.equal(await daemon.stop(), 0);
  }
});
