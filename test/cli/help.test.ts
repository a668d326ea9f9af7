import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Command } from "commander";
import { COMMANDS } from "../../src/cli/commands.ts";
import { newFolder } from "./threadbox.ts";

const folder = newFolder("source");
after(() => folder.remove());

describe("the command line explains itself", { concurrency: 2 }, () => {
  test("without a command it lists them all", async () => {
    const { code, stdout } = await folder.run([]);
    assert.equal(code, 0);
    for (const name of Object.keys(COMMANDS)) assert.match(stdout, new RegExp(`^ {2}${name}\\b`, "m"));
  });

  test("a command shows what it takes where it is asked for --help", async () => {
    const { code, stdout } = await folder.run(["say", "--help"]);
    assert.equal(code, 0);
    assert.equal(stdout, await helpOf("say"));
  });

  for (const name of Object.keys(COMMANDS)) {
    test(`${name} --help shows what it takes, with examples`, async () => {
      const help = await helpOf(name);
      assert.match(help, new RegExp(`^Usage: threadbox ${name}`));
      assert.match(help, /--json/);
      assert.match(help, new RegExp(`^Examples:\\n {2}threadbox ${name}`, "m"));
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

/** What it prints of itself, without a process of its own: that would load all it needs to work. */
async function helpOf(name: string): Promise<string> {
  const command = await COMMANDS[name]?.();
  assert.ok(command);
  let help = "";
  new Command("threadbox").addCommand(command);
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}
