/** Sandboxes on this machine, with and without bubblewrap's walls. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ThreadboxError } from "../../src/errors.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { providerContract, until, wallsContract } from "../contracts/provider.ts";
import { quiet } from "../quiet.ts";
import { isServed, localBot, type Walls, walls, whyNoWalls } from "./local-bot.ts";

const homes: string[] = [];

async function bot(bubblewrap: Walls) {
  const made = await localBot(bubblewrap);
  homes.push(made.home);
  return made;
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

for (const { bubblewrap, named } of await walls()) {
  test(`${named}: what was left running inside ends with the sandbox, however stubborn`, async () => {
    const { provider, close } = await bot(bubblewrap);
    const sandbox = await provider.start("stubborn", { from: null });
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
    const { home, provider, close } = await bot(bubblewrap);
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
    const { provider, folderOf, close } = await bot(bubblewrap);
    const sandbox = await provider.start("forgotten", { from: null });
    await provider.sleep("forgotten");
    const began = sandbox.launch(["node", "-e", ""], { env: {}, logFile: `${sandbox.state}/log` });
    await assert.rejects(began, (error) => error instanceof ThreadboxError && error.code === "sandbox.unavailable");
    await provider.start("forgotten", { from: null });
    assert.equal(existsSync(join(folderOf("forgotten"), "state", "log")), false);
    await close();
  });

  test(`${named}: the agent is found and runs`, async () => {
    const { provider, close } = await bot(bubblewrap);
    const sandbox = await provider.start("agent", { from: null });
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

test("a bot with another database sees nothing of ours in its list, and ends nothing of ours", async () => {
  const { home, close } = await bot("off");
  const withDatabase = (instance: string) => localProvider({ home, log: quiet, instance });
  await withDatabase("one").start("mine", { from: null });
  const named = async (instance: string) => (await withDatabase(instance).list()).map(({ name }) => name);
  assert.deepEqual([await named("one"), await named("another")], [["mine"], []]);
  await close();
});
