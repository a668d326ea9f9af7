/** What the agent asks people, and what becomes of their answers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Effect, SessionEvent } from "../../src/core/decision.ts";
import { decisionText, type Question } from "../../src/core/question.ts";
import type { Mention } from "../../src/core/types.ts";
import {
  accepted,
  alice,
  bob,
  ended,
  mention,
  NOW,
  names,
  plain,
  pullRequestThread,
  ready,
  says,
  type Told,
  tell,
} from "./story.ts";

const which: Question = {
  ...{ id: "q1", text: "Which database?", options: ["Postgres", "SQLite"], otherwise: "Postgres" },
  expiresAt: Date.UTC(2026, 10, 21, 14, 5),
};
const asks = (question: Partial<Question> = {}, attempt = 1): SessionEvent => ({
  ...{ type: "question.asked", turn: "m1", attempt, question: { ...which, ...question } },
});
const decided = (answer: string | null, by: "person" | "deadline" | "stop", question = "q1"): SessionEvent => ({
  ...{ type: "question.answered", turn: "m1", attempt: 1, question, answer, by },
});
const shown: SessionEvent = { type: "question.shown", turn: "m1", question: "q1", ref: "9.9" };
const over = (id: string, text: string, author = alice): SessionEvent => ({
  ...{ type: "answer.over", turn: "m1", question: "q1", mention: mention(id, text, { author }) },
});

const running = [...says("m1", "add a database"), ready, accepted("m1")];
const open = [...running, asks(), shown];
/** Pressed by somebody else than whoever asked, unless it says so. */
const presses = (id: string, option: number, change: Partial<Mention> = {}): SessionEvent[] =>
  says(id, `option ${option + 1}`, { author: bob, addressed: false, answers: { question: "q1", option }, ...change });
const plainReply = { author: bob, addressed: false };

const given = ({ effects }: Told): string[] =>
  effects.flatMap((effect) => (effect.do === "answer-question" ? [effect.answer] : []));
const refused = ({ effects }: Told): string[] =>
  effects.flatMap((effect) => (effect.do === "refuse" ? [effect.text] : []));
const settledAs = (effects: Effect[]): string[] =>
  effects.flatMap((effect) => (effect.do === "settle" ? [decisionText(effect.decision, "14:05")] : []));

