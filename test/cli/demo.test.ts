import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { DEMO_NAME, FIXED } from "../../src/cli/demo-repository.ts";
import { scriptedModel } from "../../src/cli/scripted-model.ts";
import { documentOf, newFolder } from "./threadbox.ts";

const folder = newFolder();
after(() => folder.remove());

const temporary = (name: string): string => {
  const path = join(folder.path, name);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return path;
};

test("without a key the demo says that its model is scripted, and fixes the failing test", {
  timeout: 240_000,
}, async () => {
  const TMPDIR = temporary("tmp");
  const { code, stdout, stderr } = await folder.run(["demo"], { TMPDIR });
  assert.equal(code, 0, stdout + stderr);
  const [first] = stdout.split("\n");
  assert.match(first ?? "", /^Scripted model: there is no ANTHROPIC_API_KEY or OPENAI_API_KEY/);
  assert.match(stdout, /✗ The tests on a fresh clone of main fail\./);
  // Between them stands what runs just now, when that takes a while.
  assert.match(stdout, /✗ node --test {2}failed\n[\s\S]*✓ write src\/add\.js {2}ok\n[\s\S]*✓ node --test {2}ok/);
  assert.match(stdout, /✓ The tests on a fresh clone of threadbox\/\S+ pass\./);
  assert.deepEqual(readdirSync(TMPDIR), [], "nothing of it stays behind");
  assert.equal(existsSync(folder.home), false, "nothing of it touches the real bot's home");
});

test("the demo tells its outcome as JSON, wherever the temporary folder lies", { timeout: 240_000 }, async () => {
  const deep = temporary(`tmp-${"deep/".repeat(20)}`);
  const ran = await folder.run(["demo", "--json"], { TMPDIR: deep });
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  const { branch, commit, durationMs, ...outcome } = documentOf(ran);
  assert.match(String(branch), /^threadbox\/test-fails-fix-\w{5}$/);
  assert.match(String(commit), /^[0-9a-f]{40}$/);
  assert.equal(typeof durationMs, "number");
  assert.deepEqual(outcome, {
    ok: true,
    answer: "`add` subtracted its second number. It adds now, and the test passes.",
    tests: { before: "failed", after: "passed" },
    scripted: true,
  });
});

test("with a key the demo says which model it uses, and can be kept to look at", { timeout: 240_000 }, async () => {
  const model = await scriptedModel([
    {
      when: /test fails/,
      steps: [{ calls: [{ tool: "write", with: { path: "src/add.js", content: FIXED } }] }, { says: "Fixed." }],
    },
  ]);
  const TMPDIR = temporary("tmp-kept");
  const key = { ANTHROPIC_API_KEY: "a-key", ANTHROPIC_BASE_URL: model.url };
  const env = { TMPDIR, ...key, THREADBOX_AGENT: "claude" }; // of a threadbox.yml, which the demo does not read
  const { code, stdout, stderr } = await folder.run(["demo", "--keep"], env);
  await model.close();
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^Real model: the agent's default with ANTHROPIC_API_KEY\./);
  const [, branch = "", kept = ""] = /Branch +(\S+)[\s\S]*Kept in (\S+)/.exec(stdout) ?? [];
  const bare = join(kept, "git", `${DEMO_NAME}.git`);
  assert.equal(execFileSync("git", ["--git-dir", bare, "show", `${branch}:src/add.js`], { encoding: "utf8" }), FIXED);
  assert.doesNotMatch(stdout + stderr, /a-key/);
});

test("an interrupted demo leaves nothing behind", { timeout: 240_000 }, async () => {
  // A little too long for the database's socket below it.
  const TMPDIR = temporary("tmp-interrupted".padEnd(47 - folder.path.length, "-"));
  const demo = folder.start(["demo"], { TMPDIR });
  await demo.printed("@threadbox");
  demo.process.kill("SIGINT");
  const { code, stderr } = await demo.ended;
  assert.equal(code, 130);
  assert.match(stderr, /^threadbox: The demo was interrupted\./);
  assert.deepEqual(readdirSync(TMPDIR), []);
});
