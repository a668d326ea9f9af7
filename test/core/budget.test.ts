/** What may be spent: told when it is nearly used up, stopped when it is, raised by those who may, and gone on with then. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { afterTurn, type Raised, raisedNow, withRaise } from "../../src/core/budget.ts";
import { decide } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import {
  type DayUsage,
  type Limits,
  mayRaise,
  NO_LIMITS,
  nearText,
  refusalOfTurn,
  refusalToday,
} from "../../src/core/limits.ts";
import type { Usage } from "../../src/wire/events.ts";
import { accepted, alice, bob, ended, NOW, names, ready, says, slackThread, tell } from "./story.ts";

/** 18:48 of some day in UTC. */
const EVENING = Date.UTC(2026, 0, 15, 18, 48);
const TODAY = Date.UTC(2026, 0, 15);
const NONE = { tokens: null, dollars: null };
const limits: Limits = {
  ...NO_LIMITS,
  perTurn: { tokens: null, dollars: 4 },
  perDay: { tokens: null, dollars: 100 },
  perDayOf: {
    person: { tokens: 1_000_000, dollars: 10 },
    channel: NONE,
    repository: { tokens: null, dollars: 30 },
    organisation: NONE,
  },
  perSession: { tokens: null, dollars: 8 },
  raisedBy: "the platform team",
};
const nothing = { tokens: 0, dollars: 0 };
const used = (change: Partial<DayUsage["on"] & { session: object }> = {}, all = nothing): DayUsage => {
  const { session = nothing, ...on } = change as { session?: typeof nothing };
  return {
    turns: { person: 0, channel: 0, repository: 0, organisation: 0 },
    ...all,
    on: { person: nothing, channel: nothing, repository: nothing, organisation: nothing, ...on },
    session,
  };
};
const usage = (costUsd: number, inputTokens = 100): Usage => ({ inputTokens, outputTokens: 0, costUsd });
const dollars = (spent: number) => ({ tokens: 0, dollars: spent });
const CAN = "The platform team can raise it";

describe("a turn begins", () => {
  const table: [string, DayUsage, string | null][] = [
    ["while there is something left of every budget", used({ person: dollars(9.99), session: dollars(7.99) }), null],
    [
      "not with a person's budget of the day spent",
      used({ person: dollars(10) }),
      `$10.00 were spent today on your account, of $10.00. That is free again at 00:00 UTC, in 5 h 12 min. ${CAN} (\`limits.dollarsPerDay.person\`).`,
    ],
    [
      "not with their tokens used",
      used({ person: { tokens: 1_200_000, dollars: 0 } }),
      `1,200,000 tokens were used today on your account, of 1,000,000. That is free again at 00:00 UTC, in 5 h 12 min. ${CAN} (\`limits.tokensPerDay.person\`).`,
    ],
    [
      "not with a repository's budget of the day spent",
      used({ repository: dollars(31) }),
      `$31.00 were spent today on this repository, of $30.00. That is free again at 00:00 UTC, in 5 h 12 min. ${CAN} (\`limits.dollarsPerDay.repository\`).`,
    ],
    [
      "not with the session's budget spent, and tomorrow neither",
      used({ session: dollars(8) }),
      `$8.00 were spent in this session, of $8.00. ${CAN} (\`limits.dollarsPerSession\`).`,
    ],
  ];
  for (const [name, spent, told] of table)
    test(name, () => {
      const refusal = refusalToday(limits, spent, EVENING);
      assert.equal(refusal?.text ?? null, told && `I do not begin this: ${told}`);
    });
  test("and whoever may raise a budget here is told how", () =>
    assert.match(
      refusalToday({ ...limits, raisedByPeople: ["U1"] }, used({ session: dollars(8) }), EVENING)?.text ?? "",
      /\. Here, with `budget \+5`: whoever is listed in `limits\.raisedByPeople`\.$/,
    ));
  test("again, with what was raised", () => {
    const raised = raisedNow({ dollars: 1, day: { since: TODAY, dollars: 1 }, turn: 1 }, TODAY);
    assert.equal(refusalToday(limits, used({ session: dollars(8.5), person: dollars(10.5) }), EVENING, raised), null);
    assert.equal(refusalToday(limits, used({ session: dollars(9) }), EVENING, raised)?.code, "limit.session-cost");
  });
});

