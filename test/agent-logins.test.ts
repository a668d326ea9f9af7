/** Login files of agents, from the folder that a team keeps them in. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readAgentLogins } from "../src/agent-logins.ts";
import { credentialsFor } from "../src/engine/send.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "logins-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a sandbox is handed the logins as they are at that moment, without what renews them", async (t) => {
  const folder = folderOf(t);
  const forge = { credential: async () => null, identity: async () => ({ name: "Bot", email: "bot@example.com" }) };
  const settings = { agent: "claude", agents: [], model: undefined, models: {}, logins: () => readAgentLogins(folder) };
  const handed = () =>
    credentialsFor(
      { forge, settings },
      { repository: { id: "7", name: "acme/api", url: "file:///api", base: "main" } },
    );
  const write = (accessToken: string) =>
    writeFileSync(join(folder, "claude.json"), JSON.stringify({ claudeAiOauth: { accessToken, refreshToken: "x" } }));
  write("yesterday's");
  assert.deepEqual(await handed(), {
    version: "1",
    llm: {},
    logins: { claude: { claudeAiOauth: { accessToken: "yesterday's", refreshToken: "" } } },
  });
  write("today's");
  assert.deepEqual((await handed()).logins?.claude, { claudeAiOauth: { accessToken: "today's", refreshToken: "" } });
});

test("what is no login is refused by its name, and not with what is in it", (t) => {
  const folder = folderOf(t);
  const reading = () => readAgentLogins(folder);
  assert.throws(reading, { code: "config.invalid", detail: /has none of claude\.json, opencode\.json, codex\.json/ });
  writeFileSync(join(folder, "codex.json"), '{"tokens": {"access_token": "a-secret"');
  assert.throws(
    reading,
    (thrown: Error) => /codex\.json is not/.test(thrown.message) && !/a-secret/.test(String(thrown.stack)),
  );
});
