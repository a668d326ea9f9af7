/** After a turn: what is committed, merged, pushed and told, against real git and real remotes. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { ADA, agent, failureOf, git, NOBODY, read, ready, story, TRAILER, write } from "./git-bench.ts";

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

  story("only committed, nothing leaves the machine; published later, it is exactly that commit", async (bench) => {
    const checkout = await ready(bench.checkout());
    assert.equal(await checkout.commit("Nothing"), null);
    write(checkout, "a.txt", "two\n");
    const committed = await checkout.commit("Fix the login");
    const commit = agent(checkout, "rev-parse", "HEAD");
    assert.deepEqual(committed, { commit, unpushed: true });
    assert.equal(agent(checkout, "log", "-1", "--format=%s"), "Fix the login");
    assert.equal(git(bench.bare, ["branch", "--list"]), "* main");

    // What a server of the agent's writes meanwhile waits for the next turn.
    write(checkout, "server.log", "late\n");
    const { pushed } = await checkout.publish("Fix the login", commit);
    assert.deepEqual(pushed, { branch: "threadbox/fix", commit });
    assert.equal(git(bench.bare, ["rev-parse", "threadbox/fix"]), commit);
    assert.deepEqual(await checkout.commit("The rest"), {
      commit: agent(checkout, "rev-parse", "HEAD"),
      unpushed: true,
    });
  });

  story("a commit that came after leave was given is not pushed with it", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "two\n");
    const committed = await checkout.commit("Fix");
    write(checkout, "b.txt", "slipped in\n");
    agent(checkout, "add", "b.txt");
    agent(checkout, "commit", "--quiet", "-m", "Slipped in");
    const failure = await failureOf(checkout.publish("Fix", committed?.commit));
    const detail = "The branch changed while it waited for leave to be pushed.";
    assert.deepEqual(failure, { code: "git.diverged", detail });
    assert.equal(git(bench.bare, ["branch", "--list"]), "* main");
  });

  story("nor is one that comes while it is being pushed, and somebody else pushed just then", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "two\n");
    const committed = await checkout.commit("Fix");
    const slip = `#!/bin/sh
[ -e raced ] && exit 0
touch raced
unset GIT_DIR GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.com GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.com
git -C ${bench.bare} update-ref refs/heads/threadbox/fix $(git -C ${bench.bare} commit-tree -m Race -p main main^{tree})
cd ${checkout.spec.dir} && touch b.txt && git add b.txt && git commit --quiet -m "Slipped in"\n`;
    writeFileSync(join(bench.bare, "hooks/pre-receive"), slip, { mode: 0o755 });
    const failure = await failureOf(checkout.publish("Fix", committed?.commit));
    const detail = "The branch changed while it waited for leave to be pushed.";
    assert.deepEqual(failure, { code: "git.diverged", detail });
    assert.equal(git(bench.bare, ["log", "-1", "--format=%s", "threadbox/fix"]), "Race");
  });

  const slips: [name: string, parents: string][] = [
    ["a merge with what somebody pushed, and more in it", "-p HEAD -p $race"],
    ["a merge of three", "-p HEAD -p $race -p main"],
  ];
  for (const [name, parents] of slips)
    story(`nor is ${name}`, async (bench) => {
      const checkout = await ready(bench.checkout());
      write(checkout, "a.txt", "two\n");
      const committed = await checkout.commit("Fix");
      const slip = `#!/bin/sh
[ -e raced ] && exit 0
touch raced
unset GIT_DIR GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.com GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.com
race=$(git -C ${bench.bare} commit-tree -m Race -p main main^{tree})
git -C ${bench.bare} update-ref refs/heads/threadbox/fix $race
cd ${checkout.spec.dir} && git fetch --quiet ${bench.bare} threadbox/fix && git branch main origin/main
touch b.txt && git add b.txt && git reset --quiet --soft $(git commit-tree -m "Slipped in" ${parents} $(git write-tree))\n`;
      writeFileSync(join(bench.bare, "hooks/pre-receive"), slip, { mode: 0o755 });
      const failure = await failureOf(checkout.publish("Fix", committed?.commit));
      const detail = "The branch changed while it waited for leave to be pushed.";
      assert.deepEqual(failure, { code: "git.diverged", detail });
      assert.equal(git(bench.bare, ["log", "-1", "--format=%s", "threadbox/fix"]), "Race");
    });

  story("a file that both changed is merged by the clone's own rules", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, ".gitattributes", "*.log merge=union\n");
    write(checkout, "x.log", "start\n");
    await checkout.publish("First");
    write(checkout, "x.log", "start\nours\n");
    const committed = await checkout.commit("Fix");
    bench.personPushes("threadbox/fix", { "x.log": "start\ntheirs\n" });
    await checkout.publish("Fix", committed?.commit);
    assert.equal(bench.onRemote("threadbox/fix", "x.log"), "start\nours\ntheirs");
  });

  story("what people push while leave is waited for is merged with exactly that commit", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "two\n");
    const committed = await checkout.commit("Fix");
    const theirs = bench.personPushes("threadbox/fix", { "theirs.txt": "theirs\n" });
    await checkout.publish("Fix", committed?.commit);
    const parents = git(bench.bare, ["log", "-1", "--format=%P", "threadbox/fix"]);
    assert.equal(parents, `${committed?.commit} ${theirs}`);
  });

  story("what stayed in the sandbox goes out with a later turn, also when people pushed meanwhile", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "mine.txt", "mine\n");
    await checkout.publish("Mine");
    write(checkout, "held.txt", "held back\n");
    await checkout.commit("Held back");
    bench.personPushes("threadbox/fix", { "theirs.txt": "theirs\n" });
    await ready(checkout);
    await checkout.publish("Later");
    assert.equal(bench.onRemote("threadbox/fix", "held.txt"), "held back");
    assert.equal(bench.onRemote("threadbox/fix", "theirs.txt"), "theirs");
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
    assert.deepEqual(await checkout.publish("Nothing more"), { ...first, already: true });
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
