/** What every provider of sandboxes promises. The machines are true ones; what runs in them is a few lines of Node. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";
import { execContract, isLost } from "./provider-exec.ts";
import { filesContract } from "./provider-files.ts";

export interface ProviderUnderTest {
  provider: SandboxProvider;
  /** Another bot with the same sandboxes, as after a restart. */
  restarted(): Promise<SandboxProvider>;
  close(): Promise<void>;
}

/** Serves its environment and files, and runs until it is killed. */
const SERVER = `
  const http = require("node:http"), fs = require("node:fs");
  const read = (path) => { try { return fs.readFileSync(path, "utf8"); } catch (error) { return error.code; } };
  http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://sandbox");
    const answers = {
      "/env": () => process.env,
      "/read": () => read(searchParams.get("path")),
      "/append": () => fs.appendFileSync(searchParams.get("path"), "more\\n") ?? "ok",
      "/version": () => process.version,
      "/crash": () => process.kill(process.pid, "SIGKILL"),
    };
    response.end(JSON.stringify(answers[pathname]()));
  }).listen(Number(process.env.TEST_PORT), process.env.TEST_HOST, () => console.log("listening"));
`;

export function providerContract(name: string, make: () => Promise<ProviderUnderTest>): void {
  describe(`${name} keeps the promises of a provider`, () => {
    let under: ProviderUnderTest;
    let provider: SandboxProvider;
    before(async () => {
      under = await make();
      provider = under.provider;
    });
    after(() => under.close());

    test("a sandbox has a folder for work and one for state, and its port answers from here", async () => {
      const sandbox = await provider.start("first", { from: null });
      await sandbox.put(`${sandbox.workspace}/deep/notes.txt`, Buffer.from("hello\n"));
      await serve(sandbox, { GREETING: "hi there" });
      assert.equal(await ask(sandbox, `/read?path=${sandbox.workspace}/deep/notes.txt`), "hello\n");
      assert.match(String(await ask(sandbox, "/version")), /^v2[4-9]\./);
      assert.equal(Object(await ask(sandbox, "/env")).GREETING, "hi there");
      assert.equal(await sandbox.tail(`${sandbox.state}/server.log`, 1000), "listening\n");
      assert.equal(await sandbox.tail(`${sandbox.state}/server.log`, 4), "ing\n");
      assert.equal(await sandbox.tail(`${sandbox.state}/none.log`, 4), "");
    });

    test("large and binary files arrive as they are", async () => {
      const sandbox = await provider.start("first", { from: null });
      const bytes = Buffer.alloc(3_000_000, "0123456789\0é\n");
      await sandbox.put(`${sandbox.state}/large`, bytes);
      assert.equal(await sandbox.tail(`${sandbox.state}/large`, 12), bytes.subarray(-12).toString());
    });

    test("starting it again, even twice at once, gives the one that runs", async () => {
      const [one, two] = await Promise.all([
        provider.start("first", { from: null }),
        provider.start("first", { from: null }),
      ]);
      assert.equal(one.url, two.url);
      assert.equal(await ask(one, `/read?path=${one.workspace}/deep/notes.txt`), "hello\n");
      assert.deepEqual(await namesOf(provider), ["first"]);
    });

    test("a bot that was restarted finds what runs, and nothing else", async () => {
      const restarted = await under.restarted();
      const found = await restarted.find("first");
      assert.ok(found);
      assert.equal(await ask(found, `/read?path=${found.workspace}/deep/notes.txt`), "hello\n");
      assert.deepEqual(await namesOf(restarted), ["first"]);
      assert.equal(await restarted.find("nobody"), null);
    });

    test("it is listed with the time when it was started", async () => {
      const before = Date.now();
      await provider.start("second", { from: null });
      const listed = await provider.list();
      assert.deepEqual(listed.map(({ name }) => name).sort(), ["first", "second"]);
      const createdAt = listed.find(({ name }) => name === "second")?.createdAt ?? 0;
      // Providers tell whole seconds, by a clock of their own that this test trusts to be this machine's.
      assert.ok(createdAt >= before - 1000 && createdAt <= Date.now() + 1000);
      await provider.destroy("second");
    });

    test("what was launched is started again when it crashes, and the sandbox is the same", async () => {
      const sandbox = await provider.start("first", { from: null });
      await assert.rejects(ask(sandbox, "/crash"));
      await until(() => isServing(sandbox));
      assert.equal(await ask(sandbox, `/read?path=${sandbox.workspace}/deep/notes.txt`), "hello\n");
      assert.equal((await provider.find("first"))?.url, sandbox.url);
    });

    test("asleep it has no process and answers nothing", async () => {
      const sandbox = await provider.start("first", { from: null });
      const token = await provider.sleep("first");
      await assert.rejects(fetch(`${sandbox.url}/version`));
      assert.deepEqual(await provider.list(), []);
      assert.equal(await provider.find("first"), null);
      assert.equal(await provider.sleep("first"), token);
    });

    test("woken by another bot, it has its files", async () => {
      const restarted = await under.restarted();
      const sandbox = await restarted.start("first", { from: await restarted.sleep("first") });
      await serve(sandbox, {});
      assert.equal(await ask(sandbox, `/read?path=${sandbox.workspace}/deep/notes.txt`), "hello\n");
      assert.equal((await restarted.find("first"))?.url, sandbox.url);
    });

    test("a second one can be woken from the first one's token, and goes its own way", async () => {
      const token = await provider.sleep("first");
      const fork = await provider.start("fork", { from: token });
      await fork.put(`${fork.workspace}/deep/notes.txt`, Buffer.from("changed\n"));
      const first = await provider.start("first", { from: token });
      assert.equal(await first.tail(`${first.workspace}/deep/notes.txt`, 100), "hello\n");
      assert.equal(await fork.tail(`${fork.workspace}/deep/notes.txt`, 100), "changed\n");
    });

    test("what was destroyed is gone, and destroying it again is fine", async () => {
      const token = await provider.sleep("first");
      for (const name of ["first", "first", "fork", "nobody"]) await provider.destroy(name);
      assert.deepEqual(await provider.list(), []);
      await provider.forget(token);
      await provider.forget(token);
      await assert.rejects(provider.start("other", { from: token }), isLost);
      const anew = await provider.start("first", { from: null });
      assert.equal(await anew.tail(`${anew.workspace}/deep/notes.txt`, 100), "");
      await provider.destroy("first");
    });

    execContract(() => provider);
    filesContract(() => provider);
  });
}

