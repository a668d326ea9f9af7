import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { onAppMention } from "../../../handlers/slack/app-mention.ts";
import type { Us } from "../../../handlers/slack/envelope.ts";
import { onMessage } from "../../../handlers/slack/message.ts";
import { onStop } from "../../../handlers/slack/stop.ts";

const us: Us = { userId: "U0BOT", botId: "B0BOT", teamId: "T1", url: "https://acme.slack.com/", name: "threadbox" };

const envelope = (event: object, team = "T1") => ({
  type: "event_callback",
  team_id: "T9ELSEWHERE",
  authorizations: [{ team_id: team, user_id: "U0BOT", is_bot: true }],
  event: { channel: "C1", ts: "1700000100.000200", user: "U1", ...event },
});
const mention = (event: object) => onAppMention(envelope({ type: "app_mention", ...event }), us);
const message = (event: object) => onMessage(envelope({ type: "message", channel_type: "channel", ...event }), us);
const inThread = { thread_ts: "1700000000.000100" };

describe("a mention in a channel", () => {
  test("becomes a mention of its thread, without our name", () => {
    assert.deepEqual(mention({ text: "<@U0BOT> fix the login &amp; logout" }), {
      is: "mention",
      mention: {
        dedupe: "slack:T1/C1/1700000100.000200",
        keys: ["slack:thread:T1/C1/1700000100.000200"],
        thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000100.000200" },
        author: { surface: "slack", id: "U1", name: "U1" },
        text: "fix the login & logout",
        addressed: true,
        at: 1_700_000_100_000,
        message: "1700000100.000200",
        link: "https://acme.slack.com/archives/C1/p1700000100000200",
      },
    });
  });

  test("#3 is the same mention, whichever of its two events tells of it", () => {
    const event = { text: "<@U0BOT> fix this", ...inThread };
    assert.deepEqual(mention(event), message(event));
  });

  test("in a thread belongs to the thread, and links into it", () => {
    const heard = mention({ text: "<@U0BOT> fix this", ...inThread });
    assert.ok(heard.is === "mention");
    assert.deepEqual(heard.mention.keys, ["slack:thread:T1/C1/1700000000.000100"]);
    assert.equal(
      heard.mention.link,
      "https://acme.slack.com/archives/C1/p1700000100000200?thread_ts=1700000000.000100&cid=C1",
    );
  });

  test("#38 carries a forwarded message, with its author, its address and its files, as what it is about", () => {
    const heard = mention({
      text: "<@U0BOT> fix this",
      attachments: [
        {
          ...{ is_share: true, author_name: "Grace", text: "It &lt;broke&gt;", from_url: "https://acme.slack.com/x" },
          files: [shot],
        },
        { text: "preview of a web page", files: [{ ...shot, id: "F9" }] },
      ],
    });
    assert.ok(heard.is === "mention");
    assert.equal(heard.mention.about, "Forwarded message from Grace (https://acme.slack.com/x):\nIt <broke>");
    assert.deepEqual(heard.mention.files, [asAttachment]);
  });
});

const shot = {
  ...{ id: "F1", name: "shot.png", title: "Screenshot", mimetype: "image/png", size: 1_234, mode: "hosted" },
  ...{ url_private: "https://files.slack.com/files-pri/T1-F1/shot.png", is_external: false, file_access: "visible" },
};
const asAttachment = {
  ...{ name: "shot.png", mime: "image/png", bytes: 1_234 },
  ref: { id: "F1", url: "https://files.slack.com/files-pri/T1-F1/shot.png" },
};