describe("a turn goes on", () => {
  const table: [string, Usage, DayUsage, string | null, string?][] = [
    ["while there is something left", usage(4), used({ session: dollars(4), person: dollars(6) }), null],
    ["not beyond its own budget", usage(4.01), used(), "limit.cost", "It has cost $4.01, and a turn may cost $4.00."],
    [
      "not beyond the session's",
      usage(2.5),
      used({ session: dollars(6) }),
      "limit.session-cost",
      "With it $8.50 were spent in this session, of $8.00.",
    ],
    [
      "not beyond the person's of the day",
      usage(2.5),
      used({ person: dollars(8) }),
      "limit.day-cost",
      "With it $10.50 were spent today on your account, of $10.00.",
    ],
    [
      "not beyond that of all together",
      usage(1),
      used({}, dollars(99.5)),
      "limit.day-cost",
      "With it $100.50 were spent today, of $100.00.",
    ],
  ];
  for (const [name, spent, beside, code, told] of table)
    test(name, () => {
      const refusal = refusalOfTurn(limits, spent, { spent: beside });
      assert.equal(refusal?.code ?? null, code);
      if (told) assert.ok(refusal?.text.startsWith(`${told} ${CAN}`), refusal?.text);
    });
  test("with what was raised", () => {
    const raised = raisedNow({ dollars: 5, day: { since: TODAY, dollars: 5 }, turn: 5 }, TODAY);
    assert.equal(refusalOfTurn(limits, usage(8.9), { spent: used({ person: dollars(6) }), raised }), null);
    assert.equal(refusalOfTurn(limits, usage(9.1), { raised })?.code, "limit.cost");
  });
});

test("what is nearly used up is told from four fifths on, the one that is used up first", () => {
  assert.equal(nearText(limits, usage(3.1), { spent: used() }), null);
  assert.equal(
    nearText(limits, usage(3.2), { spent: used() }),
    "$3.20 of $4.00: the budget of this turn is nearly used up, then I am stopped",
  );
  assert.equal(
    nearText(limits, usage(3.2), { spent: used({ person: dollars(6.7) }) }),
    "$9.90 of $10.00: today's budget is nearly used up, then I am stopped",
  );
  assert.equal(nearText(limits, usage(4.1), { spent: used() }), null);
  assert.equal(nearText(NO_LIMITS, usage(1e6), { spent: used() }), null);
});

describe("what was raised", () => {
  const once = (later = false) => withRaise({} as { raised?: Raised }, 5, TODAY, later);
  test("counts for the turn, for the day and for the session", () =>
    assert.deepEqual(raisedNow(once().raised, TODAY), { turn: 5, session: 5, day: 5 }));
  test("adds up", () =>
    assert.deepEqual(raisedNow(withRaise(once(), 2.5, TODAY, false).raised, TODAY), {
      turn: 7.5,
      session: 7.5,
      day: 7.5,
    }));
  test("is used up with its turn, and with its day", () => {
    assert.deepEqual(raisedNow(afterTurn(once(), undefined).raised, TODAY), { turn: 0, session: 5, day: 5 });
    assert.deepEqual(raisedNow(once().raised, TODAY + 86_400_000), { turn: 5, session: 5, day: 0 });
  });
  test("while a turn is being stopped is for the next one", () => {
    assert.deepEqual(raisedNow(once(true).raised, TODAY), { turn: 0, session: 5, day: 5 });
    assert.deepEqual(raisedNow(afterTurn(once(true), undefined).raised, TODAY), { turn: 5, session: 5, day: 5 });
  });
});

