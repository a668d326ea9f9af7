/** What a session does after its pull request: the base is merged into its branch, or another branch is begun in the same clone. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import { ADA, agent, git, NOBODY, read, ready, story, write } from "./git-bench.ts";

describe("the base, merged by the agent", () => {
  story("is there to be merged, and the merge is pushed with what the agent resolved", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "ours\n");
    await checkout.publish("Ours");
    const theirs = bench.personPushes("main", { "a.txt": "theirs\n" });
    await ready(checkout);
    assert.equal(agent(checkout, "rev-parse", "origin/main"), theirs);
    assert.throws(() => agent(checkout, "merge", "--quiet", "--no-edit", "origin/main"));
    write(checkout, "a.txt", "both\n");
    agent(checkout, "commit", "--quiet", "--all", "--no-edit");
    const { pushed } = await checkout.publish("Merge");
    const [commit, ...parents] = git(bench.bare, ["rev-list", "--parents", "-1", "threadbox/fix"]).split(" ");
    assert.deepEqual([commit, parents.includes(theirs), parents.length], [pushed?.commit, true, 2]);
  });

  story("is concluded where the agent resolved it and left it there", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "ours\n");
    await checkout.publish("Ours");
    const theirs = bench.personPushes("main", { "a.txt": "theirs\n" });
    await ready(checkout);
    assert.throws(() => agent(checkout, "merge", "--quiet", "--no-edit", "origin/main"));
    write(checkout, "a.txt", "both\n");
    agent(checkout, "add", "a.txt");
    await checkout.publish("Merge");
    const [, ...parents] = git(bench.bare, ["rev-list", "--parents", "-1", "threadbox/fix"]).split(" ");
    assert.deepEqual([parents.includes(theirs), parents.length], [true, 2]);
    assert.equal(git(bench.bare, ["show", "threadbox/fix:a.txt"]), "both");
  });
});

describe("another branch in the same clone", () => {
  story("begins at the base as it is now, with files that git ignores where they were", async (bench) => {
    bench.personPushes("main", { ".gitignore": "node_modules\n" });
    const first = await ready(bench.checkout());
    write(first, "a.txt", "ours\n");
    write(first, "node_modules/x.js", "installed\n");
    await first.publish("Ours");
    bench.personPushes("main", { "b.txt": "merged meanwhile\n" });
    const second = bench.checkout({ branch: "threadbox/fix-2" });
    await second.prepare(NOBODY);
    await second.begin([ADA]);
    assert.deepEqual([read(second, "a.txt"), read(second, "b.txt")], ["one\n", "merged meanwhile\n"]);
    assert.equal(read(second, "node_modules/x.js"), "installed\n");
    write(second, "c.txt", "more\n");
    const { pushed, changes } = await second.publish("More");
    assert.deepEqual([pushed?.branch, changes?.files], ["threadbox/fix-2", 1]);
    assert.equal(git(bench.bare, ["rev-list", "--count", "main..threadbox/fix-2"]), "1");
  });

  const leftovers: [name: string, leave: (checkout: Awaited<ReturnType<typeof ready>>) => void][] = [
    ["what a stopped turn left uncommitted", (one) => write(one, "a.txt", "half done\n")],
    [
      "a merge that it left in the middle",
      (one) => {
        assert.throws(() => agent(one, "merge", "--quiet", "--no-edit", "origin/main"));
      },
    ],
    [
      "a detached HEAD",
      (one) => {
        agent(one, "checkout", "--quiet", "--detach");
        write(one, "a.txt", "elsewhere\n");
        agent(one, "commit", "--quiet", "--all", "-m", "Elsewhere");
      },
    ],
  ];
  for (const [name, leave] of leftovers)
    story(`is not kept from beginning by ${name}, and loses nothing of it`, async (bench) => {
      const first = await ready(bench.checkout());
      write(first, "a.txt", "ours\n");
      await first.publish("Ours");
      bench.personPushes("main", { "a.txt": "theirs\n" });
      await ready(first);
      leave(first);
      const left = read(first, "a.txt");
      const second = bench.checkout({ branch: "threadbox/fix-2" });
      await second.prepare(NOBODY);
      await second.begin([ADA]);
      assert.equal(read(second, "a.txt"), "theirs\n");
      assert.equal(agent(second, "status", "--porcelain"), "");
      const kept = agent(second, "log", "--all", "--format=%H").split("\n");
      assert.ok(kept.some((commit) => agent(second, "show", `${commit}:a.txt`) === left.trim()));
    });
});

describe("a commit that somebody else pushed", () => {
  story("is not told as ours where both have come to the same", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "ours\n");
    await checkout.publish("Ours");
    write(checkout, "a.txt", "both\n");
    const committed = await checkout.commit("Mine");
    const theirs = bench.personPushes("threadbox/fix", { "a.txt": "both\n" });
    const { pushed, already } = await checkout.publish("Mine", committed?.commit);
    assert.deepEqual([pushed?.commit, already], [theirs, true]);
  });

  story("is not told as ours where the turn changed nothing", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, "a.txt", "ours\n");
    assert.equal((await checkout.publish("Ours")).already, undefined);
    const theirs = bench.personPushes("threadbox/fix", { "b.txt": "theirs\n" });
    await ready(checkout);
    const { pushed, already } = await checkout.publish("Nothing");
    assert.deepEqual([pushed?.commit, already], [theirs, true]);
  });
});
