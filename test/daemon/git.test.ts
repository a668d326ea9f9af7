/** A clone's life, from the first fetch to the push, against real git and real remotes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Checkout, CheckoutError } from "../../src/daemon/checkout.ts";
import { AGENT_ENV, type GitBench, git, makeGitBench, PATH } from "./git-bench.ts";

const NOBODY = () => {};
const ADA = { name: "Ada Lovelace", email: "1+ada@users.noreply.github.com" };
const TRAILER = "Co-authored-by: Ada Lovelace <1+ada@users.noreply.github.com>";

function story(sentence: string, check: (bench: GitBench) => Promise<void>): void {
  test(sentence, async () => {
    const bench = makeGitBench();
    try {
      await check(bench);
    } finally {
      bench.close();
    }
  });
}

const write = (checkout: Checkout, file: string, text: string): void => {
  mkdirSync(join(checkout.spec.dir, file, ".."), { recursive: true });
  writeFileSync(join(checkout.spec.dir, file), text);
};
const read = (checkout: Checkout, file: string): string => readFileSync(join(checkout.spec.dir, file), "utf8");
const agent = (checkout: Checkout, ...args: string[]): string => git(checkout.spec.dir, args, AGENT_ENV);

async function ready(checkout: Checkout): Promise<Checkout> {
  await checkout.prepare(NOBODY);
  await checkout.begin([ADA]);
  return checkout;
}

async function failureOf(work: Promise<unknown>): Promise<{ code: string; detail: string }> {
  const error = await work.then(
    () => assert.fail("It should have failed."),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CheckoutError, String(error));
  return { code: error.code, detail: error.message };
}

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

describe("publish", () => {
  story("commits what is left over, as ourselves, with the co-authors, and pushes it", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "two\n");
    write(checkout, "new/file.txt", "new\n");
    const { pushed, changes, patch } = await checkout.publish("Fix the login\ntest");
    const commit = agent(checkout, "rev-parse", "HEAD");
    assert.deepEqual(pushed, { branch: "threadbox/fix", commit });
    assert.deepEqual(changes, { files: 2, insertions: 2, deletions: 1 });
    assert.match(patch?.text ?? "", /-one\n\+two/);
    assert.equal(patch?.cut, false);
    assert.equal(git(bench.bare, ["rev-parse", "threadbox/fix"]), commit);
    const format = "--format=%an <%ae>|%cn|%B";
    assert.equal(
      agent(checkout, "log", "-1", format),
      `Threadbox <bot@example.com>|Threadbox|Fix the login test\n\n${TRAILER}`,
    );
  });

  story("commits of the agent carry the co-authors too, once, beside a hook of the repository's own", async (bench) => {
    const checkout = bench.checkout();
    await checkout.prepare(NOBODY);
    const hook = join(checkout.spec.dir, ".git/hooks/prepare-commit-msg");
    mkdirSync(join(hook, ".."), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\nprintf "\\nTicket: 7\\n" >> "$1"\n');
    chmodSync(hook, 0o755);
    for (const people of [[], [ADA, { name: 'O"Brien\n<x>', email: "o'b@example.com" }]]) await checkout.begin(people);
    write(checkout, "a.txt", "two\n");
    agent(checkout, "commit", "--quiet", "--all", "-m", "By the agent");
    agent(checkout, "commit", "--quiet", "--amend", "--no-edit");
    const [author, ...body] = agent(checkout, "log", "-1", "--format=%an <%ae>%n%B").split("\n");
    assert.equal(author, "Threadbox <bot@example.com>");
    assert.deepEqual(
      body.filter((line) => line.startsWith("Co-")),
      [TRAILER, `Co-authored-by: O"Brien x <o'b@example.com>`],
    );
    assert.match(body.join("\n"), /Ticket: 7/);
    await checkout.publish("Nothing left");
    assert.equal(git(bench.bare, ["log", "--format=%s", "main..threadbox/fix"]), "By the agent");
  });

  story("nothing new is nothing published", async (bench) => {
    const checkout = await ready(bench.checkout());
    assert.deepEqual(await checkout.publish("Nothing"), { pushed: null, changes: null, patch: null });
    assert.equal(git(bench.bare, ["branch", "--list"]), "* main");
  });

  story("a turn without changes still tells what is on the branch", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "two\n");
    const first = await checkout.publish("Fix");
    assert.deepEqual(await checkout.publish("Nothing more"), first);
  });

  story("people's commits on the branch are merged, never overwritten", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "mine.txt", "mine\n");
    await checkout.publish("Mine");
    const theirs = bench.personPushes("threadbox/fix", { "theirs.txt": "theirs\n" });
    write(checkout, "mine.txt", "mine again\n");
    const { pushed } = await checkout.publish("Mine again");
    assert.equal(bench.onRemote("threadbox/fix", "theirs.txt"), "theirs");
    assert.equal(bench.onRemote("threadbox/fix", "mine.txt"), "mine again");
    assert.equal(git(bench.bare, ["rev-list", "--count", theirs, "^threadbox/fix"]), "0");
    assert.equal(git(bench.bare, ["rev-parse", "threadbox/fix"]), pushed?.commit);
    const merge = git(bench.bare, ["log", "-1", "--format=%B", "threadbox/fix"]).split("\n");
    assert.deepEqual(merge, ["Merge branch 'threadbox/fix' of the remote", "", TRAILER]);
  });

  story("a conflict names the files and leaves both sides as they are", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "mine.txt", "mine\n");
    await checkout.publish("Mine");
    const theirs = bench.personPushes("threadbox/fix", { "a.txt": "theirs\n" });
    write(checkout, "a.txt", "ours\n");
    const failure = await failureOf(checkout.publish("Ours"));
    assert.deepEqual(failure, { code: "git.diverged", detail: "Conflicts in a.txt." });
    assert.equal(git(bench.bare, ["rev-parse", "threadbox/fix"]), theirs);
    assert.equal(read(checkout, "a.txt"), "ours\n");
    assert.equal(agent(checkout, "status", "--porcelain"), "");
  });

  story("two clones that publish at once both get through", async (bench) => {
    const [left, right] = await Promise.all(
      ["left", "right"].map((name) => ready(bench.checkout({ id: name, dir: join(bench.root, "work", name) }))),
    );
    assert.ok(left && right);
    write(left, "left.txt", "l\n");
    write(right, "right.txt", "r\n");
    await Promise.all([left.publish("Left"), right.publish("Right")]);
    assert.equal(bench.onRemote("threadbox/fix", "left.txt"), "l");
    assert.equal(bench.onRemote("threadbox/fix", "right.txt"), "r");
  });

  story("somebody who pushes between our look and our push is merged on the next try", async (bench) => {
    const checkout = await ready(bench.checkout());
    // The remote's own hook is "somebody": it moves the branch while our push arrives, but only the first time.
    const race = `#!/bin/sh
[ -e raced ] && exit 0
touch raced
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
tree=$(git rev-parse main^{tree})
commit=$(git -c user.name=Ada -c user.email=ada@example.com commit-tree -m Race -p main $tree)
git update-ref refs/heads/threadbox/fix $commit\n`;
    writeFileSync(join(bench.bare, "hooks/pre-receive"), race, { mode: 0o755 });
    write(checkout, "a.txt", "two\n");
    const { pushed } = await checkout.publish("Mine");
    assert.equal(git(bench.bare, ["rev-parse", "threadbox/fix"]), pushed?.commit);
    assert.match(git(bench.bare, ["log", "--format=%s", "threadbox/fix"]), /^Race$/m);
  });

  story("a refusing remote is git.push-refused with its own words", async (bench) => {
    const checkout = await ready(bench.checkout());
    const hook = "#!/bin/sh\necho 'error: GH006: Protected branch update failed.' >&2\nexit 1\n";
    writeFileSync(join(bench.bare, "hooks/pre-receive"), hook, { mode: 0o755 });
    write(checkout, "a.txt", "two\n");
    assert.deepEqual(await failureOf(checkout.publish("Mine")), {
      code: "git.push-refused",
      detail: "error: GH006: Protected branch update failed. · pre-receive hook declined",
    });
    rmSync(join(bench.bare, "hooks/pre-receive"));
    assert.equal((await checkout.publish("Mine")).pushed?.branch, "threadbox/fix");
  });

  story("only our branch is pushed", async (bench) => {
    const checkout = await ready(bench.checkout());
    agent(checkout, "branch", "stray");
    agent(checkout, "tag", "v1");
    agent(checkout, "config", "push.default", "matching");
    agent(checkout, "config", "remote.origin.push", "refs/heads/*:refs/heads/*");
    write(checkout, "a.txt", "two\n");
    await checkout.publish("Mine");
    assert.equal(git(bench.bare, ["for-each-ref", "--format=%(refname)"]), "refs/heads/main\nrefs/heads/threadbox/fix");
  });

  story("the default branch itself can be worked on", async (bench) => {
    const checkout = await ready(bench.checkout({ branch: "main" }));
    write(checkout, "a.txt", "two\n");
    const { changes } = await checkout.publish("On main");
    assert.deepEqual(changes, { files: 1, insertions: 1, deletions: 1 });
    assert.equal(bench.onRemote("main", "a.txt"), "two");
  });

  story("a long patch is cut", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "long.txt", "0123456789\n".repeat(30_000));
    const { patch, changes } = await checkout.publish("Long");
    assert.equal(patch?.cut, true);
    assert.equal(patch?.text.length, 200_000);
    assert.deepEqual(changes, { files: 1, insertions: 30_000, deletions: 0 });
  });

  story("without a branch nothing is committed or pushed, but the difference is told", async (bench) => {
    const checkout = await ready(bench.checkout({ branch: undefined }));
    write(checkout, "a.txt", "two\n");
    write(checkout, "new.txt", "new\n");
    const { pushed, changes } = await checkout.publish("Nothing");
    assert.equal(pushed, null);
    assert.deepEqual(changes, { files: 2, insertions: 2, deletions: 1 });
    assert.equal(git(bench.bare, ["rev-list", "--count", "--all"]), "1");
  });
});

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
