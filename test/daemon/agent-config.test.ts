import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Entry, exchanged, isAgentConfig, readEntries, unlinked } from "../../src/daemon/agent-config.ts";

const HOSTILE: [attack: string, path: string][] = [
  ["hackerbot-claw: a CLAUDE.md in the pull request", "CLAUDE.md"],
  ["hackerbot-claw: the same in a folder that the agent will look into", "packages/api/CLAUDE.md"],
  ["hackerbot-claw: the same for other agents", "docs/AGENTS.md"],
  ["CVE-2025-59536: hooks in the repository's settings run before anybody is asked", ".claude/settings.json"],
  ["CVE-2025-59536: a server that the agent starts", ".mcp.json"],
  ["CVE-2026-21852: the model's address in the settings sends the key elsewhere", ".claude/settings.local.json"],
  ["CVE-2026-33068: permissions granted by the repository itself", "sub/.claude/settings.json"],
  ["IDEsaster: settings of an editor that run a program", ".vscode/tasks.json"],
  ["IDEsaster: rules of an editor's agent", ".cursor/rules/all.mdc"],
  ["extensions of pi are programs", ".pi/extensions/x.ts"],
  ["rules for Copilot, which other agents read as well", ".github/copilot-instructions.md"],
  ["a registry of their own, with scripts", ".npmrc"],
  ["a registry of their own, in a workspace", "packages/api/.npmrc"],
  ["yarn runs what yarnPath names", ".yarnrc.yml"],
  ["bun preloads what it is told", "bunfig.toml"],
  ["a preprocessor for every search (--pre)", ".ripgreprc"],
  ["direnv", ".envrc"],
  ["hooks of git by husky", ".husky/pre-commit"],
  ["addresses of submodules", ".gitmodules"],
  ["a server for large files", ".lfsconfig"],
  ["another case, for file systems that do not tell them apart", "Claude.MD"],
  ["another case of a folder", ".CLAUDE/settings.json"],
  ["CVE-2014-9390: characters that macOS does not see", ".cla\u200cude/settings.json"],
  ["full-width letters that macOS opens by the plain name", "ＣＬＡＵＤＥ.md"],
  ["Windows: dots and spaces at the end", "CLAUDE.md. ."],
  ["Windows: a stream behind the name", ".npmrc::$DATA"],
  ["a link in the place of the folder", ".claude"],
];

for (const [attack, path] of HOSTILE) test(`${attack}: ${path}`, () => assert.equal(isAgentConfig(path), true));

for (const path of [
  "src/claude.ts",
  "README.md",
  "claude/settings.json",
  "docs/copilot-instructions.md",
  ".github/workflows/ci.yml",
  "AGENTS.md.bak",
  "package.json",
]) {
  test(`left alone: ${path}`, () => assert.equal(isAgentConfig(path), false));
}

const file = (path: string, sha: string, mode = "100644"): Entry => ({ mode, sha, path });

describe("a tree with the base's configuration", () => {
  const rows: [what: string, ours: Entry[], theirs: Entry[], put: Entry[], gone: string[]][] = [
    ["the same on both sides changes nothing", [file("CLAUDE.md", "a")], [file("CLAUDE.md", "a")], [], []],
    [
      "their words give way to the base's",
      [file("CLAUDE.md", "evil"), file("a.ts", "x")],
      [file("CLAUDE.md", "a"), file("a.ts", "y")],
      [file("CLAUDE.md", "a")],
      [],
    ],
    ["what the base does not have goes", [file(".npmrc", "evil")], [], [], [".npmrc"]],
    ["what they took away comes back", [], [file("x/AGENTS.md", "a")], [file("x/AGENTS.md", "a")], []],
    [
      "a link in the place of a folder goes, and the folder is there",
      [file(".claude", "to-etc", "120000")],
      [file(".claude/settings.json", "a")],
      [file(".claude/settings.json", "a")],
      [".claude"],
    ],
    [
      "a program by its mode alone",
      [file(".husky/pre-push", "a", "100755")],
      [file(".husky/pre-push", "a")],
      [file(".husky/pre-push", "a")],
      [],
    ],
    ["another case goes", [file("claude.md", "evil")], [], [], ["claude.md"]],
    ["a submodule by that name goes", [file(".claude", "c0", "160000")], [], [], [".claude"]],
    [
      "a file of theirs where the base has a folder stays: no tool finds a file there",
      [file("pkg", "x")],
      [file("pkg/AGENTS.md", "a")],
      [],
      [],
    ],
  ];
  for (const [what, ours, theirs, put, gone] of rows) {
    test(what, () => assert.deepEqual(exchanged(ours, theirs), { put, gone }));
  }
});

describe("links in the base's configuration", () => {
  const base = [file("docs/rules.md", "r"), file("AGENTS.md", "a")];
  const link = (path: string) => file(path, "l", "120000");
  const to = (target: string, path = "CLAUDE.md") => unlinked([...base, link(path)], () => target).at(-1);
  test("one to a file that a fork can write becomes what the base has there", () => {
    assert.deepEqual(to("docs/rules.md"), file("CLAUDE.md", "r"));
    assert.deepEqual(to("../AGENTS.md", "docs/CLAUDE.md"), file("docs/CLAUDE.md", "a"));
  });
  for (const target of ["/etc/passwd", "../../etc/passwd", "missing.md", "docs"]) {
    test(`one to ${target} is left out`, () => assert.deepEqual(to(target), base.at(-1)));
  }
});

test("entries are read as git writes them, whatever is in a name", () =>
  assert.deepEqual(readEntries("100644 blob aa\tsrc/a b.ts\0" + "120000 blob bb\tline\nbreak\0"), [
    file("src/a b.ts", "aa"),
    file("line\nbreak", "bb", "120000"),
  ]));
