import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ScriptedFolder, scriptedFolder, stopInOrder } from "./scripted-folder.ts";

let world: ScriptedFolder;
before(async () => {
  world = await scriptedFolder("source");
});
after(() => world.close());

describe("start", { timeout: 240_000 }, () => {
  test("prints where it answers, what it runs on, and how to change that", async () => {
    const bot = world.folder.start(["start"], world.env);
    const shown = await bot.printed("Ctrl-C stops it.");
    await stopInOrder(bot);
    assert.match(shown, /^Threadbox answers at http:\/\/127\.0\.0\.1:\d+\n/);
    for (const what of ["surfaces", "provider", "agent", "model", "database", "repositories"])
      assert.match(shown, new RegExp(`^ {2}${what} {2,}\\S.* {2,}\\S`, "m"));
    assert.match(shown, /with ANTHROPIC_API_KEY/);
    assert.match(shown, /No repository is listed in threadbox\.yml, so it works on a small repository/);
  });

  test("serves the demo repository where it was served before", async () => {
    const port = (): string => readFileSync(join(world.folder.home, "demo", "port"), "utf8");
    const before = port();
    const bot = await world.startBot();
    assert.equal(port(), before);
    const beside = await world.startBot();
    assert.equal(port(), before);
    await beside.stop();
    await bot.stop();
  });

  test("leaves a taken port alone", async () => {
    const bot = await world.startBot();
    const second = await world.folder.run(["start"], { ...bot.env, LOG_LEVEL: "warn" });
    await bot.stop();
    assert.equal(second.code, 1);
    assert.equal(second.stdout, "");
    assert.match(second.stderr, /^threadbox: Port \d+ is taken\. Set PORT to another one\. .*\n$/);
  });

  test("ends when it has stopped, and does not wait for an answer that GitHub owes it", async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve()).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const env = { GITHUB_TOKEN: "t", GITHUB_WEBHOOK_SECRET: "s", GITHUB_API_URL: `http://127.0.0.1:${port}` };
    const bot = world.folder.start(["start"], { ...world.env, ...env, LOG_LEVEL: "warn" });
    await Promise.all([asked.promise, bot.printed("Ctrl-C stops it.")]);
    bot.process.kill("SIGTERM");
    const { code, stderr } = await bot.ended;
    silent.close();
    assert.equal(code, 0);
    assert.equal(stderr, "Stopping; a second signal ends it at once.\n");
  });

  test("ends at once at the second signal", async () => {
    const bot = await world.startBot();
    bot.child.process.kill("SIGTERM");
    bot.child.process.kill("SIGINT");
    assert.equal((await bot.child.ended).code, 130);
  });
});