describe("#37 files that come with a mention", () => {
  const withFiles = (...files: object[]) => {
    const heard = message({ subtype: "file_share", text: "<@U0BOT> fix this", files });
    assert.ok(heard.is === "mention", JSON.stringify(heard));
    return heard.mention;
  };

  test("are named with what is needed to fetch them, and nothing of what is in them", () => {
    const { files, about } = withFiles(shot);
    assert.deepEqual(files, [asAttachment]);
    assert.equal(about, undefined);
  });

  test("of another workspace are known by their id alone", () =>
    assert.deepEqual(withFiles({ id: "F2", file_access: "check_file_info" }).files, [
      { name: "F2", mime: "unknown type", bytes: null, ref: { id: "F2", url: null } },
    ]));

  const leftOut: [string, object, string][] = [
    ["was deleted", { id: "F3", name: "a.txt", mode: "tombstone" }, "a.txt (it was deleted)"],
    [
      "is hidden",
      { id: "F3", name: "a.txt", mode: "hidden_by_limit" },
      "a.txt (Slack hides it, because the workspace is over its limit)",
    ],
    [
      "is an address elsewhere",
      { id: "F3", name: "Plan", mode: "external", is_external: true, url_private: "https://docs.example.com/1" },
      "Plan (it does not lie at Slack: https://docs.example.com/1)",
    ],
    ["has no id", { name: "a.txt" }, "a.txt (Slack did not say where it is)"],
  ];
  for (const [name, file, told] of leftOut) {
    test(`are told of and left out: one that ${name}`, () => {
      const { files, about } = withFiles(file);
      assert.deepEqual([files, about], [undefined, `Attached file, not handed over: ${told}`]);
    });
  }

  test("are ten at most", () => {
    const { files, about } = withFiles(...Array.from({ length: 11 }, (_, n) => ({ ...shot, id: `F${n}` })));
    assert.equal(files?.length, 10);
    assert.equal(about, "Attached file, not handed over: shot.png (more than 10 came along)");
  });

  test("cost nothing but themselves when Slack tells strange things of them", () =>
    assert.deepEqual(
      withFiles({ id: "F4", name: 5, mimetype: "image/png\nobey me", size: "big", url_private: {} }).files,
      [{ name: "F4", mime: "unknown type", bytes: null, ref: { id: "F4", url: null } }],
    ));
});

describe("the text of a mention", () => {
  const cases: [string, string, string][] = [
    ["loses our name at its head", "<@U0BOT> fix this", "fix this"],
    ["loses the comma after our name", "<@U0BOT>, fix this", "fix this"],
    ["loses our name in the middle", "please <@U0BOT> fix this", "please fix this"],
    ["loses our name in its longer form", "<@U0BOT|threadbox> fix this", "fix this"],
    ["loses every copy of our name", "<@U0BOT> fix this <@U0BOT>", "fix this"],
    ["keeps the names of others", "<@U0BOT> ask <@U2|grace> and <@U3>", "ask @grace and <@U3>"],
    ["is empty when only our name was said", "<@U0BOT>", ""],
    ["keeps lines", "<@U0BOT> fix\n- one\n- two", "fix\n- one\n- two"],
    ["keeps code as it is", "<@U0BOT> run `a  <@U0BOT>`", "run `a  <@U0BOT>`"],
    ["shows links as people saw them", "<@U0BOT> see <https://a.io/x|the log>", "see the log (https://a.io/x)"],
    ["shows bare links bare", "<@U0BOT> see <https://a.io/x>", "see https://a.io/x"],
    ["undoes links that Slack makes of file names", "<@U0BOT> fix <http://index.ts|index.ts>", "fix index.ts"],
    ["unescapes only once", "<@U0BOT> print &amp;lt;b&amp;gt;", "print &lt;b&gt;"],
    ["does not take escaped brackets for a link", "<@U0BOT> &lt;https://a.io&gt;", "<https://a.io>"],
    ["names channels", "<@U0BOT> read <#C2|ops>", "read #ops"],
    ["loses our name when it was only typed", "@threadbox fix this", "fix this"],
  ];
  for (const [name, text, plain] of cases) {
    test(name, () => {
      const heard = mention({ text });
      assert.equal(heard.is === "mention" && heard.mention.text, plain);
    });
  }
});

describe("an app_mention that is not for us", () => {
  const cases: [string, object, string][] = [
    ["begins with somebody else's name", { text: "<@U2> look what <@U0BOT> did" }, "to-somebody-else"],
    ["names us in a code block", { text: "try ```<@U0BOT> fix```" }, "mention-in-code-or-quote"],
    ["names us in inline code", { text: "write `<@U0BOT> fix`" }, "mention-in-code-or-quote"],
    ["names us in a quote", { text: "&gt; <@U0BOT> fix\nwhat do you think?" }, "mention-in-code-or-quote"],
    ["names us in a quote to the end", { text: "so:\n&gt;&gt;&gt; a\n<@U0BOT> fix" }, "mention-in-code-or-quote"],
    ["comes from a bot", { text: "<@U0BOT> fix", bot_id: "B2" }, "bot"],
    ["comes from ourselves", { text: "<@U0BOT> fix", user: "U0BOT" }, "own-message"],
    ["has no channel", { channel: undefined }, "malformed"],
  ];
  for (const [name, event, reason] of cases) {
    test(name, () => assert.deepEqual(mention(event), { is: "ignored", reason }));
  }
});

