/** Whom a message of the bot would have notified. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientOf, startFor } from "./sdk.ts";

describe("a message notifies", () => {
  const section = (text: string, more = {}) => ({
    blocks: [{ type: "section", text: { type: "mrkdwn", text, ...more } }],
  });
  const rich = (element: object) => ({
    blocks: [{ type: "rich_text", elements: [{ type: "rich_text_section", elements: [element] }] }],
  });
  const cases: [string, object, string[]][] = [
    ["the channel, by its token in the text", { text: "done <!channel>" }, ["channel"]],
    ["those who are here, with a label", { text: "<!here|here>" }, ["here"]],
    ["everyone, in a section", section("<!everyone>"), ["everyone"]],
    ["a usergroup", { text: "<!subteam^S0TEAM|@team>" }, ["usergroup S0TEAM"]],
    ["one person, once, though twice mentioned", { text: "<@U0ADA>", ...section("thanks <@U0ADA>") }, ["user U0ADA"]],
    ["the channel, as typed in Markdown", { markdown_text: "hey @channel, look" }, ["channel"]],
    ["those who are here, in a markdown block", { blocks: [{ type: "markdown", text: "(@here)" }] }, ["here"]],
    ["the channel, by a token in Markdown", { markdown_text: "<!channel>" }, ["channel"]],
    ["the channel, as typed in a section that Slack parses", section("@channel"), ["channel"]],
    ["by an element of rich text", rich({ type: "broadcast", range: "here" }), ["here"]],
    ["the channel, from an attachment", { attachments: [{ text: "<!channel>" }] }, ["channel"]],
    ["the channel, when names are linked", { text: "@channel", link_names: true }, ["channel"]],
    ["nobody by a plain name", { text: "@channel @ada" }, []],
    ["nobody in a section that is verbatim", section("@channel", { verbatim: true }), []],
    ["nobody from code in Markdown", { markdown_text: "`@channel`\n```\n@here <!here>\n```" }, []],
    ["nobody by an address", { markdown_text: "mail me@here.com or /@channel" }, []],
    ["nobody by an escaped token", { text: "&lt;!channel&gt;" }, []],
    [
      "nobody from a button",
      {
        blocks: [{ type: "actions", elements: [{ type: "button", text: { type: "plain_text", text: "<!channel>" } }] }],
      },
      [],
    ],
  ];
  for (const [name, content, expected] of cases)
    test(name, async (t) => {
      const slack = await startFor(t);
      await clientOf(slack).apiCall("chat.postMessage", { channel: "C0GENERAL", ...content });
      assert.deepEqual(
        slack.pings().map(({ kind, id }) => (id ? `${kind} ${id}` : kind)),
        expected,
      );
    });
});

test("an edit notifies nobody, but a broadcast in it is still noted; what people write is their own affair", async (t) => {
  const slack = await startFor(t);
  const client = clientOf(slack);
  slack.as("ada").says("#general", "@here lunch?");
  const { ts } = await client.chat.postMessage({ channel: "C0GENERAL", text: "working" });
  await client.chat.update({ channel: "C0GENERAL", ts: String(ts), text: "done <@U0ADA> <!here>" });
  assert.deepEqual(slack.pings(), []);
  assert.deepEqual(slack.broadcasts(), [{ kind: "here", channel: "C0GENERAL", ts, via: "edit" }]);
});
