/** How commands in a local sandbox end, beyond what every provider promises of them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isFromSandbox } from "../../src/sandboxes/local-peer.ts";
import { readRunning } from "../../src/sandboxes/local-record.ts";
import type { Execution, Sandbox } from "../../src/sandboxes/provider.ts";
import { until } from "../contracts/provider.ts";
import { isServed, localBot, walls } from "./local-bot.ts";

/** Serves at a port of its own and tells where. */
const SERVE = `const server = require("node:http").createServer((_, r) => r.end());
  server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port));`;

const servingIn = (sandbox: Sandbox): Promise<Execution> => sandbox.exec(["node", "-e", SERVE]);

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const { value } = await stream.getReader().read();
  return Buffer.from(value ?? []).toString();
}

for (const { bubblewrap, named } of await walls()) {
  test(`${named}: a command ends with the bot that started it, however the bot ends`, async () => {
    const { home, close } = await localBot(bubblewrap);
    const script = fileURLToPath(import.meta.resolve("./bot-with-sandbox.ts"));
    const killed = spawn(process.execPath, [script, home, bubblewrap, SERVE], { stdio: ["ignore", "pipe", "inherit"] });
    await once(killed.stdout, "readable");
    const [kept = "", served = ""] = String(killed.stdout.read()).trim().split("\n");
    assert.equal(await isServed(served), true);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    await until(async () => !(await isServed(served)));
    assert.equal(await isServed(kept), true);
    await close();
  });

  test(`${named}: what a command leaves running ends with it`, async () => {
    const { provider, close } = await localBot(bubblewrap);
    const sandbox = await provider.start("one", { from: null });
    const { stdout, stdin, exitCode } = await sandbox.exec(["sh", "-c", `node -e '${SERVE}' & read line`]);
    const url = await firstLine(stdout);
    assert.equal(await isServed(url), true);
    await stdin.close();
    await exitCode;
    await until(async () => !(await isServed(url)));
    await close();
  });

  test(`${named}: another bot ends it by putting the sandbox to sleep; nothing is written down of it afterwards`, async () => {
    const { provider, restarted, folderOf, close } = await localBot(bubblewrap);
    const execution = await servingIn(await provider.start("one", { from: null }));
    const url = await firstLine(execution.stdout);
    const lost = assert.rejects(execution.exitCode, { code: "sandbox.lost" });
    await (await restarted()).sleep("one");
    assert.equal(await isServed(url), false);
    await lost;
    assert.deepEqual(await readdir(`${folderOf("one")}/execs`), []);
    await close();
  });

  test(`${named}: it is known to come out of a sandbox when it opens the bot's page`, async (t) => {
    if (process.platform !== "linux") return t.skip("only Linux tells");
    const { home, provider, close } = await localBot(bubblewrap);
    const asked: Promise<boolean>[] = [];
    const page = createServer(({ socket: { remotePort = 0, localPort = 0 } }, response) => {
      asked.push(isFromSandbox(home, { remotePort, localPort }).finally(() => response.end()));
    }).listen(0, "127.0.0.1");
    await once(page, "listening");
    const address = page.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const sandbox = await provider.start("one", { from: null });
    const { exitCode } = await sandbox.exec(["node", "-e", `fetch("${url}")`]);
    assert.equal(await exitCode, 0);
    await fetch(url);
    assert.deepEqual(await Promise.all(asked), [true, false]);
    page.closeAllConnections();
    page.close();
    await close();
  });

  test(`${named}: what is launched dies with what was written down of it, and the sandbox is lost`, async () => {
    const { provider, folderOf, close } = await localBot(bubblewrap);
    const sandbox = await provider.start("one", { from: null });
    const script = `require("http").createServer((_, r) => r.end()).listen(${sandbox.listen.port}, "127.0.0.1")`;
    await sandbox.launch(["node", "-e", script], { env: {}, logFile: `${sandbox.state}/log` });
    await until(() => isServed(sandbox.url));
    for (const { pid } of (await readRunning(folderOf("one")))?.processes ?? []) process.kill(pid, "SIGKILL");
    await until(async () => !(await isServed(sandbox.url)));
    await until(async () => (await provider.find("one")) === null);
    await close();
  });
}