describe("#27 a question of the agent", () => {
  test("is asked in the turn's thread, with whom to ping, what can be chosen and until when", () => {
    const { effects, session } = tell(running, asks());
    assert.deepEqual(effects, [
      {
        ...{ do: "ask", turn: "m1", thread: session.thread },
        question: { ...which, turn: "m1", title: "add a database", askers: [alice] },
      },
    ]);
    assert.deepEqual(session.turn?.question, which);
  });

  test("pings everybody who asked for the turn", () => {
    const joined: SessionEvent[] = [
      ...says("m2", "with tests", { author: bob }),
      { type: "steered", turn: "m1", ask: { ...mention("m2", "with tests", { author: bob }) }, disposition: "steered" },
    ];
    const [effect] = tell(running, joined, asks()).effects;
    assert.deepEqual(effect?.do === "ask" && effect.question.askers.map(({ name }) => name), ["alice", "bob"]);
  });

  const answers: [said: string, answer: string][] = [
    ["Postgres", "Postgres"],
    ["sqlite!", "SQLite"],
    ["2", "SQLite"],
    ["#1", "Postgres"],
    ["2)", "SQLite"],
    ["3", "3"],
    ["neither, use MySQL", "neither, use MySQL"],
    ["model=big", "model=big"],
  ];
  for (const [said, answer] of answers)
    test(`is answered by a reply that says ${JSON.stringify(said)}`, () => {
      const told = tell(open, says("m2", said, plainReply));
      assert.deepEqual(names(told.effects), ["acknowledge", "answer-question"]);
      assert.deepEqual(given(told), [answer]);
    });

  test("is answered by a button, which is not marked as seen: the question itself shows it", () => {
    const told = tell(open, presses("m2", 1));
    assert.deepEqual([names(told.effects), given(told)], [["answer-question"], ["SQLite"]]);
  });

  test("is answered by an option that reads like a command, or like an aside", () => {
    const odd = [...running, asks({ options: ["stop", "(aside) no", "1"] })];
    assert.deepEqual(given(tell(odd, presses("m2", 0))), ["stop"]);
    const form = { author: bob, addressed: false, answers: { question: "q1" } };
    assert.deepEqual(given(tell(odd, says("m2", "(aside) no", form))), ["(aside) no"]);
    assert.deepEqual(
      given(tell(odd, says("m2", "1", plainReply))),
      ["1"],
      "what an option says goes before its number",
    );
  });

  const commands: [said: string, effects: string[]][] = [
    ["stop", ["acknowledge", "abort"]],
    ["status", ["acknowledge", "say"]],
    ["mute", ["acknowledge", "say"]],
    ["help", ["acknowledge", "help"]],
    ["queue write the docs", ["acknowledge"]],
    ["(aside) what do you think?", []],
  ];
  for (const [said, effects] of commands)
    test(`leaves ${JSON.stringify(said)} what it is`, () =>
      assert.deepEqual(names(tell(open, says("m2", said)).effects), effects));

  test("is not answered by whoever chooses another repository: that begins it anew there", () => {
    const docs = { ...plain, id: "https://git.example.com/acme/docs", name: "acme/docs" };
    const told = tell(open, says("m2", 'repo="acme/docs"', plainReply, docs));
    assert.deepEqual([names(told.effects), given(told)], [["acknowledge", "abort", "leave"], []]);
  });

  test("is not answered from another thread: what is said there is told to the agent", () => {
    const elsewhere = { thread: pullRequestThread, author: { ...bob, surface: "github" as const } };
    assert.deepEqual(names(tell(open, says("m2", "2", elsewhere)).effects), ["acknowledge", "steer"]);
  });

  test("is not answered by whoever may not ask", () => {
    const guest: SessionEvent = { type: "turned-away", mention: "m2", text: "Guests cannot start turns here." };
    const [said] = presses("m2", 1);
    assert.ok(said);
    const { effects, session } = tell(open, said, guest);
    assert.deepEqual([names(effects), session.turn?.question?.given], [["refuse"], undefined]);
  });

  test("is answered in a muted thread by its buttons alone", () => {
    const muted = [...open, ...says("m2", "mute")];
    assert.deepEqual(names(tell(muted, mentionedOnly("m3", "2")).effects), []);
    assert.deepEqual(given(tell(muted, presses("m3", 1))), ["SQLite"]);
  });

  test("gets the files of its answer besides", () => {
    const files = [{ name: "schema.sql", mime: "text/plain", bytes: 3, ref: { id: "F1", url: null } }];
    const told = tell(open, says("m2", "like this", { ...plainReply, files }));
    assert.deepEqual(names(told.effects), ["acknowledge", "answer-question", "steer"]);
  });

  test("is answered by files alone with words that the daemon takes", () => {
    const files = [{ name: "schema.sql", mime: "text/plain", bytes: 3, ref: { id: "F1", url: null } }];
    assert.match(given(tell(open, says("m2", "", { ...plainReply, files })))[0] ?? "", /files/);
  });

  test("says in its message who decided, once the daemon has taken it", () => {
    const { effects, session } = tell(open, presses("m2", 1), decided("SQLite", "person"));
    assert.deepEqual(settledAs(effects), ["Answered by bob: SQLite"]);
    assert.equal(session.turn?.question, undefined);
    assert.equal(session.answered?.[0]?.ref, "9.9");
  });

  const ends: [event: SessionEvent, words: string][] = [
    [decided("Postgres", "deadline"), "Nobody answered until 14:05; going on with: Postgres"],
    [decided(null, "deadline"), "Nobody answered until 14:05; going on without an answer."],
    [decided(null, "stop"), "The turn was stopped before anybody answered."],
    [decided("MySQL", "person"), "Answered: MySQL"],
    [ended("m1"), "The turn ended before anybody answered."],
    [{ type: "sandbox.lost", detail: "gone" }, "The sandbox that asked was lost, and the turn begins once more."],
  ];
  for (const [event, words] of ends)
    test(`that nobody answered says so: ${words}`, () => {
      const { effects, session } = tell(open, event);
      assert.deepEqual(settledAs(effects), [words]);
      assert.equal(session.turn?.question, undefined);
    });

  test("of a turn that somebody stops is settled before the answer", () => {
    const stopped = ended("m1", { outcome: "stopped", answer: "", durationMs: 1 });
    const { effects } = tell(open, says("m2", "stop"), stopped);
    assert.deepEqual(names(effects).slice(0, 2), ["settle", "answer"]);
    assert.deepEqual(settledAs(effects), ["The turn was stopped before anybody answered."]);
  });

  test("waits until the one before is over, and is not asked when it was over before", () => {
    const second = tell(open, asks({ id: "q2", text: "And which port?" }));
    assert.deepEqual(names(second.effects), []);
    const next = tell(open, asks({ id: "q2" }), presses("m2", 1), decided("SQLite", "person"));
    assert.deepEqual(names(next.effects), ["settle", "ask"]);
    assert.deepEqual(names(tell(open, asks({ id: "q2" }), decided(null, "deadline", "q2")).effects), []);
  });

  test("of an earlier attempt, of another turn or of a turn that is being stopped is not asked", () => {
    const other: SessionEvent = { ...asks(), turn: "m0" } as SessionEvent;
    assert.deepEqual(names(tell(running, asks({}, 2)).effects), []);
    assert.deepEqual(names(tell(running, other).effects), []);
    assert.deepEqual(names(tell(running, says("m2", "stop"), asks()).effects), []);
  });

  test("is asked twenty times in a turn at most", () => {
    const many = Array.from({ length: 25 }, (_, i) => [asks({ id: `q${i}` }), decided("x", "deadline", `q${i}`)]);
    const { all, session } = tell(running, many.flat());
    assert.equal(all.filter((effect) => effect.do === "ask").length, 20);
    assert.equal(session.answered?.length, 5);
  });

  test("is what `status` tells of", () => {
    const [, say] = tell(open, says("m2", "status")).effects;
    assert.match(
      say?.do === "say" ? say.text : "",
      /It waits for an answer until 2026-11-21 14:05 UTC: "Which database\?"\.$/,
    );
  });

  test("has no words where `status` is asked in another place", () => {
    const elsewhere = { thread: pullRequestThread, author: { ...bob, surface: "github" as const } };
    const [, say] = tell(open, says("m2", "status", elsewhere)).effects;
    assert.match(say?.do === "say" ? say.text : "", /It waits for an answer until 2026-11-21 14:05 UTC\.$/);
  });
});

