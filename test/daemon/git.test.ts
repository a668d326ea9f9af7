/** What agents and strangers do to a clone, and what must not come of it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { CheckoutError } from "../../src/daemon/checkout.ts";
import {
  AGENT_ENV,
  agent,
  failureOf,
  git,
  makeGitBench,
  NOBODY,
  PATH,
  read,
  ready,
  story,
  write,
} from "./git-bench.ts";

describe("an agent that wandered off", () => {
  story("on another branch that builds on ours: ours moves forward", async (bench) => {
    const checkout = await ready(bench.checkout());
    agent(checkout, "checkout", "--quiet", "-b", "elsewhere");
    write(checkout, "a.txt", "two\n");
    agent(checkout, "commit", "--quiet", "--all", "-m", "Elsewhere");
    write(checkout, "b.txt", "left over\n");
    const { pushed } = await checkout.publish("Left over");
    assert.equal(pushed?.branch, "threadbox/fix");
    assert.equal(agent(checkout, "branch", "--show-current"), "threadbox/fix");
    assert.equal(git(bench.bare, ["log", "--format=%s", "main..threadbox/fix"]), "Left over\nElsewhere");
  });

  story("detached, or back on the default branch: nothing gets lost", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "two\n");
    agent(checkout, "commit", "--quiet", "--all", "-m", "Done");
    agent(checkout, "checkout", "--quiet", "origin/main");
    const { pushed } = await checkout.publish("Nothing left");
    assert.equal(git(bench.bare, ["log", "-1", "--format=%s", pushed?.commit ?? ""]), "Done");
  });

  story("with commits that do not build on ours: git.diverged, and nothing is pushed", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "two\n");
    agent(checkout, "commit", "--quiet", "--all", "-m", "Ours");
    agent(checkout, "checkout", "--quiet", "-b", "elsewhere", "origin/main");
    write(checkout, "b.txt", "b\n");
    agent(checkout, "add", "--all");
    agent(checkout, "commit", "--quiet", "-m", "Elsewhere");
    assert.deepEqual(await failureOf(checkout.publish("Mine")), {
      code: "git.diverged",
      detail: "HEAD is on the branch elsewhere, with commits that do not build on threadbox/fix.",
    });
    assert.equal(bench.onRemote("threadbox/fix", "a.txt"), null);
    await checkout.prepare(NOBODY);
    assert.equal(agent(checkout, "branch", "--show-current"), "elsewhere");
  });

  story(
    "in the middle of a merge with conflicts: they are named, and no conflict marker is committed",
    async (bench) => {
      const checkout = await ready(bench.checkout());
      bench.personPushes("main", { "a.txt": "main\n" });
      await checkout.prepare(NOBODY);
      write(checkout, "a.txt", "ours\n");
      agent(checkout, "commit", "--quiet", "--all", "-m", "Ours");
      assert.throws(() => agent(checkout, "merge", "--quiet", "origin/main"));
      assert.deepEqual(await failureOf(checkout.publish("Mine")), {
        code: "git.diverged",
        detail: "Unresolved conflicts in a.txt.",
      });
    },
  );

  story("what it wrote into the clone's config runs nothing and leads nowhere", async (bench) => {
    const checkout = await ready(bench.checkout());
    const trap = join(bench.root, "trapped");
    for (const [name, value] of [
      ["core.fsmonitor", `touch ${trap}; false`],
      ["core.sshCommand", `touch ${trap}`],
      ["diff.external", `touch ${trap}`],
      ["credential.helper", `!touch ${trap}`],
      ["commit.gpgSign", "true"],
      ["gpg.program", `touch ${trap}`],
      ["url.file:///nowhere/.insteadOf", "file:///"],
      ["remote.origin.pushurl", "file:///nowhere"],
    ] as const) {
      agent(checkout, "config", name, value);
    }
    for (const hook of ["pre-commit", "pre-push", "post-commit", "post-checkout", "reference-transaction"]) {
      writeFileSync(join(checkout.spec.dir, ".git/hooks", hook), `#!/bin/sh\ntouch ${trap}\n`, { mode: 0o755 });
    }
    write(checkout, "a.txt", "two\n");
    assert.equal((await checkout.publish("Mine")).pushed?.branch, "threadbox/fix");
    assert.equal(existsSync(trap), false);
  });
});

const AGENT = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

test("a clone for another user is that user's, and what it runs has that user's rights", {
  skip: !isRoot && "needs root",
}, async () => {
  const bench = makeGitBench();
  chmodSync(bench.root, 0o755);
  mkdirSync(join(bench.root, "work"));
  chownSync(join(bench.root, "work"), AGENT.uid, AGENT.gid);
  const checkout = await ready(bench.checkout({ setup: "id -u > setup-uid" }, { owner: AGENT }));
  assert.equal(read(checkout, "setup-uid"), "65534\n");
  const strangers = execFileSync("find", [checkout.spec.dir, "!", "-user", "65534", "!", "-path", "*/objects/pack/*"]);
  assert.equal(strangers.toString(), "");
  const asAgent = (...args: string[]) =>
    execFileSync("git", args, { cwd: checkout.spec.dir, env: AGENT_ENV, ...AGENT, stdio: "pipe" })
      .toString()
      .trim();
  asAgent("config", "filter.trap.clean", `id -u > ${checkout.spec.dir}/.git/filter-uid; cat`);
  execFileSync("sh", ["-c", "echo '*.txt filter=trap' > .gitattributes; echo two > a.txt"], {
    cwd: checkout.spec.dir,
    ...AGENT,
  });
  asAgent("commit", "--quiet", "--all", "-m", "By the agent");
  bench.personPushes("threadbox/fix", { "b.txt": "theirs\n" });
  await checkout.publish("Left over");
  assert.equal(read(checkout, ".git/filter-uid"), "65534\n");
  assert.equal(bench.onRemote("threadbox/fix", "a.txt"), "two");
  assert.equal(bench.onRemote("threadbox/fix", "b.txt"), "theirs");
  await checkout.prepare(NOBODY);
  asAgent("commit", "--quiet", "--allow-empty", "-m", "Still possible");
  bench.close();
});

test("names that git would take for options or commands are refused before it sees them", () => {
  const bench = makeGitBench();
  const refused = (spec: object) => assert.throws(() => bench.checkout(spec), CheckoutError, JSON.stringify(spec));
  for (const branch of ["-x", "a..b", "a b", "HEAD", "a.lock", "a~1", "", "refs:x", "a\n"]) refused({ branch });
  for (const source of ["ext::sh -c id", "--upload-pack=id", "../relative", "git://host/x"]) refused({ source });
  bench.close();
});

test("nothing of the daemon's own environment reaches git", async () => {
  const bench = makeGitBench();
  const checkout = bench.checkout({ setup: "env > ../env" }, { env: { PATH, GIT_SSH_COMMAND: "evil" } });
  await checkout.prepare(NOBODY);
  assert.deepEqual(readFileSync(join(bench.root, "work/env"), "utf8").trim().split("\n").sort(), [
    `PATH=${PATH}`,
    `PWD=${checkout.spec.dir}`,
  ]);
  bench.close();
});
