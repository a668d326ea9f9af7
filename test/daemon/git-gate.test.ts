/** What must not leave the sandbox: workflows, where nobody has allowed that, and the sandbox's own credentials. Real git throughout. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { type Checkout, CheckoutError, type CheckoutSpec } from "../../src/daemon/checkout.ts";
import { scan } from "../../src/daemon/git-secrets.ts";
import { createRedactor } from "../../src/daemon/redactor.ts";
import { agent, failureOf, type GitBench, git, makeGitBench, NOBODY, ready, story, write } from "./git-bench.ts";

const CI = ".github/workflows/ci.yml";
const FILES = { [CI]: "on: push\n", "deploy/release.yml": "on: release\n", ".github/CODEOWNERS": "* @ada\n" };

interface Touch {
  name: string;
  /** What the agent does; the rest is committed for it. */
  does(checkout: Checkout, bench: GitBench): unknown;
  /** What the refusal names; null: it is pushed. */
  named: string | null;
}

const path = (checkout: Checkout, file: string): string => join(checkout.spec.dir, file);
const commits = (checkout: Checkout, subject: string): void => {
  agent(checkout, "add", "--all");
  agent(checkout, "commit", "--quiet", "-m", subject);
};

const TOUCHES: Touch[] = [
  { name: "a change", does: (c) => write(c, CI, "on: pull_request_target\n"), named: CI },
  {
    name: "a new file",
    does: (c) => write(c, ".github/workflows/own.yml", "on: push\n"),
    named: ".github/workflows/own.yml",
  },
  { name: "one that is taken away", does: (c) => rmSync(path(c, CI)), named: CI },
  {
    name: "one that is moved in from elsewhere",
    does: (c) => renameSync(path(c, "deploy/release.yml"), path(c, ".github/workflows/release.yml")),
    named: ".github/workflows/release.yml",
  },
  { name: "one that is moved away", does: (c) => renameSync(path(c, CI), path(c, "ci.yml")), named: CI },
  { name: "another mode", does: (c) => chmodSync(path(c, CI), 0o755), named: CI },
  {
    name: "a link to a file elsewhere",
    does: (c) => symlinkSync("../../deploy/release.yml", path(c, ".github/workflows/link.yml")),
    named: ".github/workflows/link.yml",
  },
  {
    name: "a link in the place of the folder",
    does(c) {
      rmSync(path(c, ".github/workflows"), { recursive: true });
      symlinkSync("../deploy", path(c, ".github/workflows"));
    },
    named: `.github/workflows, ${CI}`,
  },
  {
    name: "a link in the place of the folder above",
    does(c) {
      rmSync(path(c, ".github"), { recursive: true });
      mkdirSync(path(c, "deploy/workflows"));
      symlinkSync("deploy", path(c, ".github"));
    },
    named: `.github, ${CI}`,
  },
  {
    name: "another spelling, which is the same folder to some machines",
    does: (c) => write(c, ".GitHub/Workflows/own.yml", "on: push\n"),
    named: ".GitHub/Workflows/own.yml",
  },
  {
    name: "one commit that changes it, and a later one that takes that back",
    does(c) {
      write(c, CI, "on: [push, pull_request_target]\n");
      commits(c, "Sneak");
      agent(c, "revert", "--no-edit", "HEAD");
      write(c, "a.txt", "two\n");
    },
    named: CI,
  },
  {
    name: "a merge that has what neither side had",
    does(c) {
      agent(c, "checkout", "--quiet", "-b", "side", "HEAD~0");
      write(c, "side.txt", "side\n");
      commits(c, "Side");
      agent(c, "checkout", "--quiet", "threadbox/fix");
      write(c, "a.txt", "two\n");
      commits(c, "Main");
      agent(c, "merge", "--quiet", "--no-commit", "side");
      write(c, CI, "on: pull_request_target\n");
      commits(c, "Evil merge");
    },
    named: CI,
  },
  {
    name: "a name with a line break in it",
    does: (c) => write(c, ".github/workflows/a\nb.yml", "on: push\n"),
    // In words of ours it stands on one line.
    named: ".github/workflows/a?b.yml",
  },
  { name: "a file beside the folder", does: (c) => write(c, ".github/CODEOWNERS", "* @eve\n"), named: null },
  {
    name: "a folder of that name elsewhere",
    does: (c) => write(c, "docs/.github/workflows/ci.yml", "x\n"),
    named: null,
  },
  {
    name: "a merge of the base, where people changed it meanwhile",
    async does(c, bench) {
      bench.personPushes("main", { [CI]: "on: [push]\n" });
      write(c, "a.txt", "two\n");
      commits(c, "Mine");
      await c.prepare(NOBODY);
      agent(c, "merge", "--quiet", "--no-edit", "origin/main");
    },
    named: null,
  },
];

