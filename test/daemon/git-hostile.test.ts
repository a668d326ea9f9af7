/** A clone whose owner means no good: the daemon, which is root, must not be led out of the workspace. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { failureOf, type GitBench, NOBODY, ready, story } from "./git-bench.ts";

const AGENT = { uid: 65_534, gid: 65_534 };

/** A workspace of the agent's, and a folder of root's beside it. */
function ground(bench: GitBench): { workspace: string; secret: string } {
  const [workspace, secret] = [join(bench.root, "work"), join(bench.root, "secret")];
  chmodSync(bench.root, 0o755);
  for (const folder of [workspace, secret]) mkdirSync(folder);
  chownSync(workspace, AGENT.uid, AGENT.gid);
  return { workspace, secret };
}

describe("with an agent that is another user", { skip: process.getuid?.() !== 0 && "needs root" }, () => {
  story("a link above the clone leads to nothing being made elsewhere", async (bench) => {
    const { workspace, secret } = ground(bench);
    symlinkSync(secret, join(workspace, "group"));
    const checkout = bench.checkout({ dir: join(workspace, "group/app") }, { owner: AGENT });
    assert.equal((await failureOf(checkout.prepare(NOBODY))).code, "git.clone-failed");
    assert.deepEqual(readdirSync(secret), []);
    assert.equal(statSync(secret).uid, 0);
  });

  story("a link above the clone leads to nothing being removed elsewhere", async (bench) => {
    const { workspace, secret } = ground(bench);
    symlinkSync(secret, join(workspace, "group"));
    mkdirSync(join(secret, "app/.git"), { recursive: true });
    writeFileSync(join(secret, "app/precious"), "");
    const checkout = bench.checkout({ dir: join(workspace, "group/app") }, { owner: AGENT });
    assert.equal((await failureOf(checkout.prepare(NOBODY))).code, "git.clone-failed");
    assert.ok(existsSync(join(secret, "app/precious")));
  });

  story("a clone that the agent has broken is made anew", async (bench) => {
    const { workspace } = ground(bench);
    const checkout = await ready(bench.checkout({ dir: join(workspace, "app") }, { owner: AGENT }));
    execFileSync("sh", ["-c", "rm .git/HEAD; mkdir -p ../app.cloning; ln -s /etc ../app.cloning/etc"], {
      cwd: checkout.spec.dir,
      ...AGENT,
    });
    await ready(checkout);
    assert.deepEqual(readdirSync(workspace), ["app"]);
    assert.equal(statSync(checkout.spec.dir).uid, AGENT.uid);
  });
});
