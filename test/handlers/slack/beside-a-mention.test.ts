/** What people do beside speaking: they press Slack's own Stop, react, and edit. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { onAgentSessionStopped } from "../../../handlers/slack/agent-session-stopped.ts";
import { onAppMention } from "../../../handlers/slack/app-mention.ts";
import type { Us } from "../../../handlers/slack/envelope.ts";
import { onMessage } from "../../../handlers/slack/message.ts";
import { onReactionAdded } from "../../../handlers/slack/reaction-added.ts";

const us: Us = { userId: "U0BOT", botId: "B0BOT", teamId: "T1", url: "https://acme.slack.com/", name: "threadbox" };
const envelope = (event: object) => ({
  type: "event_callback",
  team_id: "T9ELSEWHERE",
  authorizations: [{ team_id: "T1", user_id: "U0BOT", is_bot: true }],
  event,
});

describe("#19 Slack's own Stop button", () => {
  const pressed = {
    type: "agent_session_stopped",
    ...{ channel: "C1", user: "U2", thread_ts: "1700000000.000100" },
    ...{ streaming_message_ts: [], event_ts: "1700000200.000400" },
  };

  test("says stop in that thread, for whoever pressed it", () =>
    assert.deepEqual(onAgentSessionStopped(envelope(pressed), us), {
      is: "mention",
      mention: {
        dedupe: "slack:T1/C1/native-stop/1700000200.000400/U2",
        keys: ["slack:thread:T1/C1/1700000000.000100"],
        thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000000.000100" },
        author: { surface: "slack", id: "U2", name: "U2" },
        text: "stop",
        addressed: true,
        at: 1_700_000_200_000,
        message: "1700000000.000100",
        pressed: true,
      },
    }));
  test("of a whole channel stops nothing, because no session of ours is one", () => {
    const { thread_ts: _, ...ofChannel } = pressed;
    assert.deepEqual(onAgentSessionStopped(envelope(ofChannel), us), { is: "ignored", reason: "no-thread" });
  });
  test("that names nobody is named malformed", () =>
    assert.deepEqual(onAgentSessionStopped(envelope({}), us), { is: "ignored", reason: "malformed" }));
});

describe("#19 a reaction", () => {
  const item = { type: "message", channel: "C1", ts: "1700000100.000300" };
  const reacts = (change: object) =>
    onReactionAdded(envelope({ user: "U2", reaction: "x", item, event_ts: "1700000200.000400", ...change }), us);

  test("with a cross says stop in a thread that is looked up first, and only where a session follows it", () =>
    assert.deepEqual(reacts({}), {
      is: "mention",
      mention: {
        dedupe: "slack:T1/C1/1700000100.000300/x/1700000200.000400/U2",
        keys: [],
        thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000100.000300" },
        author: { surface: "slack", id: "U2", name: "U2" },
        text: "stop",
        addressed: false,
        lookup: "thread",
        at: 1_700_000_200_000,
        message: "1700000100.000300",
        pressed: true,
      },
    }));
  test("with a stop sign says so too", () => assert.equal(reacts({ reaction: "octagonal_sign" }).is, "mention"));

  const ignored: [string, object, string][] = [
    ["with anything else", { reaction: "eyes" }, "other-reaction"],
    ["on a file", { item: { type: "file", file: "F1" } }, "other-reaction"],
    ["of our own", { user: "U0BOT" }, "own-message"],
    ["without an item", { item: undefined }, "malformed"],
  ];
  for (const [name, change, reason] of ignored)
    test(`${name} is left alone`, () => assert.deepEqual(reacts(change), { is: "ignored", reason }));
});

describe("an edit", () => {
  const ts = "1700000100.000200";
  const inThread = { thread_ts: "1700000000.000100" };
  const direct = { channel_type: "im" };
  /** Ada's message said one thing and says another now. */
  const edits = (before: string | undefined, after: string, message: object = {}, event: object = {}) =>
    onMessage(
      envelope({
        ...{ type: "message", subtype: "message_changed", hidden: true, channel: "C1", channel_type: "channel" },
        ts: "1700000300.000900",
        message: { user: "U1", ts, text: after, edited: { user: "U1", ts: "1700000300.000000" }, ...message },
        ...(before === undefined ? {} : { previous_message: { user: "U1", ts, text: before } }),
        ...event,
      }),
      us,
    );
  const correction = {
    dedupe: "slack:T1/C1/1700000100.000200/edit/1700000300.000000",
    keys: ["slack:thread:T1/C1/1700000100.000200"],
    thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000100.000200" },
    author: { surface: "slack", id: "U1", name: "U1" },
    text: "fix the logout",
    addressed: false,
    at: 1_700_000_300_000,
    message: "1700000100.000200",
    corrects: "1700000100.000200",
    link: "https://acme.slack.com/archives/C1/p1700000100000200",
  };

  test("#10 of an order corrects it, once for each edit, where a session follows", () =>
    assert.deepEqual(edits("<@U0BOT> fix the login", "<@U0BOT> fix the logout"), {
      is: "mention",
      mention: correction,
    }));
  test("#10 of an order that loses our name corrects it all the same", () =>
    assert.deepEqual(edits("<@U0BOT> fix the login", "fix the logout"), { is: "mention", mention: correction }));
  test("#10 of a reply in a thread may correct what a session was told", () => {
    const heard = edits("fix the login", "fix the logout", inThread);
    assert.ok(heard.is === "mention");
    assert.deepEqual(
      [heard.mention.text, heard.mention.addressed, heard.mention.corrects, heard.mention.keys],
      ["fix the logout", false, ts, ["slack:thread:T1/C1/1700000000.000100"]],
    );
  });
  test("#10 of a direct message corrects it", () => {
    const heard = edits("fix the login", "fix the logout", {}, direct);
    assert.deepEqual(heard, { is: "mention", mention: correction });
  });

  test("#10 that adds our name is the same request as the mention that Slack may tell of later", () => {
    const text = "<@U0BOT> fix the login";
    const heard = edits("fix the login", text);
    const mentioned = { type: "app_mention", channel: "C1", user: "U1", ts, text };
    assert.deepEqual(heard, onAppMention(envelope(mentioned), us));
    assert.equal(heard.is === "mention" && heard.mention.addressed, true);
  });
  test("#10 that takes our name out of a quotation is a fresh request", () =>
    assert.equal(edits("&gt; <@U0BOT> fix", "<@U0BOT> fix").is, "mention"));
  test("#10 that adds our name to a reply and changes its words corrects it, where it was taken without our name", () => {
    const heard = edits("fix the login", "<@U0BOT> fix the logout", inThread);
    assert.ok(heard.is === "mention" && heard.ifTaken);
    assert.deepEqual([heard.mention.dedupe, heard.mention.addressed], ["slack:T1/C1/1700000100.000200", true]);
    assert.deepEqual(
      [heard.ifTaken.dedupe, heard.ifTaken.addressed, heard.ifTaken.corrects],
      ["slack:T1/C1/1700000100.000200/edit/1700000300.000000", false, ts],
    );
  });

  test("#10 that puts our name back corrects what was taken before it was taken out", () => {
    const heard = edits("fix the login", "<@U0BOT> fix the logout");
    assert.equal(heard.is === "mention" && heard.ifTaken?.corrects, ts);
  });
  test("#10 brings no files a second time", () => {
    const files = [{ id: "F1", name: "a.png", url_private: "https://files.slack.com/files-pri/T1-F1/a.png" }];
    const heard = edits("<@U0BOT> fix the login", "<@U0BOT> fix the logout", { files });
    assert.deepEqual(heard, { is: "mention", mention: correction });
  });
  test("#10 of what was to begin anew corrects it, and does not begin anew once more", () => {
    const heard = edits("<@U0BOT> fresh fix the login", "<@U0BOT> fresh fix the logout");
    assert.deepEqual(heard, { is: "mention", mention: correction });
    const anew = edits("<@U0BOT> fix the login", "<@U0BOT> fresh fix the logout");
    assert.equal(anew.is === "mention" && anew.mention.text, "fresh fix the logout");
  });

  const ignored: [string, ReturnType<typeof edits>, string][] = [
    ["#11 by Slack, which adds a preview", edits("<@U0BOT> a.io", "<@U0BOT> a.io", { edited: undefined }), "unchanged"],
    ["#11 by Slack, of an edited message", edits("<@U0BOT> a.io", "<@U0BOT> a.io"), "unchanged"],
    ["of blanks around our name", edits("<@U0BOT> fix", "<@U0BOT>  fix"), "unchanged"],
    ["#55 of our own progress", edits("Reading", "<@U0BOT>", { user: "U0BOT", bot_id: "B0BOT" }), "edit-or-deletion"],
    ["#55 of our own, whatever else is in it", onMessage(ours(), us), "edit-or-deletion"],
    ["of a bot", edits("a", "<@U0BOT> fix", { user: "U7", bot_id: "B7" }), "edit-or-deletion"],
    ["of Slackbot", edits("a", "<@U0BOT> fix", { user: "USLACKBOT" }), "edit-or-deletion"],
    ["of talk that never named us", edits("lunch?", "dinner?"), "no-mention-and-no-thread"],
    ["that speaks to somebody else", edits("<@U0BOT> fix", "<@U2> fix", inThread), "to-somebody-else"],
    ["that leaves no words", edits("<@U0BOT> fix", "<@U0BOT>"), "no-text"],
    ["without its message", edits("a", "b", { ts: undefined }), "malformed"],
  ];
  for (const [name, heard, reason] of ignored)
    test(`${name} is left alone`, () => assert.deepEqual(heard, { is: "ignored", reason }));

  function ours() {
    return envelope({ subtype: "message_changed", message: { user: "U0BOT", bot_id: "B0BOT", ts: 5, blocks: "?" } });
  }
});