/** What a process inside must not see; `ours` are files of the bot's machine. */
export function wallsContract(name: string, make: () => Promise<ProviderUnderTest>, ours: () => string[]): void {
  describe(`${name} keeps the agent inside`, () => {
    let under: ProviderUnderTest;
    let sandbox: Sandbox;
    before(async () => {
      under = await make();
      const other = await under.provider.start("other", { from: null });
      await other.put(`${other.workspace}/secret.txt`, Buffer.from("other's"));
      sandbox = await under.provider.start("mine", { from: null });
      await serve(sandbox, {});
    });
    after(() => under.close());

    test("its environment holds nothing of the bot's", async () => {
      const env = await ask(sandbox, "/env");
      const names = ["HOME", "LANG", "PATH", "PWD", "SHLVL", "TERM", "TEST_HOST", "TEST_PORT", "TMPDIR", "USER", "_"];
      assert.deepEqual(
        Object.keys(Object(env)).filter((key) => !names.includes(key)),
        [],
      );
    });

    test("another sandbox's files and the bot's own cannot be read", async () => {
      assert.equal(await ask(sandbox, `/read?path=${sandbox.workspace}/secret.txt`), "ENOENT");
      for (const path of ours()) assert.equal(await ask(sandbox, `/read?path=${path}`), "ENOENT", path);
    });

    test("no process outside is seen", async () => {
      const environment = await ask(sandbox, `/read?path=/proc/${process.pid}/environ`);
      assert.equal(environment, "ENOENT");
    });

    test("the system and the machine's settings cannot be changed", async () => {
      const paths = ["/usr/bin/planted", "/etc/planted", "/planted", "/threadbox/node_modules/planted"];
      assert.deepEqual(await outcomes(sandbox, TRY_WRITING, [...paths, ...KERNEL_SETTINGS]), ["done"]);
    });

    test("its processes have no rights beyond their own files", async () => {
      const lines = String(await ask(sandbox, "/read?path=/proc/self/status")).split("\n");
      const granted = lines.filter((line) => /^Cap(Prm|Eff|Amb|Bnd)/.test(line)).map((line) => line.split("\t")[1]);
      assert.deepEqual(granted, Array(4).fill("0000000000000000"));
      assert.ok(lines.includes("NoNewPrivs:\t1"));
    });
  });
}

/** With the first of these a program of the agent's would be started outside; opening them changes nothing yet. */
const KERNEL_SETTINGS = ["core_pattern", "hostname", "panic"].map((name) => `/proc/sys/kernel/${name}`);

/** Opens each for writing, without writing anything, and tells which ones let it. */
const TRY_WRITING = `
  const fs = require("node:fs");
  for (const path of process.argv.slice(1)) {
    try { fs.closeSync(fs.openSync(path, "a")); console.log("opened " + path); } catch {}
  }
  console.log("done");`;

async function outcomes(sandbox: Sandbox, script: string, args: string[]): Promise<string[]> {
  const logFile = `${sandbox.state}/outcomes.log`;
  await sandbox.launch(["node", "-e", script, ...args], { env: {}, logFile });
  await until(async () => (await sandbox.tail(logFile, 10_000)).endsWith("done\n"));
  return (await sandbox.tail(logFile, 10_000)).trim().split("\n");
}

async function serve(sandbox: Sandbox, env: Record<string, string>): Promise<void> {
  const { host, port } = sandbox.listen;
  await sandbox.put(`${sandbox.state}/server.cjs`, Buffer.from(SERVER));
  const logFile = `${sandbox.state}/server.log`;
  const listening = async () => (await sandbox.tail(logFile, 10_000)).split("listening").length;
  const before = await listening();
  await sandbox.launch(["node", `${sandbox.state}/server.cjs`], {
    env: { TEST_HOST: host, TEST_PORT: `${port}`, ...env },
    logFile,
  });
  await until(async () => (await listening()) > before);
}

async function isServing(sandbox: Sandbox): Promise<boolean> {
  return ask(sandbox, "/version").then(
    () => true,
    () => false,
  );
}

const namesOf = async (provider: SandboxProvider) => (await provider.list()).map(({ name }) => name);

async function ask(sandbox: Sandbox, path: string): Promise<unknown> {
  return (await fetch(new URL(path, sandbox.url))).json();
}

/** Asks until it is so; the test runner's own deadline ends it otherwise. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await pause(20);
}
