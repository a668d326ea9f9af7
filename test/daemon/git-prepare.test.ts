/** Before a turn: how a clone comes to be, and how it is brought up to date, against real git and real remotes. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { agent, failureOf, git, NOBODY, read, ready, story, write } from "./git-bench.ts";

describe("prepare", () => {
  story("clones the default branch and makes ours from it", async (bench) => {
    const checkout = bench.checkout();
    await checkout.prepare((report) => bench.reports.push(report));
    assert.equal(read(checkout, "a.txt"), "one\n");
    assert.equal(agent(checkout, "branch", "--show-current"), "threadbox/fix");
    assert.equal(agent(checkout, "config", "remote.origin.url"), bench.url);
    assert.deepEqual(bench.reports, [
      { type: "workspace.preparing", repository: "app", step: "clone" },
      {
        type: "workspace.ready",
        repository: "app",
        branch: "threadbox/fix",
        commit: agent(checkout, "rev-parse", "HEAD"),
      },
    ]);
  });

  story("goes on with a branch that the remote has already", async (bench) => {
    bench.personPushes("threadbox/fix", { "b.txt": "theirs\n" });
    const checkout = await ready(bench.checkout());
    assert.equal(read(checkout, "b.txt"), "theirs\n");
  });

  story("starts from the base that was asked for", async (bench) => {
    bench.personPushes("release", { "r.txt": "release\n" });
    const checkout = await ready(bench.checkout({ base: "release" }));
    assert.equal(read(checkout, "r.txt"), "release\n");
  });

  story("a base that the remote does not have is git.clone-failed", async (bench) => {
    const failure = await failureOf(bench.checkout({ base: "nowhere" }).prepare(NOBODY));
    assert.deepEqual(failure, { code: "git.clone-failed", detail: "The remote has no branch nowhere." });
  });

  story("a remote that does not exist is git.clone-failed", async (bench) => {
    const failure = await failureOf(bench.checkout({ source: `file://${bench.root}/none.git` }).prepare(NOBODY));
    assert.equal(failure.code, "git.clone-failed");
    assert.match(failure.detail, /none\.git/);
  });

  story("a second time it fetches and moves forward to what people pushed", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "mine.txt", "mine\n");
    await checkout.publish("Mine");
    const theirs = bench.personPushes("threadbox/fix", { "b.txt": "theirs\n" });
    await checkout.prepare((report) => bench.reports.push(report));
    assert.equal(agent(checkout, "rev-parse", "HEAD"), theirs);
    assert.deepEqual(bench.reports[0], { type: "workspace.preparing", repository: "app", step: "fetch" });
  });

  story("keeps uncommitted work and commits that are not pushed yet", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "committed.txt", "1\n");
    agent(checkout, "add", "--all");
    agent(checkout, "commit", "--quiet", "-m", "Local");
    const local = agent(checkout, "rev-parse", "HEAD");
    write(checkout, "a.txt", "changed\n");
    bench.personPushes("main", { "other.txt": "2\n" });
    await bench.checkout().prepare(NOBODY);
    assert.equal(agent(checkout, "rev-parse", "HEAD"), local);
    assert.equal(read(checkout, "a.txt"), "changed\n");
  });

  story("people's commits in the way of uncommitted work wait for the merge", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "mine.txt", "mine\n");
    await checkout.publish("Mine");
    bench.personPushes("threadbox/fix", { "a.txt": "theirs\n" });
    write(checkout, "a.txt", "ours\n");
    await checkout.prepare(NOBODY);
    assert.equal(read(checkout, "a.txt"), "ours\n");
  });

  story("a clone that a crash cut off is made again", async (bench) => {
    const dir = join(bench.root, "work", "app");
    mkdirSync(join(dir, ".git", "objects"), { recursive: true });
    mkdirSync(`${dir}.cloning`);
    writeFileSync(join(`${dir}.cloning`, "half"), "");
    const checkout = await ready(bench.checkout());
    assert.equal(read(checkout, "a.txt"), "one\n");
    assert.deepEqual(readdirSync(join(bench.root, "work")), ["app"]);
  });

  story("a folder with other things in it is left alone", async (bench) => {
    const dir = join(bench.root, "work", "app");
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "precious.txt"), "");
    assert.equal((await failureOf(bench.checkout().prepare(NOBODY))).code, "git.clone-failed");
    assert.equal(existsSync(join(dir, "precious.txt")), true);
  });

  story("locks that a killed git left do not matter", async (bench) => {
    const checkout = await ready(bench.checkout());
    for (const lock of ["index.lock", "config.lock", "HEAD.lock", "refs/heads/threadbox/fix.lock"]) {
      write(checkout, join(".git", lock), "");
    }
    await checkout.prepare(NOBODY);
    write(checkout, ".git/config.lock", "");
    await checkout.begin([]);
    write(checkout, "a.txt", "two\n");
    write(checkout, ".git/index.lock", "");
    await checkout.publish("After a crash");
    assert.equal(bench.onRemote("threadbox/fix", "a.txt"), "two");
  });

  story("the set-up command runs once, with the given environment only", async (bench) => {
    const setup = "pwd >> ../log; env | cut -d= -f1 | sort > ../env";
    const spec = { setup };
    await bench.checkout(spec).prepare((report) => bench.reports.push(report));
    await bench.checkout(spec).prepare((report) => bench.reports.push(report));
    assert.equal(readFileSync(join(bench.root, "work", "log"), "utf8"), `${join(bench.root, "work", "app")}\n`);
    assert.equal(readFileSync(join(bench.root, "work", "env"), "utf8"), "HOME\nPATH\nPWD\n");
    const steps = bench.reports.flatMap((report) => (report.type === "workspace.preparing" ? report.step : []));
    assert.deepEqual(steps, ["clone", "setup", "fetch"]);
  });

  story("a failing set-up command says how, and is tried again", async (bench) => {
    const failing = bench.checkout({ setup: "echo no such package >&2; exit 3" });
    assert.deepEqual(await failureOf(failing.prepare(NOBODY)), {
      code: "git.setup-failed",
      detail: "It ended with code 3: no such package",
    });
    await bench.checkout({ setup: "touch done" }).prepare(NOBODY);
    assert.equal(existsSync(join(failing.spec.dir, "done")), true);
  });

  story("a remote whose HEAD leads nowhere is cloned from the branch that it has", async (bench) => {
    git(bench.bare, ["symbolic-ref", "HEAD", "refs/heads/never-pushed"]);
    const checkout = await ready(bench.checkout());
    assert.equal(read(checkout, "a.txt"), "one\n");
  });

  story("an empty remote gets its first commit from us", async (bench) => {
    const bare = join(bench.root, "empty.git");
    git(bench.root, ["init", "--quiet", "--bare", bare]);
    const checkout = await ready(bench.checkout({ source: `file://${bare}`, branch: "main" }));
    write(checkout, "first.txt", "1\n");
    const { pushed, changes } = await checkout.publish("First");
    assert.equal(pushed?.branch, "main");
    assert.deepEqual(changes, { files: 1, insertions: 1, deletions: 0 });
    assert.equal(git(bare, ["show", "main:first.txt"]), "1");
  });
});
