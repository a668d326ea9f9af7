import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findMention } from "../../../handlers/github/mention.ts";
import { visibleText } from "../../../src/surfaces/github-sanitize.ts";

const names = ["threadbox", "acme-coder"];

const addressed: [name: string, body: string, request: string][] = [
  ["at the start", "@threadbox fix the login test", "fix the login test"],
  ["in the middle", "could you @threadbox fix this?", "could you fix this?"],
  ["at the end", "fix this @threadbox", "fix this"],
  ["with a full stop", "Please, @threadbox.", "Please, ."],
  ["with a comma", "@threadbox, fix this", "fix this"],
  ["with a colon", "@threadbox: stop", "stop"],
  ["with a question mark", "@threadbox?", "?"],
  ["alone", "@threadbox", ""],
  ["in other letters", "@ThreadBox fix", "fix"],
  ["by the App's name", "@acme-coder fix", "fix"],
  ["by the App's login", "@acme-coder[bot] fix", "fix"],
  ["twice", "@threadbox fix this, @threadbox", "fix this,"],
  ["in brackets", "(@threadbox) fix", "() fix"],
  ["in bold", "**@threadbox** fix", "**** fix"],
  ["in italics", "_@threadbox fix_", "_fix_"],
  ["in a heading", "# @threadbox fix", "# fix"],
  ["in a list", "- a\n- @threadbox fix b", "- a\n- fix b"],
  ["in a table", "| a |\n|---|\n| @threadbox fix |", "| a |\n|---|\n| fix |"],
  ["under a quote", "> it fails\n\n@threadbox fix it", "> it fails\n\nfix it"],
  ["over code", "@threadbox fix\n\n```\n@threadbox\n```", "fix\n\n```\n@threadbox\n```"],
  ["beside code", "`x` @threadbox fix `y`", "`x` fix `y`"],
  ["on a line of its own", "The test fails.\n@threadbox\nPlease fix.", "The test fails.\n\nPlease fix."],
  ["behind a comment for machines", "<!-- x -->\n@threadbox fix", "<!-- x -->\nfix"],
  ["between tags", "<b>@threadbox</b> fix", "<b></b> fix"],
  ["after dots", "...@threadbox fix", "...fix"],
  ["after a full-width comma", "请看，@threadbox 修复", "请看，修复"],
  ["in text that says one[bot] too", "one[bot] @threadbox fix", "one[bot] fix"],
  ["in a nested list", "- a\n  - b\n    - @threadbox fix c", "- a\n  - b\n    - fix c"],
  ["in a task", "- [ ] @threadbox fix", "- [ ] fix"],
  ["in brackets that are no link", "[@threadbox] fix", "[] fix"],
  ["beside a link", "[the log](https://example.dev/1) @threadbox fix", "[the log](https://example.dev/1) fix"],
  [
    "under a mail that is quoted",
    "> On Mon, alice wrote:\n> it fails\n\n@threadbox fix",
    "> On Mon, alice wrote:\n> it fails\n\nfix",
  ],
  ["over a mail that is quoted", "@threadbox fix\n\nOn Mon, alice wrote:\n> x", "fix\n\nOn Mon, alice wrote:\n> x"],
  ["over older mails", "@threadbox fix\n\n-----Original Message-----\nx", "fix\n\n-----Original Message-----\nx"],
  [
    "beside what is folded away",
    "<details>\n\nlog\n\n</details>\n\n@threadbox fix",
    "<details>\n\nlog\n\n</details>\n\nfix",
  ],
  ["over a footnote", "@threadbox fix[^1]\n\n[^1]: see", "fix[^1]\n\n[^1]: see"],
  ["with Windows' line ends", "it fails\r\n@threadbox fix\r\n", "it fails\r\nfix"],
  ["in a language without spaces", "请@threadbox修复", "请修复"],
  ["with emoji around it", "🚀@threadbox 🚀 fix", "🚀🚀 fix"],
];

