import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { freePort } from "../free-port.ts";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";
import { documentOf } from "./threadbox.ts";

let world: ScriptedFolder;
before(async () => {
  world = await scriptedFolder();
});
after(() => world.close());

describe("a turn that takes for ever", { timeout: 240_000 }, () => {
  test("is stopped with Ctrl-C", async () => {
    const say = world.folder.start(["say", "go on for ever"], world.env);
    await say.printed("Starting");
    say.process.kill("SIGINT");
    const { code, stdout, stderr } = await say.ended;
    assert.equal(code, 130);
    assert.match(stdout, /■ Stopped by /);
    assert.match(stderr, /Saying stop; press Ctrl-C again to leave at once\./);
  });

  test("is stopped by its session's id, while others watch", async () => {
    const bot = await world.startBot();
    const say = world.folder.start(["say", "sleep for ever"], bot.env);
    await say.printed("… sleep 600");
    const { id, state } = await world.session(/sleep for ever/);
    assert.equal(state, "working");
    const logs = world.folder.start(["logs", id, "--follow"], world.env);
    await logs.printed("> web user: sleep for ever");
    const stop = await world.folder.run(["stop", id], world.env);
    assert.deepEqual([stop.code, stop.stdout], [0, `Told ${id} to stop.\n`]);
    const [said, read] = [await say.ended, await logs.ended];
    assert.equal(said.code, 1);
    assert.match(said.stdout, /■ Stopped by /);
    assert.equal(read.code, 0);
    assert.match(read.stdout, /■ stopped in \d+ s\n$/);
    const again = await world.folder.run(["stop", id], world.env);
    assert.deepEqual([again.code, again.stdout], [0, `Nothing is running in ${id}.\n`]);
    await bot.stop();
  });

  test("is stopped by the next bot when its own has died", async () => {
    // Its own port is what a bot is known by: it takes its sessions back at once, and any other waits until they are free.
    const bot = await world.startBot(String(await freePort()));
    const say = world.folder.start(["say", "wait for ever"], bot.env);
    await say.printed("… sleep 600");
    bot.child.process.kill("SIGKILL");
    await bot.child.ended;
    const { id } = await world.session(/wait for ever/);
    const stop = documentOf(await world.folder.run(["stop", id, "--json"], world.env));
    assert.deepEqual(stop, { ok: true, session: id, stopped: true, botRunning: false });
    const next = await world.startBot(bot.env.PORT);
    const { code, stdout, stderr } = await say.ended;
    assert.equal(code, 1);
    assert.match(stdout, /■ Stopped by /);
    assert.match(stderr, /^The bot does not answer; trying until it does\./m);
    await next.stop();
  });
});
