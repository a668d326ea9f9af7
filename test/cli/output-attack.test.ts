/** Words of others in what commands print. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printFailure, Refused } from "../../src/cli/failure.ts";
import { openOutput } from "../../src/cli/output.ts";

test("words of others do not steer the terminal; colours and lines stay", (t) => {
  const written: string[] = [];
  t.mock.method(process.stderr, "write", (text: string) => written.push(text) > 0);
  const output = openOutput(false);
  printFailure(new Refused("It said: \u001b]0;owned\u0007\u001b[2Ja\u009b2Jb\rc\u202e", "Look at it."), output, false);
  output.warn("\u001b[33myellow\u001b[39m\n\tindented");
  assert.deepEqual(written, [
    "threadbox: It said: ]0;owned[2Ja2Jbc. Look at it.\n",
    "\u001b[33myellow\u001b[39m\n\tindented\n",
  ]);
});