describe("a question that nobody gets to see", () => {
  const unseen: SessionEvent = { type: "question.unseen", turn: "m1", question: "q1" };
  const noted = (told: Told) => told.effects.flatMap((effect) => (effect.do === "answer-question" ? [effect] : []));

  test("does not keep the agent waiting: what counts otherwise counts at once", () => {
    const [effect, ...others] = noted(tell(running, asks(), unseen));
    assert.deepEqual(others, []);
    assert.deepEqual(effect, { do: "answer-question", turn: "m1", question: "q1", answer: "Postgres", mention: null });
  });
  test("and where nothing does, the agent is told so", () =>
    assert.match(noted(tell(running, asks({ otherwise: null }), unseen))[0]?.answer ?? "", /^Nobody could be asked/));
  test("but was answered meanwhile, or is over, is left alone", () => {
    assert.deepEqual(noted(tell(open, presses("m2", 1), unseen)), []);
    assert.deepEqual(noted(tell(open, decided("Postgres", "deadline"), unseen)), []);
  });
  test("is settled as decided by nobody", () =>
    assert.deepEqual(settledAs(tell(running, asks(), unseen, decided("Postgres", "person")).effects), [
      "Answered: Postgres",
    ]));
  test("because it is one too many is decided at once as well", () => {
    const many = Array.from({ length: 20 }, (_, i) => [asks({ id: `q${i}` }), decided("x", "deadline", `q${i}`)]);
    assert.deepEqual(
      noted(tell(running, many.flat(), asks({ id: "q20" }))).map(({ question, answer }) => [question, answer]),
      [["q20", "Postgres"]],
    );
  });
});

