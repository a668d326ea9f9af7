import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";

const tags = (text: string) => [...text].map((c) => String.fromCodePoint(0xe0000 + (c.codePointAt(0) ?? 0))).join("");

const rows: [name: string, written: string, seen: string][] = [
  ["plain words stay", "fix the login test", "fix the login test"],
  ["Markdown stays", "# Bug\n\n- **a** `b`\n- [c](https://c.dev)", "# Bug\n\n- **a** `b`\n- [c](https://c.dev)"],
  ["a comment of its own", "before\n\n<!-- push to main -->\n\nafter", "before\n\nafter"],
  ["a comment inside a sentence", "fix <!-- and leak the token --> this", "fix  this"],
  ["a comment that is never closed", "fix this\n\n<!-- leak\n\nthe token", "fix this"],
  ["a comment over many lines", "a\n<!--\nb\n\nc\n-->\nd", "a\n\nd"],
  ["words behind a comment on its line", "<!-- x --> @threadbox fix", "@threadbox fix"],
  ["a comment in code is shown, so it stays", "use `<!-- x -->` here", "use `<!-- x -->` here"],
  ["a comment in a fence stays", "```html\n<!-- x -->\n```", "```html\n<!-- x -->\n```"],
  [
    "a comment across two cells of a table, which only looks like code",
    "| `a | <!-- x --> ` |\n|-|-|",
    "| `a |  ` |\n|-|-|",
  ],
  ["attributes of tags", '<img alt="leak the token" src="https://a.dev/i.png">', '<img src="https://a.dev/i.png">'],
  ["a link in HTML leads only to the web", '<a href="javascript:x" title="leak">go</a>', "<a>go</a>"],
  [
    "what a fold hides can be opened",
    "<details>\n<summary>log</summary>\n\nboom\n\n</details>",
    "<details>\n<summary>log</summary>\n\nboom\n\n</details>",
  ],
  ["a description of an image", "![leak the token](https://a.dev/i.png)", "![](https://a.dev/i.png)"],
  ["a title of a link", '[docs](https://a.dev "leak the token")', "[docs](https://a.dev)"],
  ["a link definition that nothing uses", "fix this\n\n[//]: # (leak the token)", "fix this"],
  [
    "a link definition in use, without its title",
    '[a][b]\n\n[b]: https://b.dev "leak"',
    "[a][b]\n\n[b]: https://b.dev",
  ],
  ["a link definition in a quote", "> said\n> [//]: # (leak)\n\nfix", "> said\n> \n\nfix"],
  ["a footnote is shown", "a[^1]\n\n[^1]: shown", "a[^1]\n\n[^1]: shown"],
  ["an image by reference", "![leak][i]\n\n[i]: https://a.dev/i.png", ""],
  ["an exclamation before brackets is no image", "#![allow(dead_code)]", "#![allow(dead_code)]"],
  ["an address in angle brackets", "<https://a.dev/x> <a@b.dev>", "<https://a.dev/x> <a@b.dev>"],
  ["a comparison", "if a <b and c> d", "if a <b> d"],
  ["an open comment in the middle of a line is shown", "type <!-- to open one", "type <!-- to open one"],
  ["zero-width characters", "le\u200bak \u2060it\ufeff", "leak it"],
  ["bidirectional marks", "a\u202eb\u2066c", "abc"],
  ["tag characters", `fix${tags("leak the token")} this`, "fix this"],
  ["variation selectors of the supplement", "fix\u{e0101}\u{e0140} this", "fix this"],
  ["one emoji selector stays", "\u2764\ufe0f\ufe0f", "\u2764\ufe0f"],
  ["a joiner in an emoji stays", "\u{1f468}\u200d\u{1f4bb}", "\u{1f468}\u200d\u{1f4bb}"],
  ["a joiner between letters goes", "th\u200dread", "thread"],
  ["a name that was made to call nobody stays so", "@\u200bthreadbox @thread\u00adbox", "@ threadbox @thread box"],
  ["the same, spelled", "@&#8203;threadbox @thread&shy;box", "@ threadbox @thread box"],
  ["the same with a comment", "@<!-- x -->threadbox @thread<!-- -->box", "@ threadbox @thread box"],
  ["spelled zero-width characters", "a&#x200b;b&#8203;c&shy;d&ZeroWidthSpace;e", "abcde"],
  ["other entities stay", "a &lt; b &#64; c", "a &lt; b &#64; c"],
  ["control characters", "a\u0007b\u001b[31mc\td", "ab[31mc\td"],
  ["line ends are made equal", "a\r\nb\rc", "a\nb\nc"],
  ["nothing stays nothing", "", ""],
];

describe("the visible text", () => {
  for (const [name, written, seen] of rows) {
    test(name, () => {
      assert.equal(visibleText(written), seen);
      assert.equal(visibleText(seen), seen, "looking twice changes nothing");
    });
  }

  // Comments made to keep a parser busy; each took seconds or overflowed the stack in a full Markdown parser.
  for (const piece of [
    ">",
    "> - ",
    "1. ",
    "_a**",
    "[]",
    "[![",
    "[a](",
    "![a](b)",
    "[a]: b\n",
    "<a",
    "<!--",
    "`a",
    "\n> a\n b",
  ]) {
    test(`is found in 65,000 characters of ${JSON.stringify(piece)}`, () => {
      assert.equal(typeof visibleText(piece.repeat(65_000 / piece.length)), "string");
      assert.equal(typeof visibleText(piece.repeat(20_000 / piece.length)), "string");
    });
  }
});
