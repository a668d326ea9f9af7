/** The true daemon, put into a local sandbox and spoken to. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { boot } from "../../src/sandboxes/boot.ts";
import { daemonBundle } from "../../src/sandboxes/bundle.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { descendants } from "../../src/sandboxes/local-process.ts";
import { readRunning } from "../../src/sandboxes/local-record.ts";
import { createSigner, newSigningKey } from "../../src/sandboxes/tokens.ts";
import { WIRE_VERSION } from "../../src/wire/version.ts";
import { until } from "../contracts/provider.ts";

const home = await mkdtemp(join(tmpdir(), "threadbox-test-"));
const provider = localProvider({ home, log: createLog("silent") });
const { privateJwk, publicJwk } = await newSigningKey();
const signer = await createSigner(privateJwk);
const options = { provider, bundle: await daemonBundle(), publicJwk, clock: systemClock };
const statusOf = ({ name, url }: { name: string; url: string }) =>
  daemonClient({ url, token: () => signer.control(name) }).status();

after(async () => {
  for (const name of ["daemon", "broken", "old"]) await provider.destroy(name);
  await rm(home, { recursive: true });
});

describe("a sandbox gets its daemon", () => {
  let epoch = "";

  test("an empty one is given it, with the agent's state and the bot's key", async () => {
    const sandbox = await boot(await provider.start("daemon", { from: null }), options);
    const status = await statusOf(sandbox);
    assert.equal(status.sandbox, "daemon");
    assert.equal(status.wire, WIRE_VERSION);
    epoch = status.epoch;
    assert.deepEqual((await firstEntry(sandbox.url))?.event, { type: "daemon.started", version: WIRE_VERSION });
  });

  test("one that has it is left alone, so that its turn goes on", async () => {
    const sandbox = await boot(await provider.start("daemon", { from: null }), {
      ...options,
      bundle: bundleOf("!"),
    });
    assert.equal((await statusOf(sandbox)).epoch, epoch);
  });

  test("one that is killed comes back by itself, with its history", async () => {
    const sandbox = await provider.start("daemon", { from: null });
    const before = (await statusOf(sandbox)).cursor;
    const [root] = (await readRunning(join(home, "sandboxes", "daemon")))?.processes ?? [];
    assert.ok(root);
    process.kill(descendants(root).at(-1)?.pid ?? 0, "SIGKILL");
    await until(async () => (await statusOf(sandbox).catch(() => null))?.epoch === epoch);
    assert.equal((await entryAfter(sandbox.url, before))?.event.type, "daemon.started");
    assert.equal(await boot(sandbox, options), sandbox);
  });

  test("one that slept has its history", async () => {
    const token = await provider.sleep("daemon");
    const sandbox = await boot(await provider.start("daemon", { from: token }), options);
    assert.equal((await statusOf(sandbox)).epoch, epoch);
  });

  test("only who has a token for this sandbox may ask", async () => {
    const sandbox = await provider.find("daemon");
    assert.ok(sandbox);
    const stranger = daemonClient({ url: sandbox.url, token: () => signer.control("another") });
    await assert.rejects(stranger.status(), (e) => e instanceof ThreadboxError && e.code === "daemon.unauthorized");
  });
});

const firstEntry = (url: string) => entryAfter(url, 0);

async function entryAfter(url: string, cursor: number) {
  const client = daemonClient({ url, token: () => signer.observer("daemon") });
  for await (const entry of client.stream({ cursor, epoch: null, signal: new AbortController().signal })) return entry;
  return null;
}

test("a daemon that speaks another version of the wire is replaced", async () => {
  const old = await provider.start("old", { from: null });
  const health = JSON.stringify({ ok: true, wire: WIRE_VERSION + 1, sandbox: "old" });
  const script = `require("http").createServer((_, r) => r.end('${health}')).listen(${old.listen.port}, "127.0.0.1")`;
  await old.launch(["node", "-e", script], { env: {}, logFile: `${old.state}/old.log` });
  while (!(await fetch(old.url).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 20));
  const sandbox = await boot(old, options);
  assert.equal((await statusOf(sandbox)).wire, WIRE_VERSION);
});

test("a daemon that does not come up is told with the end of its log", async () => {
  const bundle = bundleOf('throw new Error("no luck today");');
  const sandbox = await provider.start("broken", { from: null });
  await assert.rejects(boot(sandbox, { ...options, bundle, deadlineMs: 1_000 }), (error) => {
    assert.ok(error instanceof ThreadboxError);
    assert.equal(error.code, "sandbox.boot-timeout");
    assert.match(error.detail, /within 1 s.*no luck today/s);
    return true;
  });
});

function bundleOf(code: string) {
  const bytes = Buffer.from(code);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}
