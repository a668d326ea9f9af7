/** Copies out of a sandbox whose owner means no good: what arrives here is in its place, and harmless. */
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
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
});
after(() => folder.remove());

let tests = 0;
beforeEach(() => {
  here = join(folder.path, `here-${++tests}`);
  mkdirSync(here);
});

async function inside(script: string): Promise<void> {
  const { exitCode } = await sandbox.exec(["sh", "-c", script]);
  assert.equal(await exitCode, 0);
}

const passing = () => ({ sandbox, signal: new AbortController().signal, passed: () => {} });
const out = (path: string, to: string, from = sandbox) =>
  copyOut({ ...passing(), sandbox: from, there: `${sandbox.workspace}/${path}`, here: to });

/** The sandbox with its `tar` exchanged: whatever is asked for, this script packs. */
const packing = (script: string): Sandbox => ({ ...sandbox, exec: () => sandbox.exec(["sh", "-c", script]) });

describe("copying out", { timeout: 240_000 }, () => {
  test("leaves links that lead elsewhere, pipes and other users' rights behind", async () => {
    await inside(`mkdir -p bad/deep && cd bad && echo fine >deep/file && chmod 4755 deep/file
      ln -s deep/file good && ln -s ../../.. deep/up && ln -s /etc/passwd passwd && ln -s deep/../../.. tricky && mkfifo pipe`);
    const { leftOut, bytes } = await out("bad", join(here, "copy"));
    assert.deepEqual(readdirSync(join(here, "copy"), { recursive: true }).sort(), ["deep", "deep/file", "good"]);
    assert.equal(readFileSync(join(here, "copy/good"), "utf8"), "fine\n");
    assert.equal(lstatSync(join(here, "copy/deep/file")).mode & 0o7000, 0);
    assert.equal(bytes, 5);
    assert.deepEqual(leftOut.map((line) => line.split(":")[0]).sort(), [
      "bad/deep/up",
      "bad/passwd",
      "bad/pipe",
      "bad/tricky",
    ]);
  });

  const hostile: [string, string][] = [
    ["a path that leads out", "echo x >../evil; tar -Pcf - ../evil"],
    [
      "a link, and then a file through it",
      "rm -rf l; ln -s / l; tar -cf /tmp/a l; rm l; mkdir l; echo x >l/evil; tar -rf /tmp/a l/evil; cat /tmp/a",
    ],
    ["something else than was asked for", "echo x >one; echo x >two; tar -cf - one two"],
    ["no archive at all", "echo nonsense"],
    ["a link in place of the folder", "rm -rf l; ln -s /etc l; tar -cf - l"],
  ];
  for (const [name, script] of hostile) {
    test(`refuses ${name}, and nothing of it is left`, async () => {
      await assert.rejects(out("asked", join(here, "target/asked"), packing(script)), { name: "Refused" });
      assert.deepEqual(readdirSync(here, { recursive: true }), ["target"]);
    });
  }

  test("takes an absolute path as one below the target", async () => {
    await out("asked", join(here, "asked"), packing("echo x >/tmp/evil; tar -Pcf - /tmp/evil"));
    assert.deepEqual(readdirSync(here, { recursive: true }).sort(), ["asked", "asked/evil"]);
  });

  test("into a folder that is there adds what is new, and follows no link of that folder", async () => {
    await inside("mkdir -p site/img && echo new >site/index.html && echo img >site/img/a");
    mkdirSync(join(here, "site"));
    writeFileSync(join(here, "site/kept.txt"), "kept");
    writeFileSync(join(here, "mine.txt"), "mine");
    symlinkSync(join(here, "mine.txt"), join(here, "site/index.html"));
    const { to } = await out("site", here);
    assert.equal(to, join(here, "site"));
    assert.equal(readFileSync(join(here, "mine.txt"), "utf8"), "mine");
    assert.equal(readFileSync(join(here, "site/index.html"), "utf8"), "new\n");
    assert.deepEqual(readdirSync(join(here, "site")).sort(), ["img", "index.html", "kept.txt"]);
  });

  test("of a file over a folder is refused", async () => {
    await inside("echo x >report");
    mkdirSync(join(here, "to/report"), { recursive: true });
    await assert.rejects(out("report", join(here, "to")), /report is a folder here/);
  });
});

describe("copying in", { timeout: 240_000 }, () => {
  const into: [string, string, string][] = [
    ["a name that is free", "fresh.txt", "fresh.txt"],
    ["a folder that is there", "there", "there/file.txt"],
    ["a folder that a slash makes one", "made/deep/", "made/deep/file.txt"],
    ["a name below a folder that is missing", "missing/renamed.txt", "missing/renamed.txt"],
  ];
  for (const [name, target, lies] of into) {
    test(`to ${name}`, async () => {
      await inside("mkdir -p there");
      writeFileSync(join(here, "file.txt"), "text");
      const { workspace } = sandbox;
      const copied = await copyIn({ ...passing(), here: join(here, "file.txt"), there: `${workspace}/${target}` });
      assert.deepEqual(copied, { to: `${workspace}/${lies}`, bytes: 4, leftOut: [] });
      assert.equal(await sandbox.tail(`${workspace}/${lies}`, 10), "text");
    });
  }

  test("of a large file goes through as it is", async () => {
    const bytes = Buffer.alloc(20_000_000, "0123456789\0é\n");
    writeFileSync(join(here, "large"), bytes);
    await copyIn({ ...passing(), here: join(here, "large"), there: `${sandbox.workspace}/` });
    await out("large", join(here, "back"));
    assert.ok(readFileSync(join(here, "back")).equals(bytes));
  });
});
