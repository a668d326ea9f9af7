/** What people say on GitHub under what the agent works on, without naming us; and bots that ask without end. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { breaker, MAX_BY_BOTS } from "../../src/core/breaker.ts";
import { decide, newSession } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import type { Mention, Person, Session } from "../../src/core/types.ts";
import {
  accepted,
  alice,
  bob,
  mention,
  NOW,
  names,
  onGitHub,
  pullRequestThread,
  ready,
  says,
  slackThread,
  tell,
} from "./story.ts";

const writer: Person = { surface: "github", id: "42", name: "alice" };
const here = { thread: pullRequestThread, author: writer };
const aside = { ...here, addressed: false };
const running = [...says("m1", "fix the test", here, onGitHub), ready, accepted("m1")];

describe("while a turn runs", () => {
  test("what does not name us waits, and the turn goes on as it was", () => {
    const { session, effects } = tell(running, says("m2", "and the docs too", aside, onGitHub));
    assert.deepEqual(names(effects), ["acknowledge"]);
    assert.deepEqual([session.turn?.asks.length, session.queue.map(({ id }) => id)], [1, ["m2"]]);
  });

  test("what names us is passed on to it", () => {
    const { session, effects } = tell(running, says("m2", "and the docs too", here, onGitHub));
    assert.deepEqual(names(effects), ["acknowledge", "steer"]);
    assert.deepEqual(session.queue, []);
  });

  test("a stop is heard without our name", () =>
    assert.deepEqual(names(tell(running, says("m2", "stop", aside, onGitHub)).effects), ["acknowledge", "abort"]));

  test("in Slack a plain reply is passed on as ever", () => {
    const slack = [...says("m1", "fix the test"), ready, accepted("m1")];
    const reply = says("m2", "and the docs too", { thread: slackThread, addressed: false });
    assert.deepEqual(names(tell(slack, reply).effects), ["acknowledge", "steer"]);
  });

  test("a question of the agent is answered by a plain reply", () => {
    const question = { id: "q1", text: "Which one?", options: ["a", "b"], otherwise: "a", expiresAt: NOW + 60_000 };
    const asked: SessionEvent = { type: "question.asked", turn: "m1", attempt: 1, question };
    const { session, effects } = tell(running, asked, says("m2", "the first", { ...aside, author: bob }, onGitHub));
    assert.ok(names(effects).includes("answer-question"));
    assert.deepEqual(session.queue, []);
  });
});

test("when nothing runs it begins", () => {
  const { session } = tell(says("m1", "status", here, onGitHub), says("m2", "fix the docs", aside, onGitHub));
  assert.equal(session.turn?.id, "m2");
});

describe("somebody who may not ask", () => {
  const turnedAway = (change: Partial<Mention>): SessionEvent[] => [
    { type: "mentioned", mention: mention("m2", "me too", change) },
    { type: "turned-away", mention: "m2", text: "You may not." },
  ];
  test("is told when they name us", () => assert.deepEqual(names(tell(running, turnedAway(here)).effects), ["refuse"]));
  test("is left in peace on GitHub when they do not", () => {
    const { session, effects } = tell(running, turnedAway(aside));
    assert.deepEqual([names(effects), session.checking], [[], []]);
  });
  test("is told in Slack in any case", () =>
    assert.deepEqual(names(tell(running, turnedAway({ addressed: false })).effects), ["refuse"]));
});

describe("a bot that may ask", () => {
  const bot: Person = { surface: "github", id: "77", name: "renovate[bot]", bot: true };
  const by = (author: Person, id: string, text: string, change: Partial<Mention> = {}) =>
    says(id, text, { ...here, author, ...change }, onGitHub);
  const asks = (count: number) => Array.from({ length: count }, (_, i) => by(bot, `b${i}`, `queue part ${i}`)).flat();

  test("is heard when it names us", () => assert.equal(tell(by(bot, "b1", "update it")).session.turn?.id, "b1"));

  test("is not heard when it talks to all and sundry", () => {
    const { session, effects } = tell(running, by(bot, "b1", "Coverage is 81 %", { addressed: false }));
    assert.deepEqual([names(effects), session.queue], [[], []]);
  });

  test("bot-to-bot loop: after ten orders in an hour it is left alone, which is said once", () => {
    const before = tell(running, asks(MAX_BY_BOTS));
    assert.equal(before.session.queue.length, MAX_BY_BOTS);
    const first = tell(running, asks(MAX_BY_BOTS), by(bot, "c1", "queue more"));
    assert.deepEqual(names(first.effects), ["say"]);
    assert.match(first.effects[0]?.do === "say" ? first.effects[0].text : "", /10 things here within an hour/);
    const second = tell(running, asks(MAX_BY_BOTS), by(bot, "c1", "queue more"), by(bot, "c2", "queue more"));
    assert.deepEqual([names(second.effects), second.session.queue.length], [[], MAX_BY_BOTS]);
  });

  test("is heard again when a person has asked for something", () => {
    const { session } = tell(
      ...[running, asks(MAX_BY_BOTS), by(bot, "c1", "queue more"), by(alice, "a1", "queue the docs")],
      by(bot, "c2", "status"),
    );
    assert.equal(session.byBots, undefined);
  });

  test("a person's `status` opens nothing", () => {
    const { session } = tell(running, asks(MAX_BY_BOTS), by(bot, "c1", "queue more"), by(alice, "a1", "status"));
    assert.equal(session.byBots?.paused, true);
  });

  test("an hour later the count begins anew, unless it is paused", () => {
    const HOUR = 60 * 60_000;
    let session: Session = newSession("s1", pullRequestThread, "x", NOW);
    for (let at = NOW; at < NOW + MAX_BY_BOTS; at++) session = breaker(session, bot, { asks: true, now: at }).session;
    assert.equal(breaker(session, bot, { asks: true, now: NOW + HOUR - 1 }).is, "paused");
    assert.equal(breaker(session, bot, { asks: true, now: NOW + HOUR }).is, "heard");
    const paused = breaker(session, bot, { asks: true, now: NOW + HOUR - 1 }).session;
    assert.equal(breaker(paused, bot, { asks: true, now: NOW + 5 * HOUR }).is, "paused");
  });

  test("people are not counted", () => {
    const before = newSession("s1", pullRequestThread, "x", NOW);
    const [mentioned] = by(alice, "a1", "fix it");
    assert.ok(mentioned);
    assert.equal(decide(before, mentioned, NOW).session.byBots, undefined);
  });
});