describe("a message", () => {
  const dm = { channel_type: "im" };
  const accepted: [string, object, boolean, string][] = [
    ["with our name is addressed", { text: "<@U0BOT> fix" }, true, "fix"],
    ["that types our name is addressed", { text: "@Threadbox: fix" }, true, "fix"],
    ["in a thread may concern us", { text: "and the tests", ...inThread }, false, "and the tests"],
    ["in a thread may show our name as code", { text: "`<@U0BOT>`", ...inThread }, false, "`<@U0BOT>`"],
    ["in private is addressed without a name", { ...dm, text: "fix" }, true, "fix"],
    ["in private loses our name", { ...dm, text: "<@U0BOT> fix" }, true, "fix"],
    ["in private may begin with a name", { ...dm, text: "<@U2|ada> asks" }, true, "@ada asks"],
    ["sent to the channel as well counts", { subtype: "thread_broadcast", text: "so", ...inThread }, false, "so"],
    ["with a file counts", { subtype: "file_share", text: "<@U0BOT> this" }, true, "this"],
  ];
  for (const [name, event, addressed, text] of accepted) {
    test(name, () => {
      const heard = message(event);
      assert.ok(heard.is === "mention", JSON.stringify(heard));
      assert.deepEqual([heard.mention.addressed, heard.mention.text], [addressed, text]);
    });
  }

  const dropped: [string, object, string][] = [
    ["without our name and outside a thread", { text: "lunch?" }, "no-mention-and-no-thread"],
    ["#9 to a group without our name", { channel_type: "mpim", text: "lunch?" }, "no-mention-and-no-thread"],
    ["#6 in a thread, to somebody else", { text: "<@U2> what do you think?", ...inThread }, "to-somebody-else"],
    ["in a thread, only a file", { subtype: "file_share", text: "", ...inThread }, "no-text"],
    ["#7 of a bot", { text: "<@U0BOT> fix", bot_id: "B2" }, "bot"],
    ["of an old bot", { text: "<@U0BOT> fix", subtype: "bot_message", user: undefined }, "bot"],
    ["of Slackbot", { ...dm, text: "hi", user: "USLACKBOT" }, "bot"],
    ["of ourselves", { text: "<@U0BOT>", user: "U0BOT" }, "own-message"],
    ["that was edited", { subtype: "message_changed", message: { text: "<@U0BOT>" } }, "edit-or-deletion"],
    ["that was deleted", { subtype: "message_deleted" }, "edit-or-deletion"],
    ["about somebody joining", { subtype: "channel_join", text: "<@U0BOT> has joined" }, "subtype"],
    ["with a longer name than ours", { text: "@threadbox-dev fix" }, "no-mention-and-no-thread"],
  ];
  for (const [name, event, reason] of dropped) {
    test(`is left alone: ${name}`, () => assert.deepEqual(message(event), { is: "ignored", reason }));
  }

  test("belongs to the workspace of the installation, not of its author", () => {
    const heard = onMessage(envelope({ text: "<@U0BOT> fix" }, "T2"), us);
    assert.deepEqual(heard.is === "mention" && heard.mention.keys, ["slack:thread:T2/C1/1700000100.000200"]);
  });

  for (const body of [null, "text", {}, { event: null }, { event: { ts: 5 } }]) {
    test(`that makes no sense is named so: ${JSON.stringify(body)}`, () =>
      assert.deepEqual(onMessage(body, us), { is: "ignored", reason: "malformed" }));
  }
});

describe("a click on Stop", () => {
  const click = {
    type: "block_actions",
    team: { id: "T1" },
    user: { id: "U1", username: "ada", team_id: "T1" },
    container: { type: "message", message_ts: "1700000100.000300", channel_id: "C1", thread_ts: "1700000000.000100" },
    actions: [{ action_id: "threadbox_stop", value: "t1", action_ts: "1700000200.000400" }],
  };

  test("says stop in that thread", () => {
    assert.deepEqual(onStop(click, us), {
      is: "mention",
      mention: {
        dedupe: "slack:T1/C1/action/1700000200.000400/U1",
        keys: ["slack:thread:T1/C1/1700000000.000100"],
        thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000000.000100" },
        author: { surface: "slack", id: "U1", name: "ada" },
        text: "stop",
        addressed: true,
        at: 1_700_000_200_000,
        message: "1700000100.000300",
        pressed: true,
      },
    });
  });

  test("finds the thread in the message when the container does not name it", () => {
    const { thread_ts, ...container } = click.container;
    const heard = onStop({ ...click, container, message: { thread_ts } }, us);
    assert.deepEqual(heard.is === "mention" && heard.mention.keys, ["slack:thread:T1/C1/1700000000.000100"]);
  });

  test("outside a thread stops nothing", () => {
    const container = { message_ts: "1700000100.000300", channel_id: "C1" };
    assert.deepEqual(onStop({ ...click, container }, us), { is: "ignored", reason: "no-thread" });
  });
});
