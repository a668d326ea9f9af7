/** `threadbox logs` of a sandbox that means no good: what was written to the daemon's log does not steer the terminal. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";

let world: ScriptedFolder;
before(async () => {
  world = await scriptedFolder();
});
after(() => world.close());

const run = (...args: string[]) => world.folder.run(args, world.env);

/** A window's title, a cleared screen, a coloured word by a single byte, a line that replaces itself. */
const EVIL = String.raw`first \033]0;owned\007\033[2J\302\23331mred\nsecond\rSECOND\342\200\256\n`;

describe("a log with words of others", { timeout: 240_000 }, () => {
  before(async () => {
    assert.equal((await run("create", "--name", "box", "--no-daemon")).code, 0);
    // The agent is the daemon's user in a local sandbox.
    const write = `mkdir -p "$1" && printf '${EVIL}' >"$1/daemon.log"`;
    assert.equal((await run("exec", "box", "--", "sh", "-c", write, "sh", "/sandbox/state")).code, 0);
  });

  test("is shown without what could steer the terminal", async () => {
    assert.equal((await run("logs", "box")).stdout, "first red\nsecondSECOND\n");
  });

  test("is followed without it, too", async () => {
    const following = world.folder.start(["logs", "box", "--follow"], world.env);
    assert.equal(await following.printed("second"), "first red\nsecondSECOND\n");
    following.process.kill("SIGINT");
    assert.equal((await following.ended).stdout, "first red\nsecondSECOND\n");
  });
});
