/** A branch that people move while we work, against a real remote: their commits are merged, or it is said; nothing is ever forced. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { agent, failureOf, type GitBench, git, NOBODY, read, ready, story, write } from "./git-bench.ts";

/** Somebody throws commits of a branch away. */
function forcePushes(bench: GitBench, branch: string, to: string, files: Record<string, string> = {}): string {
  const dir = mkdtempSync(join(bench.root, "force-"));
  git(dir, ["clone", "--quiet", bench.bare, "."]);
  git(dir, ["checkout", "--quiet", "-B", branch, to]);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  git(dir, ["add", "--all"]);
  git(dir, ["commit", "--quiet", "--allow-empty", "-m", "Rewritten"]);
  git(dir, ["push", "--quiet", "--force", "origin", branch]);
  return git(dir, ["rev-parse", "HEAD"]);
}

describe("the commit that was asked about", () => {
  story("is checked out where nothing has moved, and nothing is remarked", async (bench) => {
    const pin = bench.personPushes("login", { "b.txt": "b\n" });
    const checkout = await ready(bench.checkout({ branch: "login", pin }));
    assert.equal(agent(checkout, "rev-parse", "HEAD"), pin);
    assert.deepEqual(checkout.remarks?.(), { agent: [], people: [] });
  });

  story("with more on top of it: the turn begins there and says so", async (bench) => {
    const pin = bench.personPushes("login", { "b.txt": "b\n" });
    const newer = bench.personPushes("login", { "c.txt": "c\n" });
    const checkout = await ready(bench.checkout({ branch: "login", pin }));
    assert.equal(agent(checkout, "rev-parse", "HEAD"), newer);
    const said = `Asked at ${pin.slice(0, 10)}; \`login\` has newer commits, so I began at ${newer.slice(0, 10)}.`;
    assert.deepEqual(checkout.remarks?.().people, [said]);
  });

  story(
    "bot-delegated TOCTOU: force-pushed away, nothing is checked out; asked again, it is worked on",
    async (bench) => {
      const pin = bench.personPushes("login", { "b.txt": "b\n" });
      const now = forcePushes(bench, "login", "origin/main", { "evil.txt": "evil\n" });
      const checkout = bench.checkout({ branch: "login", pin });
      const failure = await failureOf(checkout.prepare(NOBODY));
      assert.equal(failure.code, "git.head-moved");
      assert.match(failure.detail, new RegExp(`${pin.slice(0, 10)} is not part of it any more`));
      assert.equal(existsSync(checkout.spec.dir), false);
      const again = await ready(bench.checkout({ branch: "login", pin: now }));
      assert.equal(read(again, "evil.txt"), "evil\n");
    },
  );

  story("of a branch that was deleted: it is said, and the branch is not made anew", async (bench) => {
    const pin = bench.personPushes("login", { "b.txt": "b\n" });
    git(bench.bare, ["update-ref", "-d", "refs/heads/login"]);
    assert.equal((await failureOf(bench.checkout({ branch: "login", pin }).prepare(NOBODY))).code, "git.head-moved");
  });
});

describe("a branch that somebody force-pushes", () => {
  story("while we work: nothing is pushed, nothing of theirs is undone, and ours stays committed", async (bench) => {
    bench.personPushes("login", { "secret.txt": "hunter2\n" });
    const checkout = await ready(bench.checkout({ branch: "login" }));
    write(checkout, "ours.txt", "ours\n");
    const theirs = forcePushes(bench, "login", "origin/main");
    const failure = await failureOf(checkout.publish("Ours"));
    const detail = "`login` was force-pushed while I worked. I pushed nothing; what I did is committed in the sandbox.";
    assert.deepEqual(failure, { code: "git.head-moved", detail });
    assert.equal(git(bench.bare, ["rev-parse", "login"]), theirs);
    assert.equal(agent(checkout, "log", "-1", "--format=%s"), "Ours");
  });

  story("asked again, ours goes onto what they made of it, and what they took away stays away", async (bench) => {
    bench.personPushes("login", { "secret.txt": "hunter2\n" });
    const checkout = await ready(bench.checkout({ branch: "login" }));
    write(checkout, "ours.txt", "ours\n");
    const theirs = forcePushes(bench, "login", "origin/main", { "theirs.txt": "t\n" });
    await failureOf(checkout.publish("Ours"));
    const again = await ready(bench.checkout({ branch: "login", pin: theirs }));
    await again.publish("Nothing more");
    assert.equal(git(bench.bare, ["rev-parse", "login^"]), theirs);
    assert.equal(bench.onRemote("login", "ours.txt"), "ours");
    assert.equal(bench.onRemote("login", "secret.txt"), null);
  });

  story("between two turns: the next begins at what they made of it", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "ours.txt", "ours\n");
    await checkout.publish("Ours");
    const theirs = forcePushes(bench, "threadbox/fix", "origin/main", { "theirs.txt": "t\n" });
    await ready(checkout);
    assert.equal(agent(checkout, "rev-parse", "HEAD"), theirs);
    assert.equal(existsSync(join(checkout.spec.dir, "ours.txt")), false);
  });

  story("with what does not fit: it is said, and both sides stay as they are", async (bench) => {
    bench.personPushes("login", { "b.txt": "b\n" });
    const checkout = await ready(bench.checkout({ branch: "login" }));
    write(checkout, "b.txt", "ours\n");
    const theirs = forcePushes(bench, "login", "origin/main", { "b.txt": "theirs\n" });
    await failureOf(checkout.publish("Ours"));
    assert.equal((await failureOf(checkout.prepare(NOBODY))).code, "git.diverged");
    assert.equal(read(checkout, "b.txt"), "ours\n");
    assert.equal(git(bench.bare, ["rev-parse", "login"]), theirs);
  });
});

story("a branch that is deleted while we work is there again, with all of it", async (bench) => {
  bench.personPushes("login", { "b.txt": "b\n" });
  const checkout = await ready(bench.checkout({ branch: "login" }));
  write(checkout, "ours.txt", "ours\n");
  git(bench.bare, ["update-ref", "-d", "refs/heads/login"]);
  await checkout.publish("Ours");
  assert.equal(bench.onRemote("login", "ours.txt"), "ours");
});

story("a server that takes every force gets none from us", async (bench) => {
  const log = join(bench.root, "pushes.log");
  // Told of every ref: what was there, and what shall be.
  const hook = `#!/bin/sh\nwhile read old new ref; do [ "$old" = 0000000000000000000000000000000000000000 ] || git merge-base --is-ancestor $old $new || echo "forced $ref" >> ${log}; done\n`;
  writeFileSync(join(bench.bare, "hooks/pre-receive"), hook, { mode: 0o755 });
  const checkout = await ready(bench.checkout());
  write(checkout, "ours.txt", "1\n");
  await checkout.publish("Ours");
  bench.personPushes("threadbox/fix", { "theirs.txt": "t\n" });
  agent(checkout, "commit", "--quiet", "--amend", "--allow-empty", "-m", "Rewritten by the agent");
  write(checkout, "ours.txt", "2\n");
  await checkout.publish("Ours again").catch(() => undefined);
  assert.equal(existsSync(log), false);
  assert.equal(bench.onRemote("threadbox/fix", "theirs.txt"), "t");
});
