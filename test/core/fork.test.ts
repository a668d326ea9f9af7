import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseCommand, spelled } from "../../src/core/command.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { forkedFromText } from "../../src/core/fork.ts";
import type { Ask } from "../../src/core/types.ts";
import { accepted, alice, done, ended, mention, pullRequestThread, ready, says, slackThread, tell } from "./story.ts";

const admitted = (id: string): SessionEvent => ({
  ...{ type: "admitted", mention: id, author: alice },
  choice: { is: "problem", code: "repository.ambiguous", detail: "Which?" },
});
const fork = (text: string, change = {}): SessionEvent[] => [
  { type: "mentioned", mention: mention("m9", text, change) },
  admitted("m9"),
];
const pushed: SessionEvent = {
  ...{
    type: "branch.pushed",
    repository: "https://git.example.com/acme/api",
    branch: "threadbox/fix-test-s0001",
    commit: "c1",
  },
};
const forkIn = (...events: Parameters<typeof tell>) =>
  tell(...events).effects.flatMap((effect) => (effect.do === "fork" ? [effect.anew] : []));

describe("`fork`", () => {
  test("goes on from the branch, where that is pushed", () =>
    assert.deepEqual(forkIn(says("m1", "fix it"), ready, accepted("m1"), pushed, ended("m1"), fork("fork use redis")), [
      'use redis\nbase="threadbox/fix-test-s0001" repo="acme/api"',
    ]));
  test("goes on from the base, where nothing is, also while a turn runs", () => {
    const told = tell(says("m1", "fix it agent=pi"), ready, accepted("m1"), fork("fork: use redis"));
    assert.deepEqual(
      told.effects.flatMap((effect) => (effect.do === "fork" ? [effect.anew] : [])),
      ['use redis\nagent="pi" base="main" repo="acme/api"'],
    );
    assert.equal(told.session.turn?.phase.is, "running");
  });
  test("takes the options that are said with it, but no other repository", () =>
    assert.deepEqual(forkIn(says("m1", "fix it"), fork("fork use redis model=x repo=acme/docs base=release")), [
      'use redis\nbase="release" model="x" repo="acme/api"',
    ]));
  test("without a word begins a thread that waits for one", () =>
    assert.deepEqual(forkIn(says("m1", "fix it"), fork("fork")), ['\nbase="main" repo="acme/api"']));

  test("of a thread that has done nothing is not possible", () => {
    const { effects } = tell(fork("fork"));
    assert.deepEqual(effects.at(-1), {
      ...{ do: "say", thread: slackThread },
      text: "There is nothing here yet that another session could go on from.",
    });
  });
  test("that begins a thread is about a fork of another kind, and begins a turn", () => {
    const { session } = tell({ type: "mentioned", mention: mention("m1", "fork the upstream and fix it") }, [
      { ...says("m1", "x")[1] } as SessionEvent,
    ]);
    assert.deepEqual(
      session.turn?.asks.map(({ text }) => text),
      ["fork the upstream and fix it"],
    );
  });
  test("on GitHub says what to do instead", () => {
    const here = { thread: pullRequestThread };
    const { effects } = tell(says("m1", "fix it", here), fork("fork use redis", here));
    const [said] = effects.flatMap((effect) => (effect.do === "say" ? [effect.text] : []));
    assert.match(said ?? "", /has one session.*Open a new issue and mention me there\.$/);
  });
});

describe("words that are said again on somebody's behalf", () => {
  for (const text of ["fix it", "stop", "(aside) x", "fresh start", "see\nmodel=gpt in the log"])
    test(`${JSON.stringify(text)} are still what is to be done`, () => {
      const command = parseCommand(spelled(text, { repo: "acme/api" }));
      assert.equal("text" in command && command.text, text);
      assert.deepEqual("options" in command && command.options, { repo: "acme/api" });
    });
});

describe("what a fork is told of the session that it goes on from", () => {
  const ask = (text: string) => ({ author: alice, text, thread: slackThread }) as Ask;
  test("is what was asked and answered, in a fence", () =>
    assert.equal(
      forkedFromText(
        [
          { turn: { asks: [ask("fix it")] }, result: { ...done, answer: "Fixed.\nAll of it." } },
          { turn: { asks: [ask("and the docs")] }, result: null },
        ],
        slackThread,
      )
        .split("\n\n")
        .slice(1)
        .join("\n\n"),
      "> alice asked: fix it\n> Answer: Fixed.\n> All of it.\n\n> alice asked: and the docs\n> (It was still being worked on.)",
    ));
  test("is nothing, where nothing was", () => assert.equal(forkedFromText([], slackThread), ""));
  test("is nothing of what was asked where not everybody can read it", () => {
    const elsewhere = { ...ask("the customer's name is Initech"), thread: { ...slackThread, channel: "C2" } } as Ask;
    const told = [{ turn: { asks: [elsewhere] }, result: { ...done, answer: "Initech it is." } }];
    assert.equal(forkedFromText(told, slackThread), "");
    assert.match(
      forkedFromText([...told, { turn: { asks: [ask("fix it")] }, result: done }], slackThread),
      /asked: fix it/,
    );
  });
  test("is the newest, where it is too much, and says so", () => {
    const long = { turn: { asks: [ask("x".repeat(20_000))] }, result: done };
    const text = forkedFromText([long, long], slackThread);
    assert.match(text, /\[1 earlier turn is left out\]/);
    assert.ok(text.length < 31_000);
  });
});
