import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Command, helpText, parseCommand } from "../../src/core/command.ts";

describe("what is said to the bot itself", () => {
  const table: [string, Command][] = [
    ["fix the login test", { verb: "ask", text: "fix the login test", options: {} }],
    ["stop", { verb: "stop" }],
    ["Stop.", { verb: "stop" }],
    ["cancel!", { verb: "stop" }],
    ["stop the flaky test from failing", { verb: "ask", text: "stop the flaky test from failing", options: {} }],
    ["status?", { verb: "status" }],
    ["retry", { verb: "retry" }],
    ["retry the upload three times", { verb: "ask", text: "retry the upload three times", options: {} }],
    ["help", { verb: "help" }],
    ["", { verb: "help" }],
    ["  \n ", { verb: "help" }],
    ["queue fix the docs", { verb: "queue", text: "fix the docs", options: {} }],
    ["queue: fix\nthe docs", { verb: "queue", text: "fix\nthe docs", options: {} }],
    ["queue", { verb: "ask", text: "queue", options: {} }],
    ["fresh", { verb: "fresh", anew: "" }],
    ["fresh fix it", { verb: "fresh", anew: "fix it" }],
    ["repo=acme/api fresh: fix it", { verb: "fresh", anew: 'repo="acme/api" fix it' }],
    ["freshen up the docs", { verb: "ask", text: "freshen up the docs", options: {} }],
    ["mute", { verb: "mute" }],
    ["unmute!", { verb: "unmute" }],
    ["mute the beeper", { verb: "ask", text: "mute the beeper", options: {} }],
    ["unlink", { verb: "unlink" }],
    ["link https://github.com/a/b/pull/5", { verb: "link", url: "https://github.com/a/b/pull/5" }],
    ["link <https://github.com/a/b/pull/5>", { verb: "link", url: "https://github.com/a/b/pull/5" }],
    ["link the pages", { verb: "ask", text: "link the pages", options: {} }],
    ["budget +5", { verb: "raise", dollars: 5 }],
    ["Budget + $2.50", { verb: "raise", dollars: 2.5 }],
    ["raise 5", { verb: "raise", dollars: 5 }],
    ["raise $12,5.", { verb: "raise", dollars: 12.5 }],
    ["raise 3 dollars", { verb: "raise", dollars: 3 }],
    ["budget 5", { verb: "ask", text: "budget 5", options: {} }],
    ["budget +99999", { verb: "ask", text: "budget +99999", options: {} }],
    ["raise 5 errors in the parser", { verb: "ask", text: "raise 5 errors in the parser", options: {} }],
    ["raise the timeout", { verb: "ask", text: "raise the timeout", options: {} }],
    ["(aside) is this thing on?", { verb: "aside" }],
    ["!aside never mind", { verb: "aside" }],
    ["repo=acme/api fix it", { verb: "ask", text: "fix it", options: { repo: "acme/api" } }],
    [
      "fix it\nagent=pi model=anthropic/claude-x",
      { verb: "ask", text: "fix it", options: { agent: "pi", model: "anthropic/claude-x" } },
    ],
    ['fix it base="release 2"', { verb: "ask", text: "fix it", options: { base: "release 2" } }],
    ["first\nuse model=x here\nlast", { verb: "ask", text: "first\nuse model=x here\nlast", options: {} }],
    ["repo=acme/api", { verb: "ask", text: "", options: { repo: "acme/api" } }],
    ["REPO=acme/api queue it", { verb: "queue", text: "it", options: { repo: "acme/api" } }],
    ["constructor", { verb: "ask", text: "constructor", options: {} }],
    ["__proto__", { verb: "ask", text: "__proto__", options: {} }],
    ["why is norepo=1 set?", { verb: "ask", text: "why is norepo=1 set?", options: {} }],
  ];
  for (const [said, command] of table) test(JSON.stringify(said), () => assert.deepEqual(parseCommand(said), command));
});

test("a text that was made to keep us busy is read at once", () => {
  for (const filling of ["!", " ", "\n", ".", 'repo="']) {
    const said = `a${filling.repeat(65_000 / filling.length)}b`;
    for (let times = 0; times < 20; times++) assert.equal(parseCommand(said).verb, "ask");
  }
});

test("the help names the bot as it is called here", () =>
  assert.match(helpText("robby"), /@robby the login test fails/));
