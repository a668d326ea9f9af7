/** What of an agent's own login file goes into a sandbox. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AgentLogin, secretsOf, withoutRefreshTokens } from "../../src/wire/logins.ts";

/** As the agents write them, with values that say what they are. */
const FILES: [agent: string, before: AgentLogin, after: AgentLogin, secrets: string[]][] = [
  [
    "Claude Code",
    {
      claudeAiOauth: {
        accessToken: "an-access-token",
        refreshToken: "a-refresh-token",
        expiresAt: 1_800_000_000_000,
        refreshTokenExpiresAt: 1_900_000_000_000,
        scopes: ["user:inference", "user:profile"],
        subscriptionType: "max",
      },
    },
    {
      claudeAiOauth: {
        accessToken: "an-access-token",
        refreshToken: "",
        expiresAt: 1_800_000_000_000,
        refreshTokenExpiresAt: 1_900_000_000_000,
        scopes: ["user:inference", "user:profile"],
        subscriptionType: "max",
      },
    },
    ["an-access-token"],
  ],
  [
    "codex",
    {
      auth_mode: "chatgpt",
      OPENAI_API_KEY: null,
      tokens: { id_token: "an-identity-token", access_token: "an-access-token", refresh_token: "a-refresh-token" },
      last_refresh: "2026-11-20T10:00:00.123456789Z",
    },
    {
      auth_mode: "chatgpt",
      OPENAI_API_KEY: null,
      tokens: { id_token: "an-identity-token", access_token: "an-access-token", refresh_token: "" },
      last_refresh: "2026-11-20T10:00:00.123456789Z",
    },
    ["an-identity-token", "an-access-token"],
  ],
  [
    "opencode",
    {
      anthropic: { type: "oauth", refresh: "a-refresh-token", access: "an-access-token", expires: 1 },
      other: { type: "api", key: "a-key-of-theirs" },
    },
    {
      anthropic: { type: "oauth", refresh: "", access: "an-access-token", expires: 1 },
      other: { type: "api", key: "a-key-of-theirs" },
    },
    ["an-access-token", "a-key-of-theirs"],
  ],
  [
    "any other, however deep",
    { a: [{ refreshTokens: [{ value: "one" }, "two", 3, null, true] }], REFRESH: { inside: { deep: "x" } } },
    { a: [{ refreshTokens: [{ value: "" }, "", 3, null, true] }], REFRESH: { inside: { deep: "" } } },
    [],
  ],
];

for (const [agent, before, after, secrets] of FILES) {
  test(`what renews a login stays at home, and its fields stay where they are: ${agent}`, () => {
    assert.deepEqual(withoutRefreshTokens(before), after);
    assert.deepEqual(withoutRefreshTokens(after), after);
    assert.deepEqual(secretsOf(after), secrets);
  });
}
