/** Mentions of people who have to say first who they are on GitHub. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import type { Person } from "../../src/core/types.ts";
import { accepted, alice, bob, mention, NOW, names, onGitHub, ready, says, tell } from "./story.ts";

const said = (id: string, text: string, change = {}): SessionEvent => ({
  type: "mentioned",
  mention: mention(id, text, change),
});
const unconnected = (id: string, author: Person = alice): SessionEvent => ({
  ...{ type: "unconnected", mention: id, author, text: "Connect first." },
});
const connected = (author: Person): SessionEvent => ({
  ...{ type: "connected", login: author.name, member: { surface: "slack", team: "T1", id: author.id } },
});
const DAY = 24 * 60 * 60_000;

describe("#23 what somebody asks who is not connected", () => {
  test("is kept, and they alone are told how to connect", () => {
    const { session, effects } = tell(said("m1", "fix it"), unconnected("m1"));
    assert.deepEqual(
      session.connecting?.map(({ text }) => text),
      ["fix it"],
    );
    assert.deepEqual(session.checking, []);
    assert.deepEqual(effects, [
      { do: "refuse", mention: mention("m1", "fix it"), text: "Connect first.", connect: true },
    ]);
  });

  test("is checked again when they are, in their order, and nobody else's is", () => {
    const { session, effects } = tell(
      ...[said("m1", "fix it"), unconnected("m1"), said("m2", "me too", { author: bob }), unconnected("m2", bob)],
      ...[said("m3", "and that"), unconnected("m3"), connected(alice)],
    );
    assert.deepEqual(effects, [
      { do: "check", mention: "m1" },
      { do: "check", mention: "m3" },
    ]);
    assert.deepEqual(
      session.checking.map(({ id }) => id),
      ["m1", "m3"],
    );
    assert.deepEqual(
      session.connecting?.map(({ id }) => id),
      ["m2"],
    );
  });

  test("leaves nothing behind that one could wait for", () => {
    const { session } = tell(said("m1", "fix it"), unconnected("m1"), connected(alice));
    assert.equal("connecting" in session, false);
    assert.deepEqual(tell(said("m1", "fix it"), unconnected("m1"), connected(alice), connected(alice)).effects, []);
  });

  test("of another workspace does not begin", () => {
    const other: SessionEvent = {
      ...{ type: "connected", login: "alice", member: { surface: "slack", team: "T2", id: alice.id } },
    };
    assert.deepEqual(tell(said("m1", "fix it"), unconnected("m1"), other).effects, []);
  });

  test("is over after a day", () => {
    const { session } = tell(said("m1", "fix it"), unconnected("m1"));
    assert.deepEqual(decide(session, connected(alice), NOW + DAY).effects, []);
    assert.equal(decide(session, connected(alice), NOW + DAY - 1).effects.length, 1);
  });

  test("is at most ten things; more are refused, with the way to connect", () => {
    const many = Array.from({ length: 11 }, (_, i) => [said(`m${i}`, `do ${i}`), unconnected(`m${i}`)]);
    const { session, effects } = tell(...many);
    assert.equal(session.connecting?.length, 10);
    const [last] = effects;
    assert.ok(last?.do === "refuse" && last.connect);
    assert.match(last.text, /I do not keep this; say it again/);
  });

  test("without a mention is told of once", () => {
    const aside = { addressed: false };
    const { all, session } = tell(
      ...[said("m1", "fix it"), unconnected("m1"), said("m2", "soon", aside), unconnected("m2")],
    );
    assert.equal(all.filter((effect) => effect.do === "refuse").length, 1);
    assert.equal(session.connecting?.length, 2);
  });

  test("is what it reads after an edit, and nothing when it was deleted", () => {
    const edited = said("e1", "fix it well", { corrects: "m1" });
    const { session } = tell(said("m1", "fix it"), unconnected("m1"), edited, unconnected("e1"));
    assert.deepEqual(
      session.connecting?.map(({ text }) => text),
      ["fix it well"],
    );
    const deleted = says("d1", "", { corrects: "m1" });
    assert.equal(tell(said("m1", "fix it"), unconnected("m1"), deleted).session.connecting, undefined);
  });

  for (const words of ["stop", "unlink", "fresh look at the logs"])
    test(`goes with \`${words}\`, and the thread is told`, () => {
      const { session, effects } = tell(
        said("m1", "fix it"),
        unconnected("m1"),
        says("m2", words, { author: bob, at: NOW + 1 }),
      );
      assert.equal(session.connecting, undefined);
      assert.ok(effects.some((effect) => effect.do === "say" && /bob before it began: "fix it"/.test(effect.text)));
    });

  test("stays where a stop is older than it", () => {
    const stop = says("m2", "stop", { author: bob, at: NOW - 1 });
    assert.equal(tell(said("m1", "fix it"), unconnected("m1"), stop).session.connecting?.length, 1);
  });
});

describe("#24 leave to push", () => {
  const running = [says("m1", "fix it"), ready, accepted("m1")];

  test("is found out when the work is done", () =>
    assert.deepEqual(tell(...running, { type: "push.asked", turn: "m1" }).effects, [{ do: "allow-push", turn: "m1" }]));

  test("is not given where nobody could tell", () => {
    const failure = { code: "push.not-allowed", detail: "GitHub is away" };
    assert.deepEqual(tell(...running, { type: "push.unanswered", turn: "m1", failure }).effects, [
      { do: "allow-push", turn: "m1", no: failure },
    ]);
  });

  test("is nobody's for another turn", () =>
    assert.deepEqual(names(tell(...running, { type: "push.asked", turn: "m0" }).effects), []));
});

describe("#24 what was found out about its author for another repository than the session works on by now", () => {
  const admitted = (workedOn: string | null): SessionEvent => ({
    ...{ type: "admitted", mention: "m2", author: bob, workedOn },
    choice: { is: "chosen", work: { repository: { ...onGitHub, id: "8" }, branch: "b", own: true } },
  });

  test("is found out once more", () => {
    const { session, effects } = tell(
      says("m1", "fix it", {}, onGitHub),
      said("m2", "push it", { author: bob }),
      admitted(null),
    );
    assert.deepEqual(effects, [{ do: "check", mention: "m2" }]);
    assert.deepEqual(
      session.checking.map(({ id }) => id),
      ["m2"],
    );
  });

  test("counts where it was found out for that one", () => {
    const { session } = tell(says("m1", "fix it", {}, onGitHub), said("m2", "push it", { author: bob }), admitted("7"));
    assert.deepEqual(session.checking, []);
  });
});

test("`status` says what waits for somebody who has to connect, and a stop of it is one message", () => {
  const texts = (word: string) =>
    tell(said("m1", "fix it"), unconnected("m1"), says("m2", word)).effects.flatMap((one) =>
      one.do === "say" ? [one.text] : [],
    );
  assert.deepEqual(texts("status"), [
    'Nothing is running. The sandbox is not started yet. It waits until alice connects GitHub: "fix it".',
  ]);
  assert.deepEqual(texts("stop"), ['Stopped by alice before it began: "fix it".']);
});
