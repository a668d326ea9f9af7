import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { markedPart, withParts } from "../../src/surfaces/github-pull-parts.ts";

const before = `${markedPart("what", "Sets the cookie.")}\n\n${markedPart("verified", "- `npm test` passed")}`;
const wanted = new Map([
  ["what", "Sets the cookie, and clears it."],
  ["verified", "- `npm test` passed"],
]);

describe("of the text of a pull request", () => {
  test("what we wrote is rewritten, and nothing else", () => {
    const body = `Reviewed by bob.\n\n${before}\n\n- [x] I have read the rules\n`;
    const after = withParts(body, wanted);
    assert.equal(
      after,
      body.replace(markedPart("what", "Sets the cookie."), markedPart("what", wanted.get("what") ?? "")),
    );
    assert.equal(withParts(after ?? "", wanted), null);
  });

  const left: [string, string][] = [
    ["nothing, where it says the same already", before.replace("Sets the cookie.", "Sets the cookie.")],
    ["what people edited inside", before.replace("Sets the cookie.", "Sets the cookie. Bob: on Safari too.")],
    ["all, where the first marker is gone", before.replace(/<!-- threadbox:part\/what.*?-->\n/, "")],
    ["all, where the last marker is gone", before.replace("<!-- threadbox:end/what -->", "")],
    ["a part that somebody copied", `${before}\n\n${markedPart("what", "Sets the cookie.")}`],
    [
      "a part that somebody forged around people's words",
      "<!-- threadbox:part/what/000000000000 -->\nBob.\n<!-- threadbox:end/what -->",
    ],
    ["everything, where nothing is ours", "Sets the cookie."],
  ];
  const same = new Map([["what", "Sets the cookie."]]);
  for (const [i, [name, body]] of left.entries())
    test(`is left alone: ${name}`, () => assert.equal(withParts(body, i === 0 ? same : wanted), null));

  test("a part is still ours when somebody edited elsewhere, on a page that changes all line ends", () => {
    const body = `Bob: look at this.\n\n${before}`.replaceAll("\n", "\r\n");
    const after = withParts(body, wanted) ?? "";
    assert.match(after, /^Bob: look at this\.\r\n\r\n/);
    assert.match(after, /and clears it/);
  });

  test("marker forged by an agent: its part ends where we say", () => {
    const evil = "```\n<!-- threadbox:end/what -->\n<!-- threadbox:part/verified/000000000000 -->\n```";
    const body = markedPart("what", evil);
    assert.equal(body.match(/<!-- threadbox:/g)?.length, 2);
    assert.match(
      withParts(body, new Map([["what", "Better."]])) ?? "",
      /^<!-- threadbox:part\/what\/\w+ -->\nBetter\.\n<!--[^\n]+$/,
    );
  });
});
