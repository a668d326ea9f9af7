import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type AgentWishes,
  channelAgent,
  chooseAgent,
  unusual,
  withOptions,
  withWish,
} from "../../src/core/agent-choice.ts";
import type { TeamAgent } from "../../src/core/agents.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { accepted, ended, ready, says, tell } from "./story.ts";

const AGENTS: TeamAgent[] = [
  { name: "pi", kind: "pi" },
  { name: "fast", kind: "pi", model: "small" },
  { name: "claude", kind: "claude" },
  { name: "Deep", kind: "claude", model: "opus" },
  { name: "goose", kind: "acp", command: ["goose", "acp"] },
  { name: "kimi", kind: "acp", command: ["kimi", "--acp"] },
];

const ROWS: [what: string, wishes: Partial<AgentWishes>, chosen: string][] = [
  ["nobody says anything: the bot's", {}, "pi"],
  ["the bot's with the bot's model", { bot: { agent: "pi", model: "haiku" } }, "pi haiku"],
  ["the bot's with the model that it is set up with", { bot: { agent: "fast" } }, "fast small"],
  ["what it is set up with says more than the bot's model", { bot: { agent: "fast", model: "haiku" } }, "fast small"],
  ["the person before the bot", { person: { agent: "claude" } }, "claude"],
  ["the channel before the person", { channel: { agent: "fast" }, person: { agent: "claude" } }, "fast small"],
  ["the repository before the channel", { repository: { agent: "claude" }, channel: { agent: "fast" } }, "claude"],
  ["the thread before all", { thread: { agent: "pi" }, repository: { agent: "claude" } }, "pi"],
  ["each with the model that stands beside it", { repository: { agent: "claude", model: "sonnet" } }, "claude sonnet"],
  ["however it is spelled", { thread: { agent: "DEEP" } }, "Deep opus"],
  [
    "`agent=claude` does not get the model that is meant for pi",
    { thread: { agent: "claude" }, bot: { agent: "pi", model: "haiku" } },
    "claude",
  ],
  [
    "nor the one that the repository has for pi",
    { thread: { agent: "claude" }, repository: { agent: "pi", model: "haiku" } },
    "claude",
  ],
  [
    "nor one without an agent beside it: it is meant for the bot's",
    { thread: { agent: "claude" }, repository: { model: "haiku" }, person: { model: "gpt" } },
    "claude",
  ],
  ["which gets it", { repository: { model: "haiku" }, person: { model: "gpt" } }, "pi haiku"],
  [
    "a model for that very agent counts from wherever it stands",
    {
      thread: { agent: "claude" },
      repository: { agent: "pi", model: "haiku" },
      person: { agent: "claude", model: "sonnet" },
    },
    "claude sonnet",
  ],
  [
    "one for another agent of its kind will do",
    { thread: { agent: "claude" }, repository: { agent: "Deep", model: "opus-5" } },
    "claude opus-5",
  ],
  [
    "but not before what it is set up with",
    { thread: { agent: "fast" }, repository: { agent: "pi", model: "haiku" } },
    "fast small",
  ],
  [
    "and the bot's own model before that of another of its kind",
    { thread: { agent: "pi" }, person: { agent: "fast", model: "tiny" }, bot: { agent: "pi", model: "haiku" } },
    "pi haiku",
  ],
  [
    "two commands behind one protocol are two kinds",
    { thread: { agent: "kimi" }, repository: { agent: "goose", model: "gpt" } },
    "kimi",
  ],
  ["`model=` alone keeps the agent", { thread: { model: "opus" }, repository: { agent: "claude" } }, "claude opus"],
  [
    "`model=` counts whatever else says",
    { thread: { agent: "fast", model: "big" }, repository: { agent: "fast", model: "tiny" } },
    "fast big",
  ],
  ["a default that is not there any more says nothing", { repository: { agent: "gone", model: "x" } }, "pi"],
  [
    "the next one counts",
    { repository: { agent: "gone" }, channel: { agent: "gone-as-well" }, person: { agent: "claude" } },
    "claude",
  ],
];

describe("which agent works, with which model", () => {
  for (const [what, wishes, expected] of ROWS) {
    test(what, () => {
      const { agent, ...rest } = chooseAgent({ thread: {}, bot: { agent: "pi" }, ...wishes }, AGENTS);
      assert.equal([agent?.name, "model" in rest && rest.model].filter(Boolean).join(" "), expected);
    });
  }
  test("a thread whose agent is not there any more is told so, with what is there", () =>
    assert.deepEqual(chooseAgent({ thread: { agent: "gone" }, bot: { agent: "pi" } }, AGENTS), {
      agent: null,
      detail:
        'The agent "gone" that this thread works with is not set up here any more. Say `agent=` with one of: `pi`, `fast`, `claude`, `Deep`, `goose`, `kimi`.',
    }));
  test("so is everybody where the bot's own is not there", () => {
    const none = chooseAgent({ thread: {}, bot: { agent: "gone" } }, AGENTS);
    assert.match("detail" in none ? none.detail : "", /^There is no agent "gone"\./);
  });
});

