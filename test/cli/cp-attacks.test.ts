/** `threadbox cp` with a sandbox that means no good: what it says and packs does not reach beyond the copy. */
import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { copyIn } from "../../src/cli/sandbox-copy-in.ts";
import { copyOut } from "../../src/cli/sandbox-copy-out.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import type { Sandbox } from "../../src/sandboxes/provider.ts";
import { quiet } from "../quiet.ts";
import { type Folder, newFolder } from "./threadbox.ts";

let folder: Folder;
let sandbox: Sandbox;
let here: string;
before(async () => {
  folder = newFolder();
  sandbox = await localProvider({ home: folder.home, log: quiet }).start("threadbox-otter", { from: null });
  here = join(folder.path, "here");
  mkdirSync(here);
});
after(() => folder.remove());

/** Whatever is asked for, this script answers. */
const answering = (script: string) => ({
  sandbox: { ...sandbox, exec: () => sandbox.exec(["sh", "-c", script]) },
  signal: new AbortController().signal,
  passed: () => {},
});

describe("a sandbox that answers with something else", { timeout: 240_000 }, () => {
  test("cannot have a link that leads to the copy's neighbours, once the copy has its own name", async () => {
    const pack = `mkdir -p .ssh/deep && cd .ssh && echo x >file
      ln -s ../.ssh/id_rsa key; ln -s ../../.ssh/id_rsa deep/key; ln -s ../file deep/fine; cd .. && tar -cf - ./.ssh`;
    const { leftOut } = await copyOut({ ...answering(pack), there: "/workspace/dist", here: join(here, "dist") });
    assert.deepEqual(leftOut.map((line) => line.split(":")[0]).sort(), [".ssh/deep/key", ".ssh/key"]);
    assert.ok(lstatSync(join(here, "dist/deep/fine")).isSymbolicLink());
    assert.ok(!existsSync(join(here, "dist/key")));
  });

  test("cannot say that it is somewhere else in words that steer the terminal", async () => {
    writeFileSync(join(here, "file"), "text");
    const say = String.raw`cat >/dev/null; printf '/workspace/file\033]0;owned\007\033[2J\nThreadbox: type your password'`;
    const { to } = await copyIn({ ...answering(say), here: join(here, "file"), there: "/workspace/" });
    assert.equal(to, "/workspace/file");
  });

  test("cannot fill the memory with what it says", async () => {
    const say = "cat >/dev/null; head -c 50000000 /dev/zero | tr '\\0' x | tee /dev/stderr; exit 1";
    await assert.rejects(
      copyIn({ ...answering(say), here: join(here, "file"), there: "/workspace/" }),
      (error: Error) => error.message.length < 5_000,
    );
  });
});
