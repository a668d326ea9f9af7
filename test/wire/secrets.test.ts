/** What is known by its look, and in which spellings a value is found; the same table serves what leaves a sandbox and what is posted. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRedactor } from "../../src/daemon/redactor.ts";
import { blankTokens, FORMATS, formsOf, heldForLook } from "../../src/wire/secrets.ts";

const JWT = `eyJ${"hbGciOi-J9_".repeat(3)}.eyJ${"zdWIi_OiIx-".repeat(8)}.${"s1g-N4_tu".repeat(5)}`;
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIEpAIBAAKCAQEA+/x=\n".repeat(20)}-----END RSA PRIVATE KEY-----`;

const TOKENS: [name: string, token: string][] = [
  ["GitHub, classic", `ghp_${"A1".repeat(18)}`],
  ["GitHub, OAuth", `gho_${"A1".repeat(18)}`],
  ["GitHub, of a person by an App", `ghu_${"A1".repeat(18)}`],
  ["GitHub, to refresh", `ghr_${"A1".repeat(38)}`],
  ["GitHub, of an installation until 2026", `ghs_${"A1".repeat(18)}`],
  ["GitHub, of an installation since (CCA sanitizer: 36 letters were taken for granted)", `ghs_1200001_${JWT}`],
  ["GitHub, of an installation, as long as they get", `ghs_1200001_${"a-B_c.9".repeat(74)}`],
  ["GitHub, fine-grained", `github_pat_${"A1_".repeat(27)}A`],
  ["Slack, of a bot", "xoxb-123456789012-123456789012-abcdefghijkl"],
  ["Slack, of a person", "xoxp-123456789012-abcdefghijkl"],
  ["Slack, of the app", "xapp-1-A0123456789-1234567890-abcdef"],
  ["Slack, that expires", `xoxe.xoxb-1-${"Mi0yLTE".repeat(20)}`],
  ["Slack, to refresh", `xoxe-1-${"My0xLTE".repeat(20)}`],
  ["Modal, its id", `ak-${"aB3".repeat(7)}x`],
  ["Modal, its secret", `as-${"aB3".repeat(7)}x`],
  ["Anthropic", `sk-ant-api03-${"a-B_".repeat(20)}AA`],
  ["OpenAI", `sk-proj-${"aB3_".repeat(20)}`],
  ["a JWT", JWT],
  ["a private key", PEM],
  ["a private key of the newer kind", PEM.replaceAll("RSA ", "")],
];

describe("by its look, wherever it stands", () => {
  for (const [name, token] of TOKENS) {
    test(name, () => {
      for (const [before, after] of [
        ["a ", " b"],
        ['"', '"'],
        ["token=", "&x=1"],
        ["https://x-access-token:", "@github.com"],
        ["`", "`"],
        ["(", ")"],
        ["\n", "\n"],
      ])
        assert.equal(blankTokens(`${before}${token}${after}`), `${before}[secret]${after}`);
      for (const object of [{ a: { b: `line\n${token}\n"quoted"` } }, JSON.stringify({ a: `\n${token}` })]) {
        const json = blankTokens(JSON.stringify(object));
        assert.ok(!json.includes(token.slice(4, 30)), json);
        assert.doesNotThrow(() => JSON.parse(json));
      }
    });
  }
});

describe("what looks like nothing of the kind stays", () => {
  for (const words of [
    "ghp_short",
    "the ghs_ prefix",
    "sk-learn and sk-image",
    "as-needed, as-is-without-changes",
    "ask-forgiveness-not-permission-in-all-cases",
    "xoxo",
    "eyJhbGciOiJIUzI1NiJ9",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "-----BEGIN RSA PRIVATE KEY----- is how it begins",
    "6ab3f4f1f0c0a1d2e3f4a5b6c7d8e9f0a1b2c3d4",
  ])
    test(words.slice(0, 40), () => assert.equal(blankTokens(words), words));
});

test("one key of JSON text does not take the next one with it", () => {
  const json = JSON.stringify({ a: "-----BEGIN RSA PRIVATE KEY-----\nMII", b: "x\n-----END RSA PRIVATE KEY-----" });
  assert.equal(blankTokens(json), json);
});

test("text that was made to keep it busy is done with at once", () => {
  for (const text of [
    "-----BEGIN PRIVATE KEY-----".repeat(4_000),
    "eyJ".repeat(50_000),
    "ghs_".repeat(50_000),
    `sk-${"a".repeat(200_000)}`,
  ])
    assert.ok(blankTokens(text).length > 0);
});

describe("by its value, in every spelling", () => {
  const VALUE = 'p4ss/w+rd "with" spaces & ünicode';
  const rows: [name: string, text: string][] = [
    ["as it is", VALUE],
    ["in JSON", JSON.stringify({ v: VALUE })],
    ["in JSON in JSON", JSON.stringify(JSON.stringify({ v: VALUE }))],
    ["in a URL", `?v=${encodeURIComponent(VALUE)}`],
    ["in hexadecimal", Buffer.from(VALUE).toString("hex")],
    ...[0, 1, 2, 3, 4].map((before): [string, string] => [
      `in base64, ${before} bytes in`,
      Buffer.from(`${"x".repeat(before)}${VALUE}:more`).toString("base64"),
    ]),
    ["in base64 for URLs", Buffer.from(`u:${VALUE}`).toString("base64url")],
  ];
  for (const [name, text] of rows) {
    test(name, () => {
      const redactor = createRedactor();
      redactor.learn(VALUE);
      assert.match(redactor.blank(text), /\[secret\]/);
      assert.ok(redactor.unpushable().some((form) => text.includes(form)));
    });
  }

  test("one that is told again and again is not forgotten for the many that come and go", () => {
    const redactor = createRedactor();
    for (let count = 0; count < 300; count += 1) {
      redactor.learn(VALUE);
      redactor.learn(`a token that is good for an hour: ${count}`);
      assert.ok(redactor.unpushable().includes(VALUE), `after ${count}`);
    }
  });

  test("a short one has no spelling that stands in ordinary words", () =>
    assert.ok(formsOf("12345678").every((form) => form.length >= 8)));
});

describe("split over two pieces of a stream", () => {
  for (const [name, token] of TOKENS.filter(([, one]) => !one.startsWith("-----"))) {
    test(name, () => {
      const redactor = createRedactor();
      for (let at = 1; at < token.length; at += 1) {
        const first = `It is ${token.slice(0, at)}`;
        const held = redactor.heldTail(first);
        const told = redactor.blank(first.slice(0, first.length - held));
        assert.equal(
          told + redactor.blank(`${first.slice(first.length - held)}${token.slice(at)} now`),
          "It is [secret] now",
        );
      }
    });
  }
  test("ordinary words are not held", () => {
    for (const text of ["and so", "It is done.", "the test", "goes on"]) assert.equal(heldForLook(text), 0);
    assert.ok(FORMATS.length > 0);
  });
});
