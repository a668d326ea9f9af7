/** The slash command, the shortcut in a message's menu, and what else Slack sends beside events, through the real receiver. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandAnswer } from "../../../handlers/slack/command.ts";
import { onRepository } from "../../../handlers/slack/repository.ts";
import { onRunFromMessage } from "../../../handlers/slack/run-from-message.ts";
import { withSlack } from "./world.ts";

const us = { userId: "U0BOT", botId: "B0BOT", teamId: "T1", url: "https://acme.slack.com/", name: "threadbox" };

describe("#56 the slash command", () => {
  for (const mode of ["http", "socket"] as const)
    test(`is acknowledged with an answer for the asker alone, over ${mode}`, () =>
      withSlack(mode, async ({ slack, inbox }) => {
        const [delivery] = await slack.as("ada").commands("#general", "/threadbox", "help").delivered;
        assert.deepEqual([delivery?.acknowledged, delivery?.attempts.length], [true, 1]);
        const [shown] = slack.ephemerals("ada");
        assert.match(shown?.text ?? "", /^Tell me what to do[\s\S]*`stop`, `status`/);
        assert.deepEqual([slack.timeline("#general"), inbox.mentions], [[], []]);
      }));

  test("#16 works in a private channel that the bot is not in", () =>
    withSlack("http", async ({ slack }) => {
      slack.addChannel({ name: "den", kind: "private", bot: false, members: ["ada"] });
      await slack.as("ada").commands("#den", "/threadbox").delivered;
      assert.match(slack.ephemerals("ada")[0]?.text ?? "", /Tell me what to do/);
    }));

  const answers: [string, RegExp][] = [
    ["", /^Tell me what to do/],
    ["help", /^Tell me what to do/],
    ["status", /Write `status` in the thread, or mention me there: `@threadbox status`/],
    ["stop", /Write `stop` in the thread/],
    ["fix the login", />@threadbox fix the login\n.*`\/invite @threadbox`.*\*Fix with Threadbox\*/],
    ["tell <!channel> &lt;now&gt;", />@threadbox tell @channel &lt;now&gt;\n/],
    ["one\ntwo", />@threadbox one two\n/],
  ];
  for (const [text, answer] of answers)
    test(`answers ${JSON.stringify(text)}`, () => assert.match(commandAnswer({ text }, "threadbox"), answer));
});

