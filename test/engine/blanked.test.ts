import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../src/config.ts";
import { blanked } from "../../src/engine/blanked.ts";
import { ownSecrets } from "../../src/own-secrets.ts";
import { blankerOf } from "../../src/wire/secrets.ts";

const KEY_LINE = "aB3/".repeat(16);
const config = readConfig({
  DATABASE_URL: "postgres://bot:p%40ssword-of-the-database@db/x",
  METRICS_TOKEN: "m".repeat(20),
  GITHUB_APP_ID: "1",
  GITHUB_PRIVATE_KEY: `-----BEGIN RSA PRIVATE KEY-----\n${KEY_LINE}\n-----END RSA PRIVATE KEY-----\n`,
  GITHUB_WEBHOOK_SECRET: "hush",
  GITHUB_WEBHOOK_SECRET_PREVIOUS: "before-that-it-was-this",
  API_TOKENS: `ci:${"c".repeat(32)}`,
  THREADBOX_SECRET_KEYS: Buffer.alloc(32, 7).toString("base64"),
  SLACK_BOT_TOKEN: "xoxb-1-2-three-four-five",
  SLACK_SIGNING_SECRET: "0123456789abcdef0123456789abcdef",
});

async function told(text: string): Promise<string> {
  async function* entries() {
    yield { epoch: "e", cursor: 1, at: 1, event: { type: "text" as const, turn: "t", message: 1, text } };
  }
  for await (const { event } of blanked(entries(), blankerOf(ownSecrets(config))))
    if (event.type === "text") return event.text;
  return "";
}

test("CodeRabbit 2025: the bot's own secrets, which an agent has read from its folder, are not told", async () => {
  const signing = "0123456789abcdef0123456789abcdef";
  assert.equal(
    await told(`${signing} ${KEY_LINE} p@ssword-of-the-database ${"m".repeat(20)} ${JSON.stringify({ signing })}`),
    '[secret] [secret] [secret] [secret] {"signing":"[secret]"}',
  );
});

const others: [string, string][] = [
  ["token of a program that may ask", "c".repeat(32)],
  ["key that seals the workspaces' tokens", Buffer.alloc(32, 7).toString("base64")],
  ["webhook secret from before", "before-that-it-was-this"],
];
for (const [name, secret] of others)
  test(`nor is the ${name}`, async () => assert.equal(await told(`It is ${secret} there.`), "It is [secret] there."));

test("what is short enough to be a word, and all that is none of them, stays", async () => {
  assert.equal(await told("hush, said the bot"), "hush, said the bot");
});