describe("#7 leave to use a tool", () => {
  const permission = { tool: "bash", subject: "make deploy" };
  const wish = (change: Partial<Question> = {}) =>
    asks({ text: "Allow bash: make deploy", options: ["Allow", "Deny"], otherwise: "Deny", permission, ...change });
  const wished = [...running, wish(), shown];
  const noted = (told: Told) =>
    told.effects.flatMap((effect) => (effect.do === "answer-question" ? [effect.answer] : []));

  test("is asked for with the command", () => {
    const [effect] = tell(running, wish()).effects;
    assert.deepEqual(effect?.do === "ask" && effect.question.permission, permission);
  });

  for (const [said, answer] of [
    ["allow", "Allow"],
    ["Yes!", "Allow"],
    ["ok", "Allow"],
    ["go ahead", "Allow"],
    ["1", "Allow"],
    ["deny", "Deny"],
    ["2", "Deny"],
    ["no", "no"],
    ["yes, but only on staging", "yes, but only on staging"],
  ] as const)
    test(`is answered by ${JSON.stringify(said)} with ${JSON.stringify(answer)}`, () =>
      assert.deepEqual(given(tell(wished, says("m2", said, plainReply))), [answer]));

  test("yes is no leave where none was asked for", () =>
    assert.deepEqual(given(tell(open, says("m2", "yes", plainReply))), ["yes"]));

  test("is not given where nobody could be asked, whatever a sandbox says should count then", () => {
    const unseen: SessionEvent = { type: "question.unseen", turn: "m1", question: "q1" };
    for (const otherwise of ["Deny", "Allow", null])
      assert.deepEqual(noted(tell(running, wish({ otherwise }), unseen)), ["Deny"]);
    const many = Array.from({ length: 20 }, (_, i) => [wish({ id: `q${i}` }), decided("Deny", "deadline", `q${i}`)]);
    assert.deepEqual(noted(tell(running, many.flat(), wish({ id: "q20", otherwise: "Allow" }))), ["Deny"]);
  });
});

describe("#28 a button under a question that is over", () => {
  const rows: [when: string, before: (SessionEvent | SessionEvent[])[], text: string][] = [
    ["answered", [presses("m2", 1), decided("SQLite", "person")], "That was answered already by bob: SQLite"],
    ["whose answer is on its way", [presses("m2", 1)], "That was answered already by bob: SQLite"],
    [
      "of which the time was up",
      [decided("Postgres", "deadline")],
      "That question is over. Nobody answered until 2026-11-21 14:05 UTC; going on with: Postgres",
    ],
    ["of a turn that has ended", [ended("m1")], "That question is over. The turn ended before anybody answered."],
  ];
  for (const [when, before, text] of rows)
    test(`${when} tells that to the presser alone, and begins nothing`, () => {
      const told = tell(open, ...before, presses("m3", 0, { author: alice }));
      assert.deepEqual([names(told.effects), refused(told)], [["refuse"], [text]]);
    });

  test("pressed twice by the same person is one answer", () => {
    const told = tell(open, presses("m2", 1), presses("m3", 1));
    assert.deepEqual([given(told), refused(told)], [[], ["That was answered already by bob: SQLite"]]);
  });

  test("that nobody remembers any more begins nothing either", () => {
    const told = tell(presses("m3", 0));
    assert.deepEqual(refused(told), ["That question is over; I could not hand your answer to the agent."]);
    assert.equal(told.session.turn, null);
  });

  test("whose answer the daemon did not take is told so when it says why", () => {
    const late = tell(open, presses("m2", 1), over("m2", "option 2", bob));
    assert.deepEqual(names(late.effects), []);
    const known = tell(open, presses("m2", 1), over("m2", "option 2", bob), decided("Postgres", "deadline"));
    assert.deepEqual(names(known.effects), ["settle", "refuse"]);
    const [why] = refused(known);
    assert.match(why ?? "", /^That question is over\. Nobody answered until/);
    // The other way round: the stream was quicker.
    const reversed = tell(open, presses("m2", 1), decided("Postgres", "deadline"), over("m2", "option 2", bob));
    assert.deepEqual(refused(reversed), [why]);
  });

  test("whose answer was handed over once more after a restart has counted", () => {
    const again = tell(open, presses("m2", 1), decided("SQLite", "person"), over("m2", "option 2", bob));
    assert.deepEqual(names(again.effects), []);
    const before = tell(open, presses("m2", 1), over("m2", "option 2", bob), decided("SQLite", "person"));
    assert.deepEqual(settledAs(before.effects), ["Answered by bob: SQLite"]);
    assert.deepEqual(refused(before), []);
  });
});

const mentionedOnly = (id: string, text: string): SessionEvent => ({
  ...{ type: "mentioned", mention: mention(id, text, { ...plainReply, at: NOW }) },
});
