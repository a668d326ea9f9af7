/** Sandboxes on this machine, with and without bubblewrap's walls. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ThreadboxError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { type ProviderUnderTest, providerContract, until, wallsContract } from "../contracts/provider.ts";

const log = createLog("silent");
const homes: string[] = [];

async function bot(bubblewrap: "auto" | "off"): Promise<ProviderUnderTest> {
  const home = await mkdtemp(join(tmpdir(), "threadbox-test-"));
  homes.push(home);
  const make = () => localProvider({ home, log, bubblewrap });
  const provider = make();
  return {
    provider,
    restarted: async () => make(),
    async close() {
      for (const name of await readdir(join(home, "sandboxes"))) await provider.destroy(name);
      await rm(home, { recursive: true });
    },
  };
}

/** Why walls cannot be tested here; null when they can. */
async function whyNoWalls(): Promise<string | null> {
  const { provider, close } = await bot("auto");
  const warning = await provider.warning();
  await close();
  return warning;
}

const noWalls = await whyNoWalls();
if (noWalls) test("a local sandbox behind bubblewrap", { skip: noWalls }, () => {});
else {
  providerContract("a local sandbox behind bubblewrap", () => bot("auto"));
  wallsContract(
    "a local sandbox behind bubblewrap",
    () => bot("auto"),
    () => [
      ...homes.map((home) => join(home, "sandboxes", "other", "workspace", "secret.txt")),
      ...homes.map((home) => join(home, "sandboxes", "mine", "record.json")),
      fileURLToPath(import.meta.resolve("../../package.json")),
      "/etc/shadow",
      "/root/.bashrc",
      "/var/log/dpkg.log",
    ],
  );
}
providerContract("a local sandbox without walls", () => bot("off"));

test("a person is warned when sandboxes have no walls", async () => {
  const { provider, close } = await bot("off");
  assert.match((await provider.warning()) ?? "", /no walls.*Install bubblewrap/);
  await close();
});

const walls = noWalls ? (["off"] as const) : (["auto", "off"] as const);
for (const bubblewrap of walls) {
  const named = bubblewrap === "off" ? "without walls" : "behind bubblewrap";

  test(`${named}: what was left running inside ends with the sandbox, however stubborn`, async () => {
    const { provider, close } = await bot(bubblewrap);
    const sandbox = await provider.start("stubborn", null);
    await sandbox.put(`${sandbox.state}/child.cjs`, Buffer.from(STUBBORN_CHILD));
    await sandbox.put(`${sandbox.state}/parent.cjs`, Buffer.from(PARENT));
    const { port } = sandbox.listen;
    const command = ["node", `${sandbox.state}/parent.cjs`, `${sandbox.state}/child.cjs`, `${port}`];
    await sandbox.launch(command, { env: {}, logFile: `${sandbox.state}/log` });
    await until(() => isServed(sandbox.url));
    await provider.sleep("stubborn");
    assert.equal(await isServed(sandbox.url), false);
    await close();
  });

  test(`${named}: a bot that is killed leaves its sandboxes running, and the next one finds them`, async () => {
    const { provider, close } = await bot(bubblewrap);
    const home = homes.at(-1) ?? "";
    const script = fileURLToPath(import.meta.resolve("./bot-with-sandbox.ts"));
    const killed = spawn(process.execPath, [script, home, bubblewrap], { stdio: ["ignore", "pipe", "inherit"] });
    await once(killed.stdout, "readable");
    const url = String(killed.stdout.read()).trim();
    killed.kill("SIGKILL");
    await once(killed, "exit");
    assert.equal((await provider.find("kept"))?.url, url);
    assert.equal(await isServed(url), true);
    await close();
    assert.equal(await isServed(url), false);
  });

  test(`${named}: a process whose number could not be written down never begins`, async () => {
    const { provider, close } = await bot(bubblewrap);
    const sandbox = await provider.start("forgotten", null);
    await provider.sleep("forgotten");
    const began = sandbox.launch(["node", "-e", ""], { env: {}, logFile: `${sandbox.state}/log` });
    await assert.rejects(began, (error) => error instanceof ThreadboxError && error.code === "sandbox.unavailable");
    await provider.start("forgotten", null);
    assert.equal(existsSync(join(homes.at(-1) ?? "", "sandboxes", "forgotten", "state", "log")), false);
    await close();
  });

  test(`${named}: the agent is found and runs`, async () => {
    const { provider, close } = await bot(bubblewrap);
    const sandbox = await provider.start("agent", null);
    const logFile = `${sandbox.state}/log`;
    await sandbox.launch(["pi", "--version"], { env: {}, logFile });
    await until(async () => (await sandbox.tail(logFile, 100)) !== "");
    assert.match(await sandbox.tail(logFile, 100), /^\d+\.\d+\.\d+\n$/);
    await close();
  });
}

/** Serves in a session of its own and does not care for being asked to end; its parent goes at once when asked. */
const STUBBORN_CHILD = `
  process.on("SIGTERM", () => {});
  require("node:http").createServer((_, response) => response.end()).listen(Number(process.argv[2]), "127.0.0.1");`;
const PARENT = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, process.argv.slice(2), { detached: true, stdio: "inherit" }).unref();
  setInterval(() => {}, 1000);`;

async function isServed(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
