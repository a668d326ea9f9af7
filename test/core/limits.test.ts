/** How much there may be, and the words in which it is told that there is no more. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import {
  accountsOf,
  type DayUsage,
  type Limits,
  NO_LIMITS,
  overdueText,
  refusalOfTurn,
  refusalToday,
  startOfDay,
  warnedAfterMs,
} from "../../src/core/limits.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import {
  accepted,
  alice,
  ended,
  mention,
  NOW,
  names,
  plain,
  pullRequestThread,
  ready,
  says,
  slackThread,
  tell,
} from "./story.ts";

const MINUTE_MS = 60_000;
/** 18:48 of some day in UTC. */
const EVENING = Date.UTC(2026, 0, 15, 18, 48);
const UNUSED: DayUsage = {
  turns: { person: 0, channel: 0, repository: 0, organisation: 0 },
  tokens: 0,
  dollars: 0,
};
const limits: Limits = {
  turnsPerDay: { person: 3, channel: 10, repository: 20, organisation: 1_000 },
  sandboxes: 2,
  perTurn: { tokens: 1_000_000, dollars: 2.5 },
  perDay: { tokens: 5_000_000, dollars: 100 },
  raisedBy: "the platform team",
};
const turns = (change: Partial<DayUsage["turns"]>): DayUsage => ({ ...UNUSED, turns: { ...UNUSED.turns, ...change } });
const per = (change: Partial<Limits["turnsPerDay"]>): Limits => ({
  ...limits,
  turnsPerDay: { ...limits.turnsPerDay, ...change },
});

describe("one more turn today", () => {
  const AGAIN = "That is free again at 00:00 UTC, in 5 h 12 min.";
  const table: [string, Limits, DayUsage, string | null, string?][] = [
    ["may begin where nothing is used", limits, UNUSED, null],
    ["may be the last one", limits, turns({ person: 2, channel: 9, repository: 19, organisation: 999 }), null],
    [
      "is one too many for a person",
      limits,
      turns({ person: 3 }),
      "limit.person",
      `I do not begin this: you may have 3 turns a day, and had them. ${AGAIN} The platform team can raise it (\`limits.turnsPerDay.person\`).`,
    ],
    [
      "is one too many for a channel",
      limits,
      turns({ channel: 10 }),
      "limit.channel",
      `I do not begin this: this channel may have 10 turns a day, and had them. ${AGAIN} The platform team can raise it (\`limits.turnsPerDay.channel\`).`,
    ],
    [
      "is one too many for a repository",
      per({ repository: 1 }),
      turns({ repository: 1 }),
      "limit.repository",
      `I do not begin this: this repository may have 1 turn a day, and had it. ${AGAIN} The platform team can raise it (\`limits.turnsPerDay.repository\`).`,
    ],
    [
      "is one too many for an organisation, which somebody has lowered since",
      limits,
      turns({ organisation: 2_000 }),
      "limit.organisation",
      `I do not begin this: this organisation may have 1,000 turns a day, and had them. ${AGAIN} The platform team can raise it (\`limits.turnsPerDay.organisation\`).`,
    ],
    [
      "is not free tomorrow where there are none",
      per({ channel: 0 }),
      UNUSED,
      "limit.channel",
      "I do not begin this: this channel may have no turns. The platform team can raise it (`limits.turnsPerDay.channel`).",
    ],
    [
      "would be paid with tokens that are used up",
      limits,
      { ...UNUSED, tokens: 5_200_000 },
      "limit.day-tokens",
      `I do not begin this: 5,200,000 tokens were used today, of 5,000,000. ${AGAIN} The platform team can raise it (\`limits.tokensPerDay\`).`,
    ],
    [
      "would be paid with dollars that are spent",
      limits,
      { ...UNUSED, dollars: 100 },
      "limit.day-cost",
      `I do not begin this: $100.00 were spent today, of $100.00. ${AGAIN} The platform team can raise it (\`limits.dollarsPerDay\`).`,
    ],
    [
      "may begin where nothing is limited",
      NO_LIMITS,
      {
        turns: { person: 1e6, channel: 1e6, repository: 1e6, organisation: 1e6 },
        tokens: 1e12,
        dollars: 1e6,
      },
      null,
    ],
  ];
  for (const [name, given, used, code, text] of table)
    test(name, () => {
      const refusal = refusalToday(given, used, EVENING);
      assert.deepEqual([refusal?.code ?? null, refusal?.text], [code, text]);
    });

  test("belongs to the day of UTC", () => {
    assert.equal(startOfDay(EVENING), Date.UTC(2026, 0, 15));
    assert.equal(startOfDay(Date.UTC(2026, 0, 15)), Date.UTC(2026, 0, 15));
  });
});