/** One clone for all rows of a table; after each it is as it was. */
function table(
  spec: Partial<CheckoutSpec>,
  unpushable: () => string[],
): { at: () => { bench: GitBench; checkout: Checkout } } {
  let made: { bench: GitBench; checkout: Checkout } | null = null;
  const at = () => made ?? assert.fail("the bench is not there yet");
  before(async () => {
    const bench = makeGitBench();
    bench.personPushes("main", FILES, "Files");
    made = { bench, checkout: await ready(bench.checkout(spec, { unpushable })) };
  });
  afterEach(() => {
    const { checkout } = at();
    agent(checkout, "checkout", "--quiet", "--force", "-B", "threadbox/fix", "origin/main");
    agent(checkout, "clean", "-ffdxq");
  });
  after(() => at().bench.close());
  return { at };
}

describe("workflow tampering: a turn that changes .github/workflows pushes nothing", () => {
  const { at } = table({ workflows: false }, () => []);
  for (const { name, does, named } of TOUCHES) {
    test(name, async () => {
      const { checkout, bench } = at();
      await does(checkout, bench);
      if (named === null) return void assert.equal((await checkout.commit("Mine"))?.unpushed, true);
      const { code, detail } = await failureOf(checkout.commit("Mine"));
      assert.deepEqual(
        [code, detail],
        ["git.workflows", `Nothing was pushed, because of what the commits change: ${named}.`],
      );
    });
  }
});

describe("what is held back", () => {
  story("the difference is there for a person to take over, and leave is not even asked for", async (bench) => {
    const checkout = await ready(bench.checkout({ workflows: false }));
    write(checkout, CI, "on: push\n");
    const thrown = await checkout.commit("Mine").catch((error: unknown) => error);
    assert.ok(thrown instanceof CheckoutError);
    assert.match(thrown.left?.patch?.text ?? "", /\+on: push/);
    assert.equal(thrown.left?.changes?.files, 1);
  });

  story("where it is allowed, it is pushed; and elsewhere nobody is asked", async (bench) => {
    for (const [branch, workflows] of [
      ["one", true],
      ["two", undefined],
    ] as const) {
      const checkout = await ready(bench.checkout({ workflows, branch, dir: join(bench.root, branch) }));
      write(checkout, CI, "on: push\n");
      await checkout.publish("Mine");
      assert.equal(bench.onRemote(branch, CI), "on: push");
    }
  });

  story("GitHub's own refusal is the same to people", async (bench) => {
    const checkout = await ready(bench.checkout());
    write(checkout, CI, "on: push\n");
    const words = `refusing to allow a GitHub App to create or update workflow \`${CI}\` without \`workflows\` permission`;
    writeFileSync(join(bench.bare, "hooks/update"), `#!/bin/sh\necho '${words}' >&2\nexit 1\n`, { mode: 0o755 });
    const { code, detail } = await failureOf(checkout.publish("Mine"));
    assert.equal(code, "git.workflows");
    assert.match(detail, /refusing to allow a GitHub App/);
  });
});

const TOKEN = `ghs_123_${"aB3-_".repeat(8)}.${"xY9".repeat(30)}.${"Zz_-1".repeat(60)}`;

interface Leak {
  name: string;
  does(checkout: Checkout): void;
  /** Where it is said to stand; null: it is pushed. */
  where: string | null;
}

const base64 = Buffer.from(TOKEN).toString("base64");

