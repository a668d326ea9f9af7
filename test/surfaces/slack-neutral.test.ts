import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { neutralise } from "../../src/surfaces/slack-neutral.ts";

describe("#34 what a model writes never pings a crowd", () => {
  const z = "\u200b";
  const cases: [string, string, string][] = [
    ["<!channel>", "Hi <!channel>!", `Hi @${z}channel!`],
    ["<!here|here>", "<!here|here>", `@${z}here`],
    ["<!everyone> in capitals", "<!EVERYONE>", `@${z}EVERYONE`],
    ["a user group with its name", "<!subteam^S123|@ops> look", `@${z}ops look`],
    ["a user group without a name", "<!subteam^S123>", `@${z}S123`],
    ["a stray person", "ask <@U0ABC>", `ask @${z}U0ABC`],
    ["a stray person with a name", "ask <@W0ABC|bob>", `ask @${z}bob`],
    ["the escaped spelling", "&lt;!channel&gt;", `@${z}channel`],
    ["a token in code, which Slack reads as well", "`<!channel>`", `\`@${z}channel\``],
    ["@channel", "@channel done", `@${z}channel done`],
    ["@here at the end of a sentence", "Look @here.", `Look @${z}here.`],
    ["@here as part of a longer name", "@here/maps", `@${z}here/maps`],
    ["@everyone in bold", "**@everyone**", `**@${z}everyone**`],
    [
      "@here in two cells of a table, which only look like code",
      "| `a | @here ` |\n|---|---|",
      `| \`a | @${z}here \` |\n|---|---|`,
    ],
    ["tokens within tokens", "<<!here>!here>", `<@${z}here!here>`],
  ];
  for (const [name, markdown, harmless] of cases) {
    test(name, () => assert.equal(neutralise(markdown), harmless));
  }

  const untouched = [
    "`npm install @here/maps`",
    "`@channel` in code",
    "```\n@here\n```",
    "mail a@here.com",
    "the @heretic and //@here",
    "<https://example.com|a link> & <!date^1^{date}|then>",
  ];
  for (const markdown of untouched) {
    test(`leaves ${JSON.stringify(markdown)} alone`, () => assert.equal(neutralise(markdown), markdown));
  }
});