describe("a turn goes on the account of", () => {
  test("a person, a channel, a repository and a workspace in Slack", () =>
    assert.deepEqual(accountsOf(slackThread, alice, plain), {
      person: "slack:U1",
      channel: "slack:T1/C1",
      repository: "https://git.example.com/acme/api",
      organisation: "slack:T1",
    }));
  test("a person, the repository's issues, a repository and its owner on GitHub", () =>
    assert.deepEqual(accountsOf(pullRequestThread, { ...alice, surface: "github", id: "12" }, plain), {
      person: "github:12",
      channel: "github:7",
      repository: "https://git.example.com/acme/api",
      organisation: "github:acme",
    }));
  test("a person alone where there are no channels", () =>
    assert.deepEqual(accountsOf({ surface: "web", id: "w1" }, { ...alice, surface: "web" }, null), {
      person: "web:U1",
      channel: null,
      repository: null,
      organisation: null,
    }));
});

describe("what a turn may use", () => {
  const table: [string, { inputTokens: number; outputTokens: number; costUsd: number }, string | null, string?][] = [
    ["may be used up", { inputTokens: 900_000, outputTokens: 100_000, costUsd: 2.5 }, null],
    [
      "counts what is read and what is written",
      { inputTokens: 900_000, outputTokens: 100_001, costUsd: 0 },
      "limit.tokens",
      "It has used 1,000,001 tokens, and a turn may use 1,000,000. The platform team can raise it (`limits.tokensPerTurn`).",
    ],
    [
      "is counted in dollars, too",
      { inputTokens: 1, outputTokens: 1, costUsd: 2.61 },
      "limit.cost",
      "It has cost $2.61, and a turn may cost $2.50. The platform team can raise it (`limits.dollarsPerTurn`).",
    ],
  ];
  for (const [name, usage, code, text] of table)
    test(name, () => {
      const refusal = refusalOfTurn(limits, usage);
      assert.deepEqual([refusal?.code ?? null, refusal?.text], [code, text]);
    });
});

test("every refusal has a row among the errors", () => {
  const codes = Object.keys(limits.turnsPerDay).map((account) => `limit.${account}`);
  const known = ERROR_CODES.filter((code) => code.startsWith("limit."));
  const others = [
    "limit.day-tokens",
    "limit.day-cost",
    "limit.tokens",
    "limit.cost",
    "limit.session-tokens",
    "limit.session-cost",
    "limit.sandboxes",
  ];
  assert.deepEqual(known, [...codes, ...others]);
});

const running = [...says("m1", "the test fails"), ready, accepted("m1")];

describe("a mention beyond a limit", () => {
  const beyond = (): SessionEvent[] => [
    { type: "mentioned", mention: mention("m1", "the test fails") },
    { type: "limited", mention: "m1", text: "No more today." },
  ];
  test("is told so in the thread, and starts nothing", () => {
    const { session, effects } = tell(beyond());
    assert.deepEqual(effects, [{ do: "say", thread: slackThread, text: "No more today." }]);
    assert.deepEqual([session.turn, session.queue, session.checking], [null, [], []]);
  });
  test("is told so once", () => assert.deepEqual(tell(beyond(), beyond()[1] ?? []).effects, []));
});

describe("a turn that uses more than it may", () => {
  const over: SessionEvent = { type: "over-budget", turn: "m1", attempt: 1, code: "limit.cost", detail: "Too much." };
  const resultOf = (...events: SessionEvent[]) => {
    const [answer] = tell(running, ...events).effects;
    return answer?.do === "answer" ? [answer.result.outcome, answer.result.failure] : answer;
  };
  test("is stopped, once", () => {
    assert.deepEqual(names(tell(running, over).effects), ["abort"]);
    assert.deepEqual(tell(running, over, over).effects, []);
  });
  test("has failed, and says why", () =>
    assert.deepEqual(resultOf(over, ended("m1", { outcome: "stopped", answer: "", durationMs: 1 })), [
      "failed",
      { code: "limit.cost", detail: "Too much." },
    ]));
  test("says so as well when its sandbox is lost meanwhile", () =>
    assert.deepEqual(resultOf(over, { type: "sandbox.lost", detail: "gone" }), [
      "failed",
      { code: "limit.cost", detail: "Too much." },
    ]));
  test("is done when it was done in the same moment", () =>
    assert.deepEqual(resultOf(over, ended("m1")), ["done", undefined]));
  test("is stopped by nobody when it is another turn, or an earlier attempt", () => {
    assert.deepEqual(tell(running, { ...over, turn: "m0" }).effects, []);
    assert.deepEqual(tell(running, { ...over, attempt: 2 }).effects, []);
  });
});

