/** The small real repository that the demo works on: one function, one test, and the test fails. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export const DEMO_NAME = "demo/calculator";

/** What is asked in the demo, and what the script below answers to. */
export const DEMO_ASK = "the test fails, please fix it";

const FILES: Record<string, string> = {
  "package.json": `${JSON.stringify({ name: "calculator", private: true, type: "module", scripts: { test: "node --test" } }, null, 2)}\n`,
  "README.md": "# calculator\n\nAdds numbers. `npm test` checks that it does.\n",
  "src/add.js": "/** The sum of two numbers. */\nexport function add(a, b) {\n  return a - b;\n}\n",
  "test/add.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { add } from "../src/add.js";\n\ntest("two and three make five", () => assert.equal(add(2, 3), 5));\n',
};

/** The file as the script of the demo leaves it. */
export const FIXED = "/** The sum of two numbers. */\nexport function add(a, b) {\n  return a + b;\n}\n";

/** Makes the bare repository `<root>/demo/calculator.git` unless it is there. */
export function makeDemoRepository(root: string): void {
  const bare = join(root, `${DEMO_NAME}.git`);
  if (existsSync(join(bare, "HEAD"))) return;
  const folder = mkdtempSync(join(tmpdir(), "threadbox-demo-"));
  try {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    git(folder, "init", "--quiet", "--initial-branch=main");
    git(folder, "add", "--all");
    git(folder, "commit", "--quiet", "--message=A calculator with a failing test");
    mkdirSync(dirname(bare), { recursive: true });
    git(folder, "clone", "--quiet", "--bare", folder, bare);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Clones a branch afresh and runs its tests on this Node. Not synchronous: the remote may be served by this very process. */
export async function testBranch(url: string, branch: string): Promise<{ passed: boolean; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "threadbox-demo-"));
  const clone = join(folder, "clone");
  try {
    await execute("git", ["clone", "--quiet", "--depth=1", `--branch=${branch}`, url, clone], { env: ENVIRONMENT });
    const { stdout } = await execute(process.execPath, ["--test"], { cwd: clone, env: ENVIRONMENT });
    return { passed: true, output: stdout };
  } catch (thrown) {
    return { passed: false, output: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const execute = promisify(execFile);

/** Nobody's git settings but ours: the demo must not depend on who runs it. */
const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: tmpdir(),
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Demo",
  GIT_AUTHOR_EMAIL: "demo@example.com",
  GIT_COMMITTER_NAME: "Demo",
  GIT_COMMITTER_EMAIL: "demo@example.com",
};

function git(cwd: string, ...args: string[]): void {
  execFileSync("git", args, { cwd, env: ENVIRONMENT, stdio: "pipe" });
}
