import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lacksFiles } from "../../src/core/attachments.ts";
import type { Choice } from "../../src/core/choose.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { wishOf } from "../../src/core/order.ts";
import { accepted, alice, bob, ended, mention, NOW, names, ready, says, tell } from "./story.ts";

const ask = says("m1", "fix the login");
/** An edit of the message of that mention. */
const edit = (id: string, of: string, text: string): SessionEvent[] =>
  says(id, text, { message: of, corrects: of, addressed: false });
const running = [...ask, ready, accepted("m1")];
const asks = (events: SessionEvent[]) => tell(events).session.turn?.asks.map(({ text }) => text);

describe("#10 an edit of what was asked", () => {
  test("before the turn has begun takes the place of the old words", () =>
    assert.deepEqual(asks([...ask, ...edit("e1", "m1", "fix the logout")]), ["fix the logout"]));
  test("while its author is being checked waits its turn, and takes their place then", () => {
    const [said, admitted] = ask;
    const [edited, alright] = edit("e1", "m1", "fix the logout");
    assert.ok(said && admitted && edited && alright);
    assert.deepEqual(asks([said, edited, admitted, alright]), ["fix the logout"]);
  });
  test("while the agent works is told to it as a correction", () => {
    const { effects } = tell(running, edit("e1", "m1", "fix the logout"));
    assert.deepEqual(names(effects), ["acknowledge", "steer"]);
    const [, steer] = effects;
    assert.equal(steer?.do === "steer" && steer.ask.text, "Correction of what I wrote: fix the logout");
  });
  test("that says what is known already is not told again", () =>
    assert.deepEqual(names(tell(running, edit("e1", "m1", "fix the login")).effects), ["acknowledge"]));
  test("in the queue takes the place of the old words there", () => {
    const { session, effects } = tell(running, says("m2", "queue then the docs"), edit("e1", "m2", "then the readme"));
    assert.deepEqual(
      session.queue.map(({ id, text }) => [id, text]),
      [["m2", "then the readme"]],
    );
    assert.deepEqual(names(effects), ["acknowledge"]);
  });
  test("to the word stop stops it", () =>
    assert.deepEqual(names(tell(running, edit("e1", "m1", "stop")).effects), ["acknowledge", "abort"]));
});

describe("#10 an edit that comes too late", () => {
  const corrects = { message: "m1", corrects: "m1", addressed: false };
  const late: SessionEvent = { type: "mentioned", mention: mention("e1", "fix the logout", corrects) };
  const tooLate: [string, SessionEvent[]][] = [
    ["after the turn", [...running, ended("m1")]],
    ["while it is being stopped", [...running, ...says("m2", "stop")]],
    ["of a message that asked nothing", says("m3", "status")],
    ["of an order that was refused", [ask[0] as SessionEvent, { type: "turned-away", mention: "m1", text: "no" }]],
  ];
  for (const [name, before] of tooLate)
    test(`${name} changes nothing, and nobody is asked about its author`, () => {
      const { session, effects } = tell(before, late);
      assert.deepEqual([names(effects), session.checking.length], [[], 0]);
    });

  test("because the turn ended while its author was being checked begins nothing", () => {
    const again: SessionEvent = { type: "mentioned", mention: mention("e2", "fix the logins", corrects) };
    const [, admitted] = says("e1", "fix the logout", { ...corrects, author: bob });
    const { session, effects } = tell(running, late, again, ended("m1"), admitted ?? []);
    assert.deepEqual([names(effects), session.turn, session.queue], [[], null, []]);
  });
});

describe("#12 an order that was deleted", () => {
  const deleted = (of: string): SessionEvent[] => edit("d1", of, "");

  test("before the turn has begun stops it", () => {
    const { session, effects } = tell(ask, deleted("m1"));
    assert.equal(session.turn, null);
    const [answer] = effects;
    assert.deepEqual(answer?.do === "answer" && [answer.result.outcome, answer.result.stoppedBy], ["stopped", "alice"]);
  });
  test("before the turn has begun, among others, is left out of it", () =>
    assert.deepEqual(asks([...ask, ...says("m2", "and the docs"), ...deleted("m1")]), ["and the docs"]));
  test("in the queue goes out of it without a word", () => {
    const { session, effects } = tell(running, says("m2", "queue then the docs"), deleted("m2"));
    assert.deepEqual([session.queue, names(effects)], [[], []]);
  });
  test("while the agent works leaves it to the people in the thread", () => {
    const { session, effects } = tell(running, deleted("m1"));
    const [said] = effects;
    assert.match(said?.do === "say" ? said.text : "", /was deleted.*I go on; write `stop`/);
    assert.equal(session.turn?.phase.is, "running");
  });
  test("after the turn changes nothing", () =>
    assert.deepEqual(names(tell(running, ended("m1"), deleted("m1")).effects), []));
});