describe("what is said now, over what was said before", () => {
  const before = { agent: "claude", model: "opus" };
  test("`agent=` alone takes the model back", () =>
    assert.deepEqual(withWish(before, { agent: "pi" }), { agent: "pi", model: null }));
  test("`model=` alone keeps the agent", () =>
    assert.deepEqual(withWish(before, { model: "haiku" }), { agent: "claude", model: "haiku" }));
  test("both change both", () =>
    assert.deepEqual(withWish(before, { agent: "pi", model: "haiku" }), { agent: "pi", model: "haiku" }));
  test("nothing changes nothing", () => assert.equal(withWish(before, { repo: "acme/api" }), before));
  test("among options too", () => {
    assert.deepEqual(withOptions({ ...before, base: "main" }, { agent: "pi" }), { agent: "pi", base: "main" });
    assert.deepEqual(withOptions(before, { model: "haiku", repo: "a" }), {
      agent: "claude",
      model: "haiku",
      repo: "a",
    });
    assert.deepEqual(withOptions({ agent: "pi" }, {}), { agent: "pi" });
  });
});

test("a channel's own is found by its id, and the first that names it counts", () => {
  const all = [
    { channels: ["C1", "C2"], agent: "claude" },
    { channels: ["C2"], agent: "pi" },
  ];
  const slack = (channel: string) => ({ surface: "slack" as const, team: "T1", channel, threadTs: "1.1" });
  assert.equal(channelAgent(slack("C2"), all)?.agent, "claude");
  assert.equal(channelAgent(slack("C3"), all), undefined);
  assert.equal(channelAgent({ surface: "web", id: "C1" }, all), undefined);
});

test("only what nobody expects is named", () => {
  const usual = { agent: "pi", model: "haiku" };
  assert.equal(unusual({ agent: "pi", model: "haiku" }, usual), null);
  assert.equal(unusual({ agent: "claude" }, usual), "claude");
  assert.equal(unusual({ agent: "pi", model: "opus" }, usual), "pi, opus");
});

describe("a thread", () => {
  test("keeps what was said of the agent, and `agent=` alone takes the model back", () => {
    const saying = (text: string) => tell(says("m1", "fix it agent=claude model=opus"), says("m2", text)).session;
    assert.deepEqual([saying("and this").agent, saying("and this").model], ["claude", "opus"]);
    assert.deepEqual([saying("and this agent=pi").agent, saying("and this agent=pi").model], ["pi", null]);
    assert.deepEqual([saying("and this model=m").agent, saying("and this model=m").model], ["claude", "m"]);
  });
  test("sends each attempt of a turn to the agent that it went to first, whatever is said meanwhile", () => {
    const { turn, agent } = tell(says("m1", "fix it"), ready, says("m2", "faster agent=claude")).session;
    assert.deepEqual([turn?.wished, agent], [{ agent: null, model: null }, "claude"]);
  });
  test("knows who worked, also where a stop was faster, and so does the result", () => {
    const worker = { agent: "claude", kind: "claude", life: 0, model: "opus" } as const;
    const had: SessionEvent = { type: "turn.accepted", turn: "m1", worker };
    const told = tell(says("m1", "fix it"), ready, says("m2", "stop"), had, ended("m1"));
    assert.deepEqual(told.session.worker, worker);
    const [answer] = told.all.flatMap((effect) => (effect.do === "answer" ? [effect.result] : []));
    assert.deepEqual([answer?.agent, answer?.model], ["claude", "opus"]);
  });
  test("tells in `status` who works, where that is not what everybody expects", () => {
    const status = (called: object): string => {
      const worker = { agent: "claude", kind: "claude", life: 0, ...called } as const;
      const had = { ...accepted("m1"), worker } as SessionEvent;
      const { effects } = tell(says("m1", "fix it"), ready, had, says("m2", "status"));
      return effects.flatMap((effect) => (effect.do === "say" ? [effect.text] : [])).join();
    };
    assert.match(
      status({ called: "claude, opus" }),
      /^Working on `acme\/api`, branch `[^`]+`, with claude, opus for less/,
    );
    assert.doesNotMatch(status({}), /claude/);
  });
});