const notAddressed: [name: string, body: string][] = [
  ["nobody", "fix the login test"],
  ["the bare word", "threadbox is nice"],
  ["nothing", ""],
  ["a longer name", "@threadbox-dev fix"],
  ["a longer name without hyphen", "@threadboxer fix"],
  ["a managed user's name", "@threadbox_acme fix"],
  ["a team of that organisation", "@threadbox/core fix"],
  ["a host", "write to @threadbox.dev"],
  ["another bot's login", "@threadbox[bottle] fix"],
  ["an address", "mail me@threadbox"],
  ["an address with a host", "mail me@threadbox.dev"],
  ["a path", "see https://example.dev/@threadbox"],
  ["a query", "see https://example.dev/?by=@threadbox"],
  ["an escaped sign", "\\@threadbox fix"],
  ["a doubled sign", "@@threadbox fix"],
  ["a code span", "write `@threadbox fix` to start"],
  ["a code span with two ticks", "write ``@threadbox ` fix`` to start"],
  ["a fence", "```\n@threadbox fix\n```"],
  ["a fence with tildes", "~~~text\n@threadbox fix\n~~~"],
  ["a fence that is never closed", "```\n@threadbox fix"],
  ["a fence in a list", "- a\n\n  ```\n  @threadbox fix\n  ```"],
  ["indented code", "like so:\n\n    @threadbox fix"],
  ["a quote", "> @threadbox fix"],
  ["a quote that goes on lazily", "> he said\n@threadbox fix"],
  ["a quote in a list", "- > @threadbox fix"],
  ["a comment", "<!-- @threadbox fix -->"],
  ["a comment over lines", "<!--\n@threadbox fix\n-->"],
  ["a comment in a sentence", "hello <!-- @threadbox fix --> there"],
  ["an attribute", '<img alt="@threadbox fix">'],
  ["an HTML block", "<pre>\n@threadbox fix\n</pre>"],
  ["struck-out words", "~~@threadbox fix~~ done"],
  ["a nested quote", "> > @threadbox fix\n> yes"],
  ["a quote in a nested list", "- a\n  - b\n    > @threadbox fix"],
  ["a quoted mail", "> On Mon, 2 Mar 2026, alice wrote:\n> @threadbox fix"],
  ["a quoted mail with the answer below", "> @threadbox fix\n\nI would rather not."],
  ["an older mail, as Outlook copies it", "No.\n\n-----Original Message-----\nFrom: alice\n\n@threadbox fix"],
  ["an older mail under a line", "No.\n\n________________________________\nFrom: alice\n@threadbox fix"],
  ["an older mail under its head", "No.\n\nFrom: alice <a@b.dev>\nSent: Monday\nTo: bob\n\n@threadbox fix"],
  ["what is folded away", "<details>\n<summary>log</summary>\n\n@threadbox fix\n\n</details>"],
  ["what is folded twice", "<details>\n\n<details>\n\nx\n\n</details>\n\n@threadbox fix\n\n</details>"],
  ["what is folded and never closed", "<details>\n\n@threadbox fix"],
  ["what is folded in a line", "a <details> @threadbox fix </details>"],
  ["a footnote", "see[^1]\n\n[^1]: @threadbox fix"],
  ["a footnote that nothing refers to", "nice\n\n[^x]: @threadbox fix"],
  ["a footnote right under a paragraph", "nice\n[^x]: @threadbox fix"],
  ["the label of a link", "[@threadbox fix](https://example.dev)"],
  ["the label of a link by reference", "[ask @threadbox][1]\n\n[1]: https://example.dev"],
  ["the target of a link", "[x](<@threadbox fix>)"],
  ["a name spelled by number", "&#64;threadbox fix"],
  ["a name spelled by word", "&commat;threadbox fix"],
  ["a name with a zero-width space", "@thread\u200bbox fix"],
  ["a name that a zero-width space keeps from pinging", "@\u200bthreadbox fix"],
  ["a name with a soft hyphen", "@thread\u00adbox fix"],
  ["a name with a Cyrillic letter", "@thre\u0430dbox fix"],
  ["a name with full-width letters", "@ｔｈｒｅａｄｂｏｘ fix"],
  ["a full-width sign", "＠threadbox fix"],
  ["a name that goes on in another script", "@threadbox\u0430 fix"],
  ["an accented address", "josé@threadbox fix"],
  ["a fence in a quote", "> ```\n> @threadbox fix\n> ```"],
  ["a code span over lines", "`a\n@threadbox fix`"],
  ["mathematics", "$`@threadbox fix`$"],
];

describe("a comment is addressed to us when it names us", () => {
  for (const [name, body, text] of addressed) {
    test(name, () => assert.deepEqual(findMention(body, names), { text }));
  }
});

describe("a comment is not addressed to us when it names", () => {
  for (const [name, body] of notAddressed) test(name, () => assert.equal(findMention(body, names), null));
});