describe("the shortcut in the menu of a message", () => {
  test("asks to look into it in the thread of the message, whose words are no order", () =>
    assert.deepEqual(
      onRunFromMessage(
        {
          type: "message_action",
          ...{ callback_id: "run_from_message", action_ts: "1700000200.000400", team: { id: "T1" } },
          ...{ user: { id: "U1", name: "ada" }, channel: { id: "C1", name: "web" }, message_ts: "1700000100.000200" },
          message: {
            ...{ type: "message", user: "U2", ts: "1700000100.000200", thread_ts: "1700000000.000100" },
            ...{ text: "The build fails: a &lt; b", files: [{ name: "build.log" }] },
          },
        },
        us,
      ),
      {
        is: "mention",
        mention: {
          dedupe: "slack:T1/C1/shortcut/1700000200.000400/U1",
          keys: ["slack:thread:T1/C1/1700000000.000100"],
          thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000000.000100" },
          author: { surface: "slack", id: "U1", name: "ada" },
          text: "please look into this",
          addressed: true,
          at: 1_700_000_200_000,
          message: "1700000100.000200",
          about:
            "Message of <@U2>:\nThe build fails: a < b\n\nAttached file, not handed over: build.log (Slack did not say where it is)",
        },
      },
    ));
  test("that comes without a message is named malformed", () =>
    assert.deepEqual(onRunFromMessage({ user: { id: "U1" } }, us), { is: "ignored", reason: "malformed" }));

  for (const mode of ["http", "socket"] as const)
    test(`is taken in before it is acknowledged, over ${mode}`, () =>
      withSlack(mode, async ({ slack, inbox }) => {
        const { message } = slack.as("grace").says("#general", "the build fails");
        const [delivery] = await slack.as("ada").usesShortcut(message, "run_from_message").delivered;
        assert.equal(delivery?.acknowledged, true);
        assert.deepEqual(
          inbox.mentions.map(({ text, author, thread }) => [text, author.id, "threadTs" in thread && thread.threadTs]),
          [["please look into this", slack.person("ada").id, message.ts]],
        );
      }));

  test("works in a direct message with the bot", () =>
    withSlack("http", async ({ slack, inbox }) => {
      const { message } = slack.as("ada").says("dm", "the build fails");
      await slack.as("ada").usesShortcut(message, "run_from_message").delivered;
      assert.equal(inbox.mentions.at(-1)?.text, "please look into this");
    }));

  test("#16 says how to invite the bot where it is not, and nothing of the message gets anywhere", () =>
    withSlack("http", async ({ slack, inbox, lines }) => {
      slack.addChannel({ name: "den", kind: "private", bot: false, members: ["ada"] });
      slack.addChannel({ name: "open", bot: false, members: ["ada"] });
      for (const channel of ["#den", "#open"]) {
        const { message } = slack.as("ada").says(channel, "a secret");
        const [delivery] = await slack.as("ada").usesShortcut(message, "run_from_message").delivered;
        assert.equal(delivery?.acknowledged, true);
      }
      assert.deepEqual(
        slack.ephemerals("ada").map(({ text, via }) => [text.includes("`/invite @threadbox`"), via]),
        [
          [true, "response_url"],
          [true, "response_url"],
        ],
      );
      assert.deepEqual(inbox.mentions, []);
      assert.deepEqual(
        lines.filter(({ msg }) => msg === "slack.ignored").map(({ skipped }) => skipped),
        ["not-in-channel", "not-in-channel"],
      );
    }));

  test("that nobody handles is acknowledged and logged", () =>
    withSlack("http", async ({ slack, lines }) => {
      const { message } = slack.as("ada").says("#general", "x");
      const [delivery] = await slack.as("ada").usesShortcut(message, "another").delivered;
      assert.equal(delivery?.acknowledged, true);
      assert.ok(lines.some(({ shortcut, skipped }) => shortcut === "another" && skipped === "no-handler"));
    }));
});

test("#17 a reply that is sent to the channel as well is taken once, as the reply", () =>
  withSlack("http", async ({ slack, inbox, lines }) => {
    const root = slack.as("ada").says("#general", "it broke").message;
    const said = slack.as("ada").says("#general", "@threadbox fix it", { thread: root, broadcast: true });
    await said.delivered;
    // The copy in the channel is the same message; Slack tells of it once more when its preview comes.
    slack.unfurls(said.message, { title: "The log", url: "https://a.io" });
    await slack.settled();
    assert.deepEqual(
      inbox.mentions.map(({ text, keys, message }) => [text, keys, message]),
      [["fix it", [`slack:thread:${slack.team.id}/${root.channel}/${root.ts}`], said.message.ts]],
    );
    const receipts = lines.filter(({ msg }) => msg === "slack.received").map(({ receipt }) => receipt);
    assert.deepEqual(receipts.sort(), ["accepted", "duplicate"]);
  }));

test("#26 each choice from the list of repositories counts: whoever may not choose does not choose for the others", () => {
  const chooses = (user: string, action_ts: string) => {
    const heard = onRepository(
      {
        ...{ team: { id: "T1" }, user: { id: user } },
        container: { channel_id: "C1", message_ts: "1700000100.000200", thread_ts: "1700000000.000100" },
        actions: [{ action_ts, selected_option: { value: "acme/api" } }],
      },
      us,
    );
    return heard.is === "mention" ? [heard.mention.text, heard.mention.pressed, heard.mention.dedupe] : heard;
  };
  assert.deepEqual(chooses("U7GUEST", "1700000200.000100"), [
    'repo="acme/api"',
    true,
    "slack:T1/C1/repository/1700000200.000100/U7GUEST",
  ]);
  assert.deepEqual(chooses("U1", "1700000300.000100"), [
    'repo="acme/api"',
    true,
    "slack:T1/C1/repository/1700000300.000100/U1",
  ]);
});
