/** Commits that GitHub makes and signs of a turn's files: the real checkout, real git, and the emulated GitHub's API and git. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Checkout, CheckoutSpec, Grant } from "../../src/daemon/checkout.ts";
import { createGitCheckout } from "../../src/daemon/git.ts";
import { whyNot } from "../../src/daemon/git-verified-changes.ts";
import { createLog } from "../../src/log.ts";
import { githubAccess } from "../../src/surfaces/github-access.ts";
import { githubForge } from "../../src/surfaces/github-forge.ts";
import { handWoundClock } from "../clock.ts";
import { quick } from "../emulators/github/stage.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { ADA, agent, failureOf, NOBODY, PATH, ready, TRAILER, write } from "./git-bench.ts";

const REPO = "acme/api";
const GRAPHQL = "POST /graphql";

let github: GitHubEmulator;
let root: string;
let reads: { username: string; password: string };
let writes: { origin: string; username: string; password: string };
let grant: Grant;
let spec: Omit<CheckoutSpec, "branch" | "dir">;
let botId: number;

before(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "verified-")));
  const clock = handWoundClock();
  github = await startGitHub({ clock, contentPerMinute: 1_000 });
  const files = { "a.txt": "one\n", "run.sh": "#!/bin/sh\n", "old.txt": "old\n" };
  const { cloneUrl, id } = await github.createRepository(REPO, {
    isPrivate: true,
    files,
    collaborators: { alice: "write" },
  });
  const app = await github.createApp({ slug: "threadbox" });
  await app.install("acme");
  botId = app.bot.id;
  const log = createLog("silent");
  const credentials = { appId: String(app.id), privateKey: app.privateKey };
  const access = githubAccess({ credentials, apiUrl: github.apiUrl, url: github.url, log, clock, paced: false });
  const forge = githubForge({ access, log });
  const repository = { id: String(id), name: REPO, url: cloneUrl, base: "main" };
  const [reading, writing] = [await forge.credential(repository, "read"), await forge.credential(repository, "write")];
  const verified = forge.verified(repository);
  assert.ok(reading && writing && verified);
  [reads, writes, grant] = [reading, writing, { logins: [writing], verified }];
  spec = { id: String(id), source: cloneUrl, base: "main", setup: undefined, identity: await forge.identity() };
});
after(async () => {
  await github.close();
  rmSync(root, { recursive: true, force: true });
});

let count = 0;
async function session(branch = `fix-${++count}`): Promise<{ checkout: Checkout; branch: string }> {
  const dir = join(root, `${branch}-${++count}`);
  const stateDir = mkdtempSync(join(root, "state-"));
  const options = { credentials: { find: () => reads }, stateDir, env: { PATH, HOME: root } };
  return { branch, checkout: await ready(createGitCheckout({ ...spec, branch, dir }, options)) };
}
const publish = async (checkout: Checkout) => {
  const committed = await checkout.commit("Fix the login");
  return checkout.publish("Fix the login", committed?.commit, grant);
};
async function commitAt(ref: string) {
  const { data } = await quick(github, writes.password).rest.repos.getCommit({ owner: "acme", repo: "api", ref });
  const { message, author, committer, verification } = data.commit;
  return { sha: data.sha, parents: data.parents.length, message, author, committer, verified: verification?.verified };
}
const calls = (): number => github.requests.filter(({ route }) => route === GRAPHQL).length;

describe("a verified commit", () => {
  test("is one for the turn, by the bot, signed, with the people of the turn; and the clone goes on from it", async () => {
    const { checkout, branch } = await session();
    write(checkout, "a.txt", "two\n");
    agent(checkout, "commit", "--quiet", "--all", "-m", "First step");
    write(checkout, "docs/new file.md", "\u00e4\r\n");
    write(checkout, "bytes.bin", "");
    writeFileSync(join(checkout.spec.dir, "bytes.bin"), Buffer.from([0, 255, 254, 10, 13]));
    rmSync(join(checkout.spec.dir, "old.txt"));
    const { pushed, unsigned, changes } = await publish(checkout);
    const made = await commitAt(branch);
    assert.equal(unsigned, undefined);
    assert.deepEqual([made.sha, made.parents, made.verified], [pushed?.commit, 1, true]);
    assert.equal(made.author?.email, `${botId}+threadbox[bot]@users.noreply.github.com`);
    assert.equal(made.committer?.email, "noreply@github.com");
    assert.equal(made.message, `Fix the login\n\n* First step\n* Fix the login\n\n${TRAILER}`);
    assert.equal(changes?.files, 4);
    assert.equal(agent(checkout, "rev-parse", "HEAD"), pushed?.commit);
    assert.equal(agent(checkout, "status", "--porcelain"), "");

    await checkout.prepare(NOBODY);
    await checkout.begin([ADA]);
    write(checkout, "a.txt", "three\n");
    const next = await publish(checkout);
    assert.deepEqual(
      [next.pushed?.commit, (await commitAt(branch)).message],
      [(await commitAt(branch)).sha, `Fix the login\n\n${TRAILER}`],
    );
    assert.equal((await commitAt(`${branch}~1`)).sha, pushed?.commit);
  });

  test("of one commit has that commit's own words", async () => {
    const { checkout, branch } = await session();
    write(checkout, "a.txt", "two\n");
    agent(checkout, "commit", "--quiet", "--all", "-m", "Say two\n\nBecause one was wrong.");
    await publish(checkout);
    assert.equal((await commitAt(branch)).message, `Say two\n\nBecause one was wrong.\n\n${TRAILER}`);
  });

  test("that came through although its answer was lost is not made again", async () => {
    const { checkout, branch } = await session();
    write(checkout, "a.txt", "two\n");
    github.faults.next(GRAPHQL, { kind: "reset", when: "after" });
    const before = calls();
    const { pushed } = await publish(checkout);
    assert.equal(calls() - before, 1);
    assert.deepEqual(
      [(await commitAt(branch)).sha, (await commitAt(`${branch}~1`)).sha],
      [pushed?.commit, (await commitAt("main")).sha],
    );
  });

  test("after which the daemon died is what the next turn begins with, also where the next change touches the same lines", async () => {
    const { checkout, branch } = await session();
    write(checkout, "a.txt", "two\n");
    const committed = await checkout.commit("Fix the login");
    await checkout.publish("Fix the login", committed?.commit, grant);
    const made = await commitAt(branch);
    // As if nobody had moved the clone.
    agent(checkout, "update-ref", `refs/heads/${branch}`, committed?.commit ?? "");
    await checkout.prepare(NOBODY);
    assert.equal(agent(checkout, "rev-parse", "HEAD"), made.sha);
    write(checkout, "a.txt", "three\n");
    await publish(checkout);
    assert.equal((await github.files(REPO, branch))["a.txt"], "three\n");
    assert.equal((await commitAt(`${branch}~1`)).sha, made.sha);
  });

  test("on a branch that people push to meanwhile stands on theirs, and keeps theirs", async () => {
    const { checkout, branch } = await session();
    write(checkout, "a.txt", "two\n");
    await publish(checkout);
    write(checkout, "mine.txt", "mine\n");
    await github.as("alice").pushes(REPO, branch, { "theirs.txt": "theirs\n" });
    const theirs = (await commitAt(branch)).sha;
    const { unsigned } = await publish(checkout);
    const made = await commitAt(branch);
    assert.deepEqual([unsigned, made.verified, made.parents], [undefined, true, 1]);
    assert.equal((await commitAt(`${branch}~1`)).sha, theirs);
    const files = await github.files(REPO, branch);
    assert.deepEqual([files["mine.txt"], files["theirs.txt"]], ["mine\n", "theirs\n"]);
  });

  test("is refused when the branch moved between the look and the call, and made again on what is there", async () => {
    const { checkout, branch } = await session();
    write(checkout, "a.txt", "two\n");
    await publish(checkout);
    write(checkout, "mine.txt", "mine\n");
    const hang = github.faults.next(GRAPHQL, { kind: "hang" });
    const publishing = publish(checkout);
    await hang.met;
    await github.as("alice").pushes(REPO, branch, { "theirs.txt": "theirs\n" });
    const theirs = (await commitAt(branch)).sha;
    hang.release();
    assert.equal((await publishing).pushed?.commit, (await commitAt(branch)).sha);
    assert.equal((await commitAt(`${branch}~1`)).sha, theirs);
    assert.equal((await github.files(REPO, branch))["mine.txt"], "mine\n");
  });
});

describe("what such a commit cannot say is pushed by git, and people are told", () => {
  const rows: { name: string; does(checkout: Checkout): void; why: RegExp }[] = [
    {
      name: "a script that is executable",
      does(checkout) {
        write(checkout, "new.sh", "#!/bin/sh\n");
        chmodSync(join(checkout.spec.dir, "new.sh"), 0o755);
      },
      why: /^new\.sh is executable$/,
    },
    {
      name: "another mode",
      does: (checkout) => chmodSync(join(checkout.spec.dir, "run.sh"), 0o755),
      why: /^run\.sh is executable$/,
    },
    {
      name: "a symbolic link",
      does: (checkout) => symlinkSync("a.txt", join(checkout.spec.dir, "link")),
      why: /^link is a symbolic link$/,
    },
    {
      name: "a submodule",
      does(checkout) {
        const head = agent(checkout, "rev-parse", "HEAD");
        agent(checkout, "update-index", "--add", "--cacheinfo", `160000,${head},lib`);
        agent(checkout, "commit", "--quiet", "-m", "Lib");
        mkdirSync(join(checkout.spec.dir, "lib"));
      },
      why: /^lib is a submodule$/,
    },
    {
      name: "files that are too large together",
      does: (checkout) => write(checkout, "large.txt", "0123456789\n".repeat(1_000_000)),
      why: /^the files are larger than 10 MB$/,
    },
  ];
  for (const { name, does, why } of rows) {
    test(name, async () => {
      const { checkout, branch } = await session();
      does(checkout);
      const { pushed, unsigned } = await publish(checkout);
      assert.match(unsigned ?? "", why);
      assert.deepEqual([(await commitAt(branch)).sha, (await commitAt(branch)).verified], [pushed?.commit, false]);
    });
  }

  test("a merge of another branch", async () => {
    const { checkout, branch } = await session();
    write(checkout, "a.txt", "two\n");
    await publish(checkout);
    await github.as("alice").pushes(REPO, "main", { [`${branch}.txt`]: "theirs\n" });
    await checkout.prepare(NOBODY);
    agent(checkout, "merge", "--quiet", "--no-edit", "origin/main");
    const { unsigned } = await publish(checkout);
    assert.equal(unsigned, "a merge brings in commits of another branch");
    assert.equal((await commitAt(branch)).parents, 2);
  });

  for (const [mode, why] of [
    ["100644", null],
    ["000000", null],
    ["100755", "x is executable"],
    ["120000", "x is a symbolic link"],
    ["160000", "x is a submodule"],
    ["100664", "x is no plain file"],
  ] as const) {
    test(`mode ${mode}: ${why ?? "can be said"}`, () => assert.equal(whyNot([{ mode, path: "x" }]), why));
  }
  test("a name that is not UTF-8", () =>
    assert.equal(whyNot([{ mode: "100644", path: "\ufffd" }]), "the name of \ufffd is not UTF-8"));
});

describe("the token", () => {
  test("that the agent's turn has can read and not push, by git or by the API", async () => {
    const { checkout } = await session();
    write(checkout, "a.txt", "two\n");
    assert.equal((await failureOf(checkout.publish("Mine"))).code, "git.unauthorized");
    const { verified } = grant;
    assert.ok(verified);
    const same = { logins: [{ ...writes, password: reads.password }], verified };
    assert.equal((await failureOf(checkout.publish("Mine", undefined, same))).code, "git.push-refused");
  });

  test("goes to no other host, though the API sends it there", async () => {
    const { checkout } = await session();
    write(checkout, "a.txt", "two\n");
    const heard: (string | undefined)[] = [];
    const decoy = createServer((request, response) => {
      heard.push(request.headers.authorization);
      response.writeHead(201).end("{}");
    });
    await new Promise<void>((resolve) => decoy.listen(0, "127.0.0.1", resolve));
    const address = decoy.address();
    const headers = { location: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/steal` };
    github.faults.next("POST /repos/{owner}/{repo}/git/refs", { kind: "status", status: 307, headers });
    await checkout.publish("Mine", undefined, grant);
    assert.deepEqual(heard, []);
    await new Promise((resolve) => decoy.close(resolve));
  });
});
