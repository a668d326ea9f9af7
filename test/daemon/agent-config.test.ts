import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Entry, exchanged, isAgentConfig, readEntries, unlinked } from "../../src/daemon/agent-config.ts";
import { imported } from "../../src/daemon/agent-imports.ts";

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

describe("what the base's configuration names", () => {
  const MIRROR = ".claude/from-base";
  const base = [
    ...["CLAUDE.md", "GEMINI.md", "sub/CLAUDE.md", "opencode.json", "docs/x.md", "docs/deep/y.md", "docs/code.ts"],
    ...["sub/rules.md", "package.json", ".claude/commands/fix.md", ".claude/rules.md"],
  ].map((path) => file(path, `base ${path}`));
  const rows: [what: string, path: string, text: string, becomes: string | null, copies: string[]][] = [
    ["an import", "CLAUDE.md", "See @docs/x.md.", `See @${MIRROR}/docs/x.md.`, ["docs/x.md"]],
    ["of Gemini's", "GEMINI.md", "@./docs/x.md\n", `@${MIRROR}/docs/x.md\n`, ["docs/x.md"]],
    [
      "from a folder, from that folder",
      "sub/CLAUDE.md",
      "- @rules.md",
      `- @../${MIRROR}/sub/rules.md`,
      ["sub/rules.md"],
    ],
    ["upwards", "sub/CLAUDE.md", "@../docs/x.md", `@../${MIRROR}/docs/x.md`, ["docs/x.md"]],
    [
      "a file that is worked on is copied, and stays the stranger's where it is",
      "CLAUDE.md",
      "Scripts: @package.json",
      `Scripts: @${MIRROR}/package.json`,
      ["package.json"],
    ],
    ["from the root, in a command", ".claude/commands/fix.md", "@docs/x.md", `@../from-base/docs/x.md`, ["docs/x.md"]],
    ["one that only the stranger has leads nowhere", "CLAUDE.md", "@docs/evil.md", `@${MIRROR}/docs/evil.md`, []],
    ["one that nobody has stays", "CLAUDE.md", "@alice, @docs/none.md and a@docs/x.md", null, []],
    ["one out of the repository stays", "CLAUDE.md", "@~/mine.md @../../etc/passwd", null, []],
    ["configuration is the base's where it stands", "CLAUDE.md", "@.claude/rules.md", null, []],
    [
      "opencode's instructions",
      "opencode.json",
      '{ "instructions": ["docs/**/*.md", "https://a.test/x.md"] }',
      `{ "instructions": ["${MIRROR}/docs/**/*.md", "https://a.test/x.md"] }`,
      ["docs/x.md", "docs/deep/y.md"],
    ],
    [
      "opencode's files",
      "opencode.json",
      '{ "prompt": "{file:./docs/code.ts}" }',
      `{ "prompt": "{file:${MIRROR}/docs/code.ts}" }`,
      ["docs/code.ts"],
    ],
  ];
  const ours = [...base, file("docs/evil.md", "evil")];
  for (const [what, path, text, becomes, copies] of rows) {
    test(what, () => {
      const found = imported(base, ours, new Map([[path, text]]));
      assert.deepEqual(
        found.rewritten.map((one) => [one.entry.path, one.text]),
        becomes === null ? [] : [[path, becomes]],
      );
      assert.deepEqual(
        found.copies,
        copies.map((one) => file(`${MIRROR}/${one}`, `base ${one}`)),
      );
    });
  }
  test("what is named by what is named is copied as well, and needs no other words there", () => {
    const texts = new Map([["CLAUDE.md", "@docs/x.md"]]);
    assert.deepEqual(
      imported(base, ours, texts).wants.map(({ path }) => path),
      ["docs/x.md"],
    );
    const deeper = imported(base, ours, texts.set("docs/x.md", "@deep/y.md and @x.md"));
    assert.deepEqual(
      deeper.copies.map(({ path }) => path),
      [`${MIRROR}/docs/x.md`, `${MIRROR}/docs/deep/y.md`],
    );
  });
  test("it all counts as configuration, so it is lifted again", () => assert.ok(isAgentConfig(`${MIRROR}/docs/x.md`)));
});
