/** What keeps OpenCode from being started in a repository: it runs plugins unasked. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pluginsIn } from "../../../src/daemon/agents/opencode-config.ts";

for (const [file, text, found] of [
  [".opencode/plugin/notify.js", "", "the repository's .opencode/plugin"],
  [".opencode/plugins/notify.ts", "", "the repository's .opencode/plugins"],
  ["opencode.json", '{ "plugin": ["./p.js"] }', "the plugins of the repository's opencode.json"],
  ["opencode.jsonc", '{ "\\u0070lugin": ["./p.js"] }', "the plugins of the repository's opencode.jsonc"],
  [".opencode/opencode.json", '{ "plugin": ["./p.js"] }', "the plugins of the repository's .opencode/opencode.json"],
  ["opencode.json", '{ "model": "anthropic/claude-sonnet-5" }', null],
  ["README.md", "plugin", null],
] as const) {
  test(`${file} with ${text || "anything"}: ${found ?? "nothing to run"}`, async (t) => {
    const cwd = mkdtempSync(join(tmpdir(), "plugins-"));
    t.after(() => rmSync(cwd, { recursive: true }));
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
    assert.equal(await pluginsIn(cwd), found);
  });
}
