import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readConfig } from "../src/config.ts";

const ONE = "a".repeat(32);
const TWO = "b".repeat(40);

describe("API_TOKENS", () => {
  test("names each client by its token", () => {
    assert.deepEqual(readConfig({ API_TOKENS: `ci:${ONE}, ops-2:${TWO}` }).apiClients, [
      { name: "ci", token: ONE },
      { name: "ops-2", token: TWO },
    ]);
    assert.deepEqual(readConfig({}).apiClients, []);
  });
  const wrong: [name: string, value: string][] = [
    ["a token that can be guessed", "ci:secret"],
    ["one of 31 characters", `ci:${ONE.slice(1)}`],
    ["a token without a name", ONE],
    ["a name that would read like a key's part", `ci/x:${ONE}`],
    ["one name twice", `ci:${ONE},ci:${TWO}`],
    ["one token for two: nobody knew which asked", `ci:${ONE},ops:${ONE}`],
    ["a comma too many", `ci:${ONE},`],
  ];
  for (const [name, value] of wrong)
    test(`keeps the bot from starting: ${name}, and the token is in no message`, () => {
      assert.throws(
        () => readConfig({ API_TOKENS: value }),
        (thrown: Error) =>
          /API_TOKENS: name:token of each client/.test(thrown.message) && !thrown.message.includes(ONE),
      );
    });
});
