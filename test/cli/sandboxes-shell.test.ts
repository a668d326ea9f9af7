import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";
import { onTerminal } from "./terminal.ts";

function hasScript(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
}
const skip = hasScript() ? false : "the program script (util-linux) is missing";

describe("a shell in a sandbox", { skip, timeout: 240_000 }, () => {
  let world: ScriptedFolder;
  before(async () => {
    world = await scriptedFolder();
    const { code, stderr } = await world.folder.run(["create", "--name", "otter"], world.env);
    assert.equal(code, 0, stderr);
  });
  after(() => world.close());

  test("is a terminal as large as this one, and its exit code is passed through", async () => {
    const keys = 'echo "on $(tty | cut -c1-5)"; stty size; exit 7\n';
    const line = "stty rows 33 cols 101; $THREADBOX shell otter";
    const { code, stdout } = await onTerminal(world.folder, line, { keys, env: world.env });
    assert.equal(code, 7);
    assert.match(stdout, /^In otter; leave with exit or Ctrl-D\.\r$/m);
    assert.match(stdout, /\bon \/dev/);
    assert.match(stdout, /^33 101\r$/m);
  });

  test("asks before it destroys nothing: a sandbox where no turn runs just goes", async () => {
    const { code, stdout } = await onTerminal(world.folder, "$THREADBOX destroy otter", { keys: "", env: world.env });
    assert.deepEqual([code, stdout], [0, "otter is gone.\r\n"]);
  });
});
