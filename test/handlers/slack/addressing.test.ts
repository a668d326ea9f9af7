import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressOf } from "../../../handlers/slack/addressing.ts";

const us = { userId: "UB", name: "threadbox" };

describe("a message that was made to keep us busy is read at once", () => {
  const made: [what: string, mrkdwn: string][] = [
    ["thousands of blanks before our name, again and again", `x${" ".repeat(20_000)}${"<@UB>y".repeat(3_000)}`],
    ["our name ten thousand times", "a      <@UB>".repeat(3_000)],
    ["angle brackets", "<".repeat(40_000)],
    ["half a mention, again and again", "<@UB|".repeat(8_000)],
    ["ticks", "`a\n".repeat(13_000)],
    ["quotes", "&gt;".repeat(10_000)],
  ];
  for (const [what, mrkdwn] of made) test(what, () => assert.equal(typeof addressOf(mrkdwn, us).text, "string"));
});

test("our name is taken out with the blanks before it", () =>
  assert.equal(addressOf("ask \t <@UB> to fix it", us).text, "ask to fix it"));
