import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { neutralise, neutraliseLine } from "../../src/surfaces/github-neutral.ts";

/** The invisible break, written so that a reader of the test sees it. */
const withBreaks = (text: string) => text.replaceAll("|", "\u200b");

const rows: [name: string, written: string, posted: string][] = [
  ["plain words stay", "Fixed the login test.", "Fixed the login test."],
  ["a person", "Thanks @alice!", "Thanks @|alice!"],
  ["a team", "cc @acme/core", "cc @|acme/core"],
  [
    "a person in bold, a link and a tag",
    "**@a** [@b](https://b.dev) <b>@c</b>",
    "**@|a** [@|b](https://b.dev) <b>@|c</b>",
  ],
  ["a person after a slash", "and/@alice", "and/@|alice"],
  ["an e-mail address is nobody's name", "mail a@b.dev", "mail a@b.dev"],
  ["a name in an address of the web", "see https://a.dev/@scope/x and @b", "see https://a.dev/@scope/x and @|b"],
  ["a name after what is no address", "see https://@alice", "see https://@|alice"],
  ["a name in code", "`@alice` and\n\n```\n@bob fixes #1\n```", "`@alice` and\n\n```\n@bob fixes #1\n```"],
  ["a name after an accent in an address", "[x](</`>) @org `c`", "[x](</`>) @|org `c`"],
  ["a picture after an accent in a title", '[x](/a ")`") ![i](//e) `c`', '[x](/a ")`") [i](//e) `c`'],
  ["a name after an accent in a definition", "[x]: /`\n@org `c`", "[x]: /`\n@|org `c`"],
  ["a name in code after a link", "[`a`](/a) says `@alice`", "[`a`](/a) says `@alice`"],
  ["a keyword that closes", "Fixes #12", "F|ixes #12"],
  [
    "every keyword that closes",
    "close #1 closed #2 resolves #3 Resolved #4",
    "c|lose #1 c|losed #2 r|esolves #3 R|esolved #4",
  ],
  ["a keyword with a colon", "fix: #12", "f|ix: #12"],
  ["a keyword with another repository", "closes acme/web#7", "c|loses acme/web#7"],
  [
    "a keyword with an address",
    "resolves https://github.com/a/b/issues/1",
    "r|esolves https://github.com/a/b/issues/1",
  ],
  ["a keyword in bold", "fixes **#1**", "f|ixes **#1**"],
  ["a keyword without an issue", "this fixes the test", "this fixes the test"],
  ["an issue without a keyword", "see #12", "see #12"],
  ["a comment that nobody would see", "a <!-- threadbox:x --> b", "a  b"],
  ["a comment that is not closed", "a <!-- b", "a &lt;!-- b"],
  ["a comment in code", "`<!-- x -->`", "`<!-- x -->`"],
  ["a picture becomes a link", "![plan](https://evil.dev/?s=1)", "[plan](https://evil.dev/?s=1)"],
  ["a picture without words", "![](https://evil.dev/?s=1)", "[image](https://evil.dev/?s=1)"],
  ["a picture in HTML", '<img src="https://evil.dev/?s=1">', '&lt;img src="https://evil.dev/?s=1">'],
  ["a fence that was left open", "a\n```js\nb", "a\n```js\nb\n```"],
  ["a longer fence that was left open", "~~~~\n~~~\nb", "~~~~\n~~~\nb\n~~~~"],
  ["a fence that was closed", "```\nb\n````\nc", "```\nb\n````\nc"],
  ["a token in words", `it is ghp_${"a".repeat(36)}.`, "it is [secret]"],
  ["a token in code", `\`ghs_12345_${"eyJ.x-y_z".repeat(50)}\``, "`[secret]`"],
];

describe("the agent's words are made harmless", () => {
  for (const [name, written, posted] of rows) {
    test(name, () => assert.equal(neutralise(written), withBreaks(posted)));
  }
});

test("a title is one line and pings nobody", () => {
  assert.equal(neutraliseLine(" fixes #1\nfor @alice "), withBreaks("f|ixes #1 for @|alice"));
});

test("what looks like code across two cells of a table is none, to GitHub either", () => {
  assert.equal(
    neutralise("| `a | @alice fixes #1 ` |\n|---|---|"),
    "| `a | @\u200balice f\u200bixes #1 ` |\n|---|---|",
  );
});