test("a comment made to keep the parser busy is read all the same", () => {
  for (const piece of [">", "> - ", "1. ", "_a**", "~a~~", "[]", "[![", "[a](", "<a", "<!--", "`a", "a@", "www."]) {
    findMention(`${piece.repeat(65_000 / piece.length)} @threadbox`, names);
  }
});

describe("nobody keeps the bot busy before it is known who they are: each of these took from a second to two minutes", () => {
  for (const [name, body] of [
    ["spaces in the middle of a line", `@threadbox a${" ".repeat(65_000)}b`],
    ["spaces behind a command", `/threadbox link ${" ".repeat(65_000)}b`],
    ["comments that nothing ends", `@threadbox ${"<!--".repeat(16_000)}`],
    ["comments that end in another paragraph", `@threadbox ${"<!--".repeat(4_000)}\n\n-->`],
    ["instructions that nothing ends", `@threadbox ${"<?a".repeat(16_000)}`],
    ["footnotes in footnotes", `@threadbox\n\n${"[^a]: ".repeat(10_000)}`],
  ] as const)
    test(name, () => {
      const startedAt = performance.now();
      assert.notEqual(findMention(visibleText(body), names), null);
      // A tenth of a second; more on a machine that is busy.
      assert.ok(performance.now() - startedAt < 3_000);
    });
});

const commands: [name: string, body: string, text: string][] = [
  ["alone", "/threadbox stop", "stop"],
  ["an order", "/threadbox fix the login test", "fix the login test"],
  ["by the App's name", "/acme-coder status", "status"],
  ["in other letters", "/Threadbox Stop", "Stop"],
  ["with a colon", "/threadbox: retry", "retry"],
  ["without words", "/threadbox", ""],
  ["without words under an order", "The test fails.\n\n/threadbox", "The test fails."],
  ["a stop under other text", "Thanks, that is enough.\n\n/threadbox stop", "stop"],
  ["a stop over other text", "/threadbox stop\nthis goes nowhere", "stop"],
  ["an order under other text", "The test fails.\n/threadbox fix it", "The test fails.\nfix it"],
  ["an order over other text", "/threadbox fix it\n\nIt says 401.", "fix it\n\nIt says 401."],
  ["what is to wait", "It says 401.\n\n/threadbox queue fix it", "queue fix it\n\nIt says 401."],
  ["anew", "Not so.\n\n/threadbox fresh with a map", "fresh with a map\n\nNot so."],
  [
    "a link",
    "see below\n/threadbox link https://github.com/acme/api/pull/8",
    "link https://github.com/acme/api/pull/8",
  ],
  ["with options", "/threadbox fix it model=anthropic/x", "fix it model=anthropic/x"],
  ["under what others are not to hear", "(aside) bob?\n/threadbox fix it", "fix it\n\n(aside) bob?"],
  ["twice: the first one counts", "/threadbox stop\n/threadbox retry", "stop"],
  ["with a salutation too", "@threadbox please\n/threadbox stop", "stop"],
  ["a little to the right", "  /threadbox stop", "stop"],
  ["under a quote", "> it fails\n\n/threadbox stop", "stop"],
  ["with Windows' line ends", "thanks\r\n\r\n/threadbox stop\r\n", "stop"],
];
const noCommands: [name: string, body: string][] = [
  ["in the middle of a line", "write /threadbox stop to end it"],
  ["in a list", "- /threadbox stop"],
  ["in a quote", "> /threadbox stop"],
  ["in a quote that goes on lazily", "> he said\n/threadbox stop"],
  ["in a fence", "```\n/threadbox stop\n```"],
  ["in indented code", "so:\n\n    /threadbox stop"],
  ["in a code span", "`/threadbox stop`"],
  ["in a comment", "<!--\n/threadbox stop\n-->"],
  ["folded away", "<details>\n\n/threadbox stop\n\n</details>"],
  ["struck out", "~~/threadbox stop~~"],
  ["another bot's", "/retest"],
  ["a longer name's", "/threadbox-dev stop"],
  ["a path", "/threadbox/config is wrong"],
  ["a file", "/threadbox.yml is wrong"],
  ["a doubled slash", "//threadbox stop"],
];

describe("a command at the start of a line", () => {
  for (const [name, body, text] of commands) test(name, () => assert.deepEqual(findMention(body, names), { text }));
});

describe("is none", () => {
  for (const [name, body] of noCommands) test(name, () => assert.equal(findMention(body, names), null));
});