const LEAKS: Leak[] = [
  { name: "in a file", does: (c) => write(c, "debug.log", `token=${TOKEN}\n`), where: "debug.log" },
  {
    name: "in a file that the next commit takes away again",
    does(c) {
      write(c, "debug.log", TOKEN);
      commits(c, "Oops");
      rmSync(path(c, "debug.log"));
      write(c, "a.txt", "two\n");
    },
    where: "debug.log",
  },
  {
    name: "in a message",
    does(c) {
      write(c, "a.txt", "two\n");
      commits(c, `Used ${TOKEN}`);
    },
    where: "a commit",
  },
  {
    name: "in the name of an author",
    does(c) {
      write(c, "a.txt", "two\n");
      agent(
        c,
        "commit",
        "--quiet",
        "--all",
        "--author",
        `x <${TOKEN.slice(0, 200)}@x.dev>`,
        "-m",
        `${TOKEN.slice(200)} ${TOKEN}`,
      );
    },
    where: "a commit",
  },
  { name: "in base64", does: (c) => write(c, "a.txt", base64), where: "a.txt" },
  {
    name: "in base64 of a header, as git sends it",
    does: (c) => write(c, "a.txt", Buffer.from(`x-access-token:${TOKEN}`).toString("base64")),
    where: "a.txt",
  },
  {
    name: "in a URL",
    does: (c) => write(c, "a.txt", `https://x-access-token:${encodeURIComponent(TOKEN)}@github.com`),
    where: "a.txt",
  },
  { name: "in hexadecimal", does: (c) => write(c, "a.txt", Buffer.from(TOKEN).toString("hex")), where: "a.txt" },
  {
    name: "among bytes that are no text",
    does: (c) => writeFileSync(path(c, "a.bin"), Buffer.concat([Buffer.alloc(70_000, 0xff), Buffer.from(TOKEN)])),
    where: "a.bin",
  },
  { name: "in the target of a link", does: (c) => symlinkSync(TOKEN.slice(0, 150), path(c, "link")), where: null },
  { name: "one that is nobody's here", does: (c) => write(c, "a.txt", TOKEN.replace("aB3", "aB4")), where: null },
];

describe("comment and control: a credential of the sandbox is not pushed, whatever the agent was talked into", () => {
  const redactor = createRedactor();
  for (const secret of [TOKEN, "password"]) redactor.learn(secret);
  const { at } = table({}, redactor.unpushable);
  for (const { name, does, where } of LEAKS) {
    test(name, async () => {
      const { checkout } = at();
      does(checkout);
      const subject = "Mine, with a password";
      if (where === null) return void assert.equal((await checkout.commit(subject))?.unpushed, true);
      const { code, detail } = await failureOf(checkout.commit(subject));
      assert.deepEqual([code, detail], ["git.secret", `A credential of the sandbox stands in ${where}.`]);
    });
  }

  story("nothing of it reaches the remote", async (bench) => {
    const checkout = await ready(bench.checkout({}, { unpushable: () => [TOKEN] }));
    write(checkout, "debug.log", TOKEN);
    assert.equal((await failureOf(checkout.publish("Mine"))).code, "git.secret");
    assert.equal(git(bench.bare, ["branch", "--list"]), "* main");
  });

  story("what stood there before is no reason to push nothing", async (bench) => {
    bench.personPushes("main", { "old.log": TOKEN });
    const checkout = await ready(bench.checkout({}, { unpushable: () => [TOKEN] }));
    write(checkout, "a.txt", "two\n");
    assert.ok((await checkout.publish("Mine")).pushed);
  });

  story("an index over the commits that the agent has forged shows the daemon nothing", async (bench) => {
    const checkout = await ready(bench.checkout({ workflows: false }, { unpushable: () => [TOKEN] }));
    write(checkout, "debug.log", TOKEN);
    commits(checkout, "Oops");
    agent(checkout, "commit-graph", "write", "--reachable");
    agent(checkout, "replace", "HEAD", "HEAD~1");
    assert.equal((await failureOf(checkout.publish("Mine"))).code, "git.secret");
  });
});

describe("objects are read as git hands them out", () => {
  const ID = "a".repeat(40);
  const stream = Buffer.from(`${ID} blob 9\n12secret9\n${"b".repeat(40)} missing\n${"c".repeat(40)} blob 6\nsecret\n`);
  for (const size of [1, 2, 3, 7, 1_000]) {
    test(`in pieces of ${size}`, () => {
      const found: string[] = [];
      const scanner = scan([Buffer.from("secret")], (id) => found.push(id.slice(0, 1)));
      for (let at = 0; at < stream.length; at += size) scanner.take(stream.subarray(at, at + size));
      assert.deepEqual([...new Set(found)], ["a", "c"]);
      assert.ok(scanner.isDone());
    });
  }
});