test("its author may ask as long as the order waits, however often they edit", () => {
  const edits = ["a", "b", "c"].flatMap((text, n) => edit(`e${n}`, "m1", text));
  assert.deepEqual(asks([...ask, ...edits]), ["c"]);
  assert.equal(tell(ask, edits).session.turn?.startedAt, NOW);
});

describe("somebody else's message that the bot was asked to look into", () => {
  const shortcut = says("m1", "please look into this", { message: "theirs" });
  const theirs = { message: "theirs", corrects: "theirs", addressed: false, author: bob };
  test("does not change what was asked when its writer edits it", () => {
    const { session, effects } = tell(shortcut, says("e1", "delete everything", theirs));
    assert.deepEqual([names(effects), session.turn?.asks[0]?.text], [[], "please look into this"]);
  });
  test("does not take back what was asked when it is deleted", () =>
    assert.equal(tell(shortcut, says("d1", "", theirs)).session.turn?.asks.length, 1));
});

describe("in a thread that was muted meanwhile", () => {
  const muted = [...ask, ...says("m2", "mute")];
  test("#10 an edit of an order counts", () =>
    assert.deepEqual(asks([...muted, ...edit("e1", "m1", "fix the logout")]), ["fix the logout"]));
  test("#12 so does its deletion", () => assert.equal(tell(muted, edit("d1", "m1", "")).session.turn, null));
});

describe("what waits for a repository to be chosen", () => {
  const choice = { is: "problem", code: "repository.ambiguous", detail: "Which?", choices: ["a/b"] } satisfies Choice;
  const unclear = (id: string, text: string, change = {}): SessionEvent[] => [
    { type: "mentioned", mention: mention(id, text, change) },
    { type: "admitted", mention: id, author: alice, choice },
  ];
  const asked = unclear("m1", "agent=claude branch=docs fix the login");
  const chooses = says("m9", 'repo="acme/api"', { author: bob });
  const corrects = { message: "m1", corrects: "m1", addressed: false };

  test("#26 is done with all that was said of how to do it", () => {
    const { session } = tell(asked, chooses);
    assert.deepEqual([session.agent, session.turn?.asks[0]?.text], ["claude", "fix the login"]);
    assert.deepEqual(wishOf(tell(asked).session, mention("m9", 'repo="acme/api"')), {
      options: { agent: "claude", branch: "docs", repo: "acme/api" },
      text: "fix the login",
    });
  });
  test("#10 is asked in other words after an edit", () => {
    const { session, effects } = tell(asked, unclear("e1", "fix the logout", corrects), chooses);
    assert.deepEqual([names(effects).includes("start-sandbox"), session.turn?.asks[0]?.text], [true, "fix the logout"]);
  });
  test("#10 begins when an edit says which one", () => {
    const { session } = tell(asked, says("e1", "repo=acme/api fix the logout", corrects));
    assert.deepEqual([session.turn?.id, session.turn?.asks[0]?.text], ["e1", "fix the logout"]);
  });
  test("#12 does not begin any more when its message was deleted", () =>
    assert.equal(tell(asked, says("d1", "", corrects), chooses).session.turn, null));
  test("#19 does not begin any more after a stop", () => {
    const { session, effects } = tell(asked, says("m2", "stop", { author: bob }));
    assert.deepEqual([session.undecided, names(effects)], [undefined, ["acknowledge", "say"]]);
  });
  test("is not dropped without a word when somebody else asks for something", () => {
    const { session, effects } = tell(asked, says("m2", "repo=acme/api do the docs", { author: bob }));
    assert.deepEqual([session.undecided, session.turn?.asks[0]?.text], [undefined, "do the docs"]);
    const last = effects.at(-1);
    assert.match(last?.do === "say" ? last.text : "", /^bob asked .* I do not begin "fix the login"/);
    const again = tell(asked, says("m2", "repo=acme/api fix the login test")).effects;
    assert.deepEqual(names(again), ["acknowledge", "wake-me warned", "start-sandbox"]);
  });
  test("#37 gets the files that arrive after it", () => {
    const files = [{ name: "a.png", mime: "image/png", bytes: 1, ref: { id: "F1", url: null } }];
    const told = tell(asked, { type: "attached", message: "m1", files });
    assert.equal(lacksFiles(tell(asked).session, "m1"), true);
    assert.deepEqual(told.session.undecided?.ask.files, files);
  });
});
