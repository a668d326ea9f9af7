/** Which tests an agent ran, from the commands that it gave. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { outcomesOf, testsBegun, testsEnded, testsIn } from "../../src/core/test-outcomes.ts";
import type { TestOutcome } from "../../src/core/types.ts";

const named = (line: string): string[] => testsIn(line).map(({ command }) => command);

/** A line, and what people would call the tests in it; as it stands there, where that is left out. */
const RUNS: [line: string, named?: string][] = [
  ...([
    ["npm test"],
    ["npm t"],
    ["npm run test:unit"],
    ["npm --prefix web test"],
    ["npm test -- --grep 'a b'"],
    ["pnpm -r test"],
    ["pnpm --filter api test"],
    ["yarn workspace api test"],
    ["bun test"],
    ["node --test"],
    ["node --import tsx --test test/a.test.ts"],
    ["./node_modules/.bin/vitest run"],
    ["npx --yes vitest run src", "vitest run src"],
    ["pnpm exec jest", "jest"],
    ["yarn jest --watchAll=false", "jest --watchAll=false"],
    ["pytest -q tests/test_a.py::test_b"],
    ["python3 -m pytest -x"],
    ["python -m unittest discover"],
    ["poetry run pytest", "pytest"],
    ["uv run --with pytest pytest -q", "pytest -q"],
    ["python manage.py test shop"],
    ["go test ./..."],
    ["cargo test --workspace"],
    ["cargo +nightly nextest run"],
    ["make test"],
    ["make -C api -j4 check"],
    ["./mvnw -q test"],
    ["./gradlew :app:testDebugUnitTest"],
    ["bundle exec rspec spec/a_spec.rb", "rspec spec/a_spec.rb"],
    ["vendor/bin/phpunit"],
    ["dotnet test"],
    ["deno test -A"],
    ["tox -e py312"],
    ["ctest --output-on-failure"],
  ] satisfies [string, string?][]),
  ["CI=1 TOKEN=abc npm test", "npm test"],
  ["env -u CI FOO=1 npm test", "npm test"],
  ["timeout -k 5 60 npm test", "npm test"],
  ["npm test > out.txt 2>&1", "npm test"],
  ["npm test &> out.txt", "npm test"],
  ["(npm test)", "npm test"],
  ["bash -lc 'npm ci && npm test'", "npm test"],
  ["cd web && npm test"],
  ["cd packages; cd web; npm test", "cd packages/web && npm test"],
  ["cd . && npm test", "npm test"],
  ["git status\nnpm test # all of them", "npm test"],
  ["npm \\\n  test", "npm test"],
];

const RUNS_NOTHING = [
  "npm run test:watch",
  "npx vitest --watch",
  "vitest watch",
  "npm install",
  "npm run build",
  "npm run latest",
  "echo npm test",
  "echo 'run npm test; npm test'",
  "git commit -m 'npm test passes'",
  "grep -rn 'go test' .",
  "cat pytest.ini",
  "go build ./...",
  "cargo test --no-run",
  "pytest --collect-only",
  "jest --listTests",
  "make -n --dry-run test",
  "node test.js",
  "cat > run.sh <<'EOF'\nnpm test\nEOF",
  "# npm test",
  "constructor test",
  "",
  "'",
  "$((",
];

describe("what runs tests", () => {
  for (const [line, name = line] of RUNS)
    test(JSON.stringify(line), () => {
      assert.deepEqual(named(line), [name]);
    });

  for (const line of RUNS_NOTHING)
    test(`not ${JSON.stringify(line)}`, () => {
      assert.deepEqual(named(line), []);
    });

  test("several in one line, each once", () => {
    assert.deepEqual(named("npm test && npx playwright test; npm test"), ["playwright test", "npm test"]);
  });

  test("the clone itself by its whole path is no other folder", () => {
    const [run] = testsIn("cd /workspace/api && npm test", "acme/api");
    assert.equal(run?.command, "npm test");
  });

  test("a long command is cut", () => {
    assert.equal(named(`npm test -- ${"a".repeat(200)}`)[0]?.length, 80);
  });
});