test("whoever raises is listed, by their id on the surface where they say so", () => {
  const listed = { ...limits, raisedByPeople: ["U1", "12"] };
  assert.equal(mayRaise(listed, alice), true);
  assert.equal(mayRaise(listed, bob), false);
  assert.equal(mayRaise(listed, { surface: "github", id: "12", name: "alice" }), true);
  assert.equal(mayRaise(listed, { surface: "web", id: "U1", name: "alice" }), false);
  assert.equal(mayRaise(limits, alice), false);
});

/** `refused`: null where they may. */
function raises(id: string, refused: string | null | undefined, change: object = {}): SessionEvent[] {
  return says(id, "budget +5", change).map((event) =>
    event.type === "admitted" && refused !== undefined ? { ...event, raise: refused } : event,
  );
}
const AUDIT = "alice raised what this session may cost by $5.00, which makes $5.00 by now.";
const said = (text: string) => ({ do: "say", thread: slackThread, text });

describe("somebody who may raises a budget", () => {
  const running = [...says("m1", "the test fails"), ready, accepted("m1")];
  const over: SessionEvent = { type: "over-budget", turn: "m1", attempt: 1, code: "limit.cost", detail: "Much." };
  const stoppedTurn = ended("m1", { outcome: "stopped", answer: "", durationMs: 1 });

  test("while the turn runs, which goes on", () => {
    const { session, effects } = tell(running, raises("m2", null));
    assert.deepEqual(effects.slice(1), [said(AUDIT)]);
    assert.equal(session.turn?.id, "m1");
    // What was found before that stops nothing any more; what is found after it does.
    assert.deepEqual(decide(session, over, NOW).effects, []);
    assert.deepEqual(names(decide(session, { ...over, raised: 5 }, NOW).effects.map(({ effect }) => effect)), [
      "abort",
    ]);
  });
  test("after it was stopped, and what it was asked is asked again", () => {
    const { session, effects } = tell(running, over, stoppedTurn, raises("m2", null));
    assert.deepEqual(effects[1], said(`${AUDIT} I go on.`));
    assert.deepEqual([session.turn?.id, session.turn?.asks[0]?.text], ["m2", "the test fails"]);
    assert.equal(session.raised?.turn, 5);
  });
  test("while it is being stopped, and it is the next one that goes on", () => {
    const during = tell(running, over, raises("m2", null));
    assert.deepEqual(
      during.session.queue.map(({ id, text }) => [id, text]),
      [["m2", "the test fails"]],
    );
    const { session } = tell(running, over, raises("m2", null), stoppedTurn);
    assert.deepEqual([session.turn?.id, session.raised?.turn], ["m2", 5]);
  });
  test("twice while its turn is being stopped: what was asked is done once", () => {
    const { session, effects } = tell(running, over, raises("m2", null), raises("m3", null));
    assert.deepEqual(
      session.queue.map(({ id }) => id),
      ["m2"],
    );
    assert.equal(session.raised?.next, 10);
    const text = "alice raised what this session may cost by $5.00, which makes $10.00 by now.";
    assert.deepEqual(effects.at(-1), said(text));
  });
  test("after a turn that a person has stopped, which stays stopped", () => {
    const { session } = tell(running, says("m2", "stop"), stoppedTurn, raises("m3", null));
    assert.deepEqual([session.turn, session.raised?.turn], [null, 5]);
  });
  test("by an edited message, which counts for nothing", () => {
    const { session } = tell(running, raises("m2", null, { corrects: "m1" }));
    assert.equal(session.raised, undefined);
  });
});

test("somebody who may not raise a budget is told who may, and nothing is raised", () => {
  for (const refused of ["Ask the platform team.", undefined]) {
    const { session, effects } = tell(says("m1", "the test fails"), raises("m2", refused));
    assert.deepEqual(names(effects).includes("refuse"), true);
    assert.equal(session.raised, undefined);
  }
});
