import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findMention } from "../../../handlers/github/mention.ts";

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
