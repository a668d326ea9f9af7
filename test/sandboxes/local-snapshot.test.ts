/** What a copy of a running local sandbox is worth, and what becomes of half a copy. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { identify } from "../../src/sandboxes/local-process.ts";
import { runs } from "../contracts/provider-exec.ts";
import { localBot, walls } from "./local-bot.ts";

/** Counts in two files, the second always a moment behind the first. What is copied between the two takes longer. */
const COUNT = `
  const fs = require("node:fs");
  const write = (path, text) => { fs.writeFileSync(path + ".new", text); fs.renameSync(path + ".new", path); };
  const [first, second] = [process.argv[1], process.env.HOME + "/second"];
  for (let n = 1; ; n++) { write(first, n + "\\n"); write(second, n + "\\n"); if (n === 100) console.log("counting"); }`;

for (const { bubblewrap, named } of await walls()) {
  test(`${named}: a snapshot is of one moment, as after a power cut`, async () => {
    const { provider, close } = await localBot(bubblewrap);
    const sandbox = await provider.start("counting", { from: null });
    await sandbox.put(`${sandbox.state}/large`, Buffer.alloc(30_000_000));
    const logFile = `${sandbox.state}/log`;
    await sandbox.launch(["node", "-e", COUNT, `${sandbox.workspace}/first`], { env: {}, logFile });
    while ((await sandbox.tail(logFile, 100)) === "");
    const copy = await provider.start("copy", { from: await provider.snapshot("counting") });
    const { stdout } = await runs(copy, ["sh", "-c", "cat first ~/second"]);
    const [first = 0, second = 0] = stdout.split("\n").map(Number);
    assert.ok(first >= 100, `it counted to ${first}`);
    assert.ok(first === second || first === second + 1, `${first} and ${second}`);
    await close();
  });
}

test("a bot that dies over a snapshot leaves no sandbox frozen", async (t) => {
  if (process.platform !== "linux") return t.skip("the state of a process is read from /proc");
  const held = spawn("/bin/sh", ["-c", "read line; echo $line"], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => held.kill("SIGKILL"));
  const stateOf = async () => (await readFile(`/proc/${held.pid}/stat`, "utf8")).split(") ")[1]?.[0];
  const freeze = fileURLToPath(import.meta.resolve("../../src/sandboxes/local-freeze.ts"));
  const script = `
    import { whileFrozen } from ${JSON.stringify(freeze)};
    await whileFrozen([${JSON.stringify(identify(held.pid ?? 0))}], () => new Promise(() => {
      setInterval(() => {}, 1000);
      console.log("frozen");
    }));`;
  const bot = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => bot.kill("SIGKILL"));
  await once(bot.stdout, "data");
  assert.equal(await stateOf(), "T");
  bot.kill("SIGKILL");
  held.stdin.end("going on\n");
  const [said] = await once(held.stdout, "data");
  assert.equal(String(said), "going on\n");
});

test("half a copy is never started from, and is removed by the next bot", async () => {
  const { home, provider, restarted, close } = await localBot("off");
  await provider.list();
  const id = "0d6bfd4c-0f0b-4a3c-9a53-0a5bbd3bdb25";
  const draftOf = (startedAt = "") =>
    join(home, "snapshots", `.draft-${process.pid}.${Buffer.from(startedAt).toString("hex")}-${id}`);
  const half = draftOf("a process that had our number before");
  const beingMade = draftOf(identify(process.pid)?.startedAt);
  for (const folder of [half, beingMade]) await mkdir(join(folder, "workspace"), { recursive: true });
  const next = await restarted();
  await assert.rejects(next.start("one", { from: `snapshot:${id}` }), { code: "sandbox.lost" });
  assert.deepEqual([existsSync(half), existsSync(beingMade)], [false, true]);
  await close();
});

test("a token that leads elsewhere is nobody's", async () => {
  const { home, provider, close } = await localBot("off");
  await writeFile(join(home, "own.txt"), "ours");
  for (const token of ["snapshot:..", "snapshot:../sandboxes", "../..", "/", "im-123", ""]) {
    await provider.forget(token);
    await assert.rejects(provider.start("one", { from: token }), { code: "sandbox.lost" }, token);
  }
  assert.equal(await readFile(join(home, "own.txt"), "utf8"), "ours");
  await close();
});

test("to forget the token of a sandbox that was woken leaves it alone; asleep, its files go", async () => {
  const { provider, close } = await localBot("off");
  const sandbox = await provider.start("one", { from: null });
  await sandbox.put(`${sandbox.workspace}/notes.txt`, Buffer.from("hello\n"));
  const token = await provider.sleep("one");
  const woken = await provider.start("one", { from: token });
  await provider.forget(token);
  assert.equal(await woken.tail(`${woken.workspace}/notes.txt`, 100), "hello\n");
  await provider.forget(await provider.sleep("one"));
  await assert.rejects(provider.start("two", { from: token }), { code: "sandbox.lost" });
  await close();
});

test("a sandbox that an older version started is still found", async () => {
  const { provider, restarted, folderOf, close } = await localBot("off");
  const { url } = await provider.start("old", { from: null });
  const file = join(folderOf("old"), "record.json");
  const { createdAt, ...record } = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify(record));
  const next = await restarted();
  assert.equal((await next.find("old"))?.url, url);
  const [listed] = await next.list();
  assert.ok(listed && Math.abs(listed.createdAt - createdAt) < 60_000);
  await close();
});