const called = (line: string) => ({ call: "1", tool: "bash", input: JSON.stringify({ command: line }) });
const ranOnce = (line: string, ok: boolean): (boolean | null)[] =>
  testsEnded(testsBegun([], called(line), null), { call: "1", ok }).map((run) => run.ok);

describe("passed means that the tests themselves ended with success, and failed that they did not", () => {
  /** What is known when the whole call went well, and when it failed. */
  const table: [line: string, well: boolean | null, badly: boolean | null][] = [
    ["npm test", true, false],
    ["cd web && npm test", true, false],
    ["npm test 2>&1", true, false],
    ["npm test && echo ok", true, false],
    ["npm ci && npm test", true, null],
    ["npm test && git push", true, null],
    ["npm ci; npm test", true, false],
    ["npm test || exit 1", true, false],
    ["npm test | tail -20", null, null],
    ["npm test 2>&1 | tee out.txt", null, null],
    ["set -o pipefail; npm test | tail -20", true, false],
    ["set -euo pipefail\nnpm test | tail\necho done", true, false],
    ["yes | npm test", true, false],
    ["npm test; echo $?", null, null],
    ["npm test || true", null, null],
    ["npm run lint || npm test", null, null],
    ["npm test &", null, null],
    ["npm test & wait", null, null],
    ["(npm test; true)", null, null],
    ["{ npm test; } | tail", null, null],
    ["if npm test; then echo yes; fi", null, null],
    ["for i in 1 2; do npm test; done", null, null],
    ["! npm test", null, null],
    ["bash -c 'npm test | tail'", null, null],
    ["bash -c 'npm test' && echo ok", true, false],
    ["timeout 60 npm test", true, false],
  ];
  for (const [line, well, badly] of table)
    test(JSON.stringify(line), () => {
      assert.deepEqual([ranOnce(line, true), ranOnce(line, false)], [[well], [badly]]);
    });
});

/** Each line with its outcome; null is a call that never ended. */
function ran(...calls: [line: string, ok: boolean | null][]): TestOutcome[] {
  let runs = testsBegun([], { call: "0", tool: "read", input: '{"path":"a"}' }, null);
  for (const [i, [line, ok]] of calls.entries()) {
    runs = testsBegun(runs, { ...called(line), call: `${i}` }, null);
    if (ok !== null) runs = testsEnded(runs, { call: `${i}`, ok });
  }
  return outcomesOf(runs);
}

describe("of a turn", () => {
  test("the last run of a command counts: failed, fixed, passed", () => {
    assert.deepEqual(ran(["npm test", false], ["npm run build", true], ["npm test", true]), [
      { command: "npm test", ok: true },
    ]);
  });

  test("passed once and then cut off is not passed", () => {
    assert.deepEqual(ran(["npm test", true], ["npm test", null]), [{ command: "npm test", ok: null }]);
  });

  test("five are kept, and the failed ones above all", () => {
    const lines = ["a", "b", "c", "d", "e", "f", "g"].map((name): [string, boolean] => [
      `pytest ${name}`,
      name !== "a",
    ]);
    assert.deepEqual(
      ran(...lines).map(({ command }) => command),
      ["pytest a", "pytest d", "pytest e", "pytest f", "pytest g"],
    );
  });

  test("only what a shell was told counts, in whatever shape, and a cut input tells nothing", () => {
    const names = (tool: string, input: string) =>
      testsBegun([], { call: "1", tool, input }, null).map((run) => run.command);
    assert.deepEqual(names("shell", '{"command":["bash","-lc","npm test"]}'), ["npm test"]);
    assert.deepEqual(names("exec_command", '{"cmd":"npm test"}'), ["npm test"]);
    assert.deepEqual(names("write", '{"command":"npm test"}'), []);
    assert.deepEqual(names("bash", '{"command":"npm test'), []);
    assert.deepEqual(names("bash", "null"), []);
    assert.deepEqual(names("bash", '{"command":7}'), []);
  });
});
