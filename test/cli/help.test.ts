import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { newFolder } from "./threadbox.ts";

const folder = newFolder();
after(() => folder.remove());

const COMMANDS = [
  ...["start", "demo", "say", "sessions", "logs", "stop", "doctor"],
  ...["create", "fork", "snapshot", "list", "shell", "exec", "cp", "open", "destroy"],
];

describe("the command line explains itself", { concurrency: 2 }, () => {
  test("without a command it lists them all", async () => {
    const { code, stdout } = await folder.run([]);
    assert.equal(code, 0);
    for (const name of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${name}\\b`, "m"));
  });

  for (const name of COMMANDS) {
    test(`${name} --help shows what it takes, with examples`, async () => {
      const { code, stdout } = await folder.run([name, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: threadbox ${name}`));
      assert.match(stdout, /--json/);
      assert.match(stdout, new RegExp(`^Examples:\\n {2}threadbox ${name}`, "m"));
    });
  }

  const wrong: [string, string[], RegExp][] = [
    ["a command that does not exist", ["frobnicate"], /unknown command 'frobnicate'/],
    ["an option that does not exist", ["sessions", "--frobnicate"], /unknown option '--frobnicate'/],
    ["an argument that is missing", ["logs"], /missing required argument 'session'/],
    ["a number that is none", ["sessions", "--limit", "many"], /It has to be a number/],
  ];
  for (const [name, args, message] of wrong) {
    test(`${name} is told in a line, with exit code 2`, async () => {
      const { code, stdout, stderr } = await folder.run(args);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, / at .*\.ts/);
    });
  }
});