describe("the time of a turn", () => {
  const warned: SessionEvent = { type: "warned", turn: "m1", limitMs: 90 * MINUTE_MS };
  test("is warned of when three quarters are over", () =>
    assert.equal(warnedAfterMs(90 * MINUTE_MS), 67.5 * MINUTE_MS));
  test("is not warned of where it is so short that nobody could help", () =>
    assert.equal(warnedAfterMs(7 * MINUTE_MS), null));
  test("is warned of in its thread, and ends it later", () => {
    const { session } = tell(running);
    const { effects } = decide(session, warned, NOW + 67.5 * MINUTE_MS);
    assert.deepEqual(
      effects.map(({ effect }) => effect),
      [
        { do: "wake-me", when: "overdue", turn: "m1" },
        {
          do: "say",
          thread: slackThread,
          text: "68 min of 90 min are over, then I am stopped. What is done by then stays in the sandbox, and `retry` goes on from it.",
        },
      ],
    );
  });
  test("is warned of once", () => assert.deepEqual(tell(running, warned, warned).effects, []));
  test("of a turn that is over interests nobody", () =>
    assert.deepEqual(tell(running, ended("m1"), warned).effects, []));
  test("of a turn that is being stopped needs no word", () =>
    assert.deepEqual(names(tell(running, says("m2", "stop"), warned).effects), ["wake-me overdue"]));
  test("is up, and it is said who can raise it", () => {
    const detail = overdueText(limits, 90 * MINUTE_MS);
    assert.equal(detail, "It was stopped after 90 min. The platform team can raise it (`limits.turnMinutes`).");
    const stopped = ended("m1", { outcome: "stopped", answer: "", durationMs: 1 });
    const [answer] = tell(running, { type: "overdue", turn: "m1", detail }, stopped).effects;
    assert.deepEqual(answer?.do === "answer" && answer.result.failure, { code: "turn.timed-out", detail });
  });
});

describe("a session whose sandbox would be one too many", () => {
  const asked = says("m1", "the test fails");
  const full: SessionEvent = { type: "sandbox.waits", running: 20 };
  const again: SessionEvent = { type: "place", since: NOW };
  const stop = says("m2", "stop");
  test("waits for another one to go, and asks again", () => {
    const waiting = tell(asked, full);
    assert.deepEqual(waiting.effects, [{ do: "wake-me", when: "place", since: NOW }]);
    assert.deepEqual(waiting.session.sandbox, { is: "starting", since: NOW, from: null, full: 20 });
    assert.deepEqual(tell(asked, full, again).effects, [{ do: "start-sandbox", from: null }]);
  });
  test("goes on as others do once it has one", () =>
    assert.deepEqual(names(tell(asked, full, again, ready).effects), ["send-turn"]));
  test("says what it waits for", () => {
    const [, status] = tell(asked, full, says("m3", "status")).effects;
    assert.match(status?.do === "say" ? status.text : "", /^Waiting for a free sandbox \(20 in use\) on `acme\/api`/);
  });
  test("does not start one that nobody waits for any more", () => {
    for (const late of [again, full]) {
      const { session, effects } = tell(asked, full, stop, late);
      assert.deepEqual([effects, session.sandbox], [[], { is: "none" }]);
    }
  });
  test("starts one for whoever asks while it waits", () =>
    assert.deepEqual(names(tell(asked, full, stop, says("m3", "go on"), again).effects), ["start-sandbox"]));
  test("says what it waited for when its time is up", () => {
    const [answer] = tell(asked, full, { type: "overdue", turn: "m1", detail: "90 min." }).effects;
    assert.deepEqual(answer?.do === "answer" && [answer.result.outcome, answer.result.failure], [
      "timed-out",
      { code: "limit.sandboxes", detail: "No sandbox became free in time; 20 were in use." },
    ]);
  });
});
