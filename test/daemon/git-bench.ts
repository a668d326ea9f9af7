/** Real repositories for the tests of git: a bare remote, people with clones of their own, and a checkout under test. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type Checkout, CheckoutError, type CheckoutReport, type CheckoutSpec } from "../../src/daemon/checkout.ts";
import { createGitCheckout, type GitOptions } from "../../src/daemon/git.ts";

export const PATH = "/usr/local/bin:/usr/bin:/bin";
/** A person with a git of their own. */
export const ENV = {
  PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
};
/** The agent's git: whatever the clone's config says, and nothing of the test's own identity. */
export const AGENT_ENV = { PATH, HOME: "/nonexistent", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

export function git(dir: string, args: string[], env: Record<string, string> = ENV): string {
  return execFileSync("git", args, { cwd: dir, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

export interface GitBench {
  root: string;
  stateDir: string;
  /** The bare repository that everybody pushes to; has one commit on `main`. */
  bare: string;
  url: string;
  reports: CheckoutReport[];
  checkout(spec?: Partial<CheckoutSpec>, options?: Partial<GitOptions>): Checkout;
  /** Somebody's own clone on `branch`: writes the files, commits, pushes. */
  personPushes(branch: string, files: Record<string, string>, subject?: string): string;
  /** What the remote's branch has in a file; null when there is no such branch or file. */
  onRemote(branch: string, file: string): string | null;
  close(): void;
}

export function makeGitBench(): GitBench {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "git-")));
  const bare = join(root, "remote.git");
  const reports: CheckoutReport[] = [];
  const stateDir = join(root, "state");
  mkdirSync(stateDir);
  git(root, ["init", "--quiet", "--bare", "--initial-branch=main", bare]);
  const bench: GitBench = {
    root,
    stateDir,
    bare,
    url: `file://${bare}`,
    reports,
    checkout: (spec, options) =>
      createGitCheckout(
        {
          id: "app",
          source: `file://${bare}`,
          dir: join(root, "work", "app"),
          branch: "threadbox/fix",
          base: undefined,
          setup: undefined,
          identity: { name: "Threadbox", email: "bot@example.com" },
          ...spec,
        },
        { credentials: { find: () => null }, stateDir, env: { PATH, HOME: root }, ...options },
      ),
    personPushes(branch, files, subject = "A person's commit") {
      const dir = mkdtempSync(join(root, "person-"));
      git(dir, ["clone", "--quiet", bare, "."]);
      const exists = git(dir, ["ls-remote", "--heads", "origin", branch]) !== "";
      if (exists) git(dir, ["checkout", "--quiet", "-B", branch, `origin/${branch}`]);
      else git(dir, ["checkout", "--quiet", "-B", branch]);
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), text);
      }
      git(dir, ["add", "--all"]);
      git(dir, ["commit", "--quiet", "-m", subject]);
      git(dir, ["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`]);
      return git(dir, ["rev-parse", "HEAD"]);
    },
    onRemote(branch, file) {
      try {
        return git(bare, ["show", `refs/heads/${branch}:${file}`]);
      } catch {
        return null;
      }
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
  bench.personPushes("main", { "a.txt": "one\n" }, "First");
  return bench;
}

/** For reports that a test does not look at. */
export const NOBODY = () => {};
export const ADA = { name: "Ada Lovelace", email: "1+ada@users.noreply.github.com" };
export const TRAILER = "Co-authored-by: Ada Lovelace <1+ada@users.noreply.github.com>";

export function story(sentence: string, check: (bench: GitBench) => Promise<void>): void {
  test(sentence, async () => {
    const bench = makeGitBench();
    try {
      await check(bench);
    } finally {
      bench.close();
    }
  });
}

export const write = (checkout: Checkout, file: string, text: string): void => {
  mkdirSync(join(checkout.spec.dir, file, ".."), { recursive: true });
  writeFileSync(join(checkout.spec.dir, file), text);
};
export const read = (checkout: Checkout, file: string): string => readFileSync(join(checkout.spec.dir, file), "utf8");
export const agent = (checkout: Checkout, ...args: string[]): string => git(checkout.spec.dir, args, AGENT_ENV);

export async function ready(checkout: Checkout): Promise<Checkout> {
  await checkout.prepare(NOBODY);
  await checkout.begin([ADA]);
  return checkout;
}

export async function failureOf(work: Promise<unknown>): Promise<{ code: string; detail: string }> {
  const error = await work.then(
    () => assert.fail("It should have failed."),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CheckoutError, String(error));
  return { code: error.code, detail: error.message };
}