describe("#12 a deletion", () => {
  const was = { user: "U1", ts: "1700000100.000200", text: "<@U0BOT> fix the login" };
  const at = { channel: "C1", channel_type: "channel", ts: "1700000300.000000", hidden: true };
  const deletes = (previous_message: object | undefined, event: object = {}) =>
    onMessage(envelope({ type: "message", subtype: "message_deleted", ...at, previous_message, ...event }), us);
  const takenBack = {
    is: "mention",
    mention: {
      dedupe: "slack:T1/C1/1700000100.000200/deleted",
      keys: ["slack:thread:T1/C1/1700000100.000200"],
      thread: { surface: "slack", team: "T1", channel: "C1", threadTs: "1700000100.000200" },
      author: { surface: "slack", id: "U1", name: "U1" },
      text: "",
      addressed: false,
      at: 1_700_000_300_000,
      message: "1700000100.000200",
      corrects: "1700000100.000200",
    },
  };

  test("of an order takes it back, where a session follows", () => assert.deepEqual(deletes(was), takenBack));
  test("of one that had replies does so too, though a tombstone stays", () => {
    const tombstone = { user: "USLACKBOT", subtype: "tombstone", ts: was.ts, text: "This message was deleted." };
    assert.deepEqual(deletes(was, { subtype: "message_changed", message: tombstone }), takenBack);
  });
  test("of a reply or of a direct message may take back what was asked there", () => {
    const talk = { ...was, text: "and the tests" };
    assert.equal(deletes({ ...talk, thread_ts: "1700000000.000100" }).is, "mention");
    assert.equal(deletes(talk, { channel_type: "im" }).is, "mention");
  });

  const ignored: [string, ReturnType<typeof deletes>, string][] = [
    ["of talk that never named us", deletes({ ...was, text: "lunch?" }), "no-mention-and-no-thread"],
    ["#55 of one of ours", deletes({ user: "U0BOT", bot_id: "B0BOT" }), "edit-or-deletion"],
    ["of a bot's message", deletes({ ...was, bot_id: "B7" }), "edit-or-deletion"],
    ["of something unknown", deletes(undefined), "edit-or-deletion"],
    ["without a ts", deletes({ ...was, ts: undefined }), "malformed"],
  ];
  for (const [name, heard, reason] of ignored)
    test(`${name} is left alone`, () => assert.deepEqual(heard, { is: "ignored", reason }));
});
