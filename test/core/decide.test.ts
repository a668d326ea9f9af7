import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Choice } from "../../src/core/choose.ts";
import { decide } from "../../src/core/decide.ts";
import type { Effect, SessionEvent } from "../../src/core/decision.ts";
import type { TurnResult } from "../../src/core/types.ts";
import {
  accepted,
  alice,
  bob,
  done,
  ended,
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

const ask = says("m1", "the test fails, please fix it");
const running = [...ask, ready, accepted("m1")];
const slept = (token: string): SessionEvent[] => [
  ...running,
  ended("m1"),
  { type: "idle", since: NOW },
  { type: "slept", token },
];
const phase = (events: SessionEvent[]) => tell(events).session.turn?.phase.is;

describe("a mention on its way to a turn", () => {
  const table: [string, SessionEvent[], string[]][] = [
    ["is checked before anything else", [{ type: "mentioned", mention: mention("m1", "fix it") }], ["check"]],
    ["is seen, and starts a sandbox, when its author may ask", ask, ["acknowledge", "wake-me warned", "start-sandbox"]],
    [
      "is refused when its author may not",
      [
        { type: "mentioned", mention: mention("m1", "x") },
        { type: "turned-away", mention: "m1", text: "no" },
      ],
      ["refuse"],
    ],
    ["gets help when it says nothing", says("m1", ""), ["acknowledge", "help"]],
    [
      "is left alone when people talk among themselves",
      [{ type: "mentioned", mention: mention("m1", "(aside) what do you think?") }],
      [],
    ],
    ["is not marked as seen where nothing was written", says("m1", "stop", { pressed: true }), ["say"]],
    ["tells its status without a model", says("m1", "status"), ["acknowledge", "say"]],
    ["has nothing to stop when nothing runs", says("m1", "stop"), ["acknowledge", "say"]],
    ["has nothing to retry before the first turn", says("m1", "retry"), ["acknowledge", "say"]],
  ];
  for (const [name, events, expected] of table)
    test(name, () => assert.deepEqual(names(tell(events).effects), expected));

  test("is left when fifty wait to be checked already, and told so; a stop is not", () => {
    const fifty = Array.from(
      { length: 50 },
      (_, n): SessionEvent => ({ type: "mentioned", mention: mention(`m${n}`, "and this") }),
    );
    const next = (text: string) => tell(fifty, { type: "mentioned", mention: mention("next", text) });
    assert.deepEqual([names(next("and that").effects), next("and that").session.checking.length], [["refuse"], 50]);
    assert.deepEqual([names(next("stop").effects), next("stop").session.checking.length], [["check"], 51]);
  });
  test("asks which repository when it cannot know, and starts nothing", () => {
    const problem = { is: "problem", code: "repository.ambiguous", detail: "Which repository?" } as const;
    const told = tell([
      { type: "mentioned", mention: mention("m1", "fix it") },
      { type: "admitted", mention: "m1", author: bob, choice: problem },
    ]);
    assert.deepEqual(told.effects.at(-1), { do: "say", thread: slackThread, text: "Which repository?" });
    assert.equal(told.session.turn, null);
  });
  test("#26 begins what was asked once somebody says which repository, for whoever asked", () => {
    const problem = {
      is: "problem",
      code: "repository.ambiguous",
      detail: "Which?",
      choices: ["acme/api"],
    } satisfies Choice;
    const asked: SessionEvent[] = [
      { type: "mentioned", mention: mention("m1", "fix it") },
      { type: "admitted", mention: "m1", author: alice, choice: problem },
    ];
    assert.deepEqual(tell(asked).effects.at(-1), {
      do: "say",
      thread: slackThread,
      text: "Which?",
      choices: ["acme/api"],
    });
    const { session } = tell(asked, says("m2", 'repo="acme/api"', { author: bob }));
    const [ask] = session.turn?.asks ?? [];
    assert.deepEqual([ask?.id, ask?.text, ask?.author.name], ["m2", "fix it", "alice"]);
    assert.equal(session.undecided, undefined);
    const { effects } = tell(asked, says("m2", 'repo="acme/api"', { author: bob, message: "menu", pressed: true }));
    const chosen = { repository: "acme/api", by: "bob" };
    assert.deepEqual(effects.at(-1), { do: "acknowledge", thread: slackThread, message: "menu", chosen });
    const [, status] = tell(asked, says("m2", "status", { author: bob })).effects;
    assert.ok(status?.do === "say" && status.text.endsWith('It waits until somebody says which repository: "fix it".'));
    assert.deepEqual(
      tell(asked, says("m2", "stop", { author: bob })).effects.flatMap((one) => (one.do === "say" ? [one.text] : [])),
      ['Stopped by bob before it began: "fix it".'],
    );
  });
});

describe("a turn", () => {
  test("is sent as soon as the sandbox is ready", () =>
    assert.deepEqual(names(tell(ask, ready).effects), ["send-turn"]));
  test("runs once the daemon has it", () => assert.equal(phase(running), "running"));
  test("answers in its thread and arms the clock towards sleep", () => {
    assert.deepEqual(names(tell(running, ended("m1")).effects), ["answer", "wake-me idle"]);
  });
  const endings: [string, SessionEvent[]][] = [
    ["done", [ended("m1", { ...done, durationMs: 10_347 })]],
    ["stopped", [...says("m2", "stop"), ended("m1", { ...done, outcome: "stopped", durationMs: 10_347 })]],
    ["failed", [{ type: "sandbox.destroyed", by: "ada" }]],
    ["refused", [{ type: "turn.rejected", turn: "m1", code: "daemon.refused", detail: "no" }]],
  ];
  for (const [name, events] of endings)
    test(`that is ${name} took as long as people waited for it`, () => {
      let { session } = tell(running);
      let effects: Effect[] = [];
      for (const event of events) {
        const decision = decide(session, event, NOW + 15_000);
        session = decision.session;
        effects = decision.effects.map(({ effect }) => effect);
      }
      const answer = effects.find((effect) => effect.do === "answer");
      assert.equal(answer?.result.durationMs, 15_000);
    });
  test("gets exactly one answer, however often its end is told", () => {
    const { all } = tell(running, ended("m1"), ended("m1"), ended("m1"));
    assert.equal(names(all).filter((name) => name === "answer").length, 1);
  });
  test("fails with the reason when the daemon refuses it", () => {
    const [answer] = tell(ask, ready, {
      type: "turn.rejected",
      turn: "m1",
      code: "daemon.refused",
      detail: "no",
    }).effects;
    assert.deepEqual(answer?.do === "answer" && answer.result.failure, { code: "daemon.refused", detail: "no" });
  });
  test("goes out with what was said while the sandbox started", () => {
    const { session } = tell(ask, says("m2", "and the docs"));
    assert.deepEqual(
      session.turn?.asks.map((one) => one.text),
      ["the test fails, please fix it", "and the docs"],
    );
  });
});

describe("a mention during a turn", () => {
  const steer = says("m2", "use the other helper", { author: bob });
  test("is passed on to the agent", () =>
    assert.deepEqual(names(tell(running, steer).effects), ["acknowledge", "steer"]));
  test("belongs to the turn once the agent has it", () => {
    const [asked] = tell(running, steer).effects.flatMap((effect) => (effect.do === "steer" ? [effect.ask] : []));
    assert.ok(asked);
    const { session } = tell(running, steer, { type: "steered", turn: "m1", ask: asked, disposition: "steered" });
    assert.deepEqual(
      session.turn?.asks.map((one) => one.author.name),
      ["alice", "bob"],
    );
  });
  test("becomes the next turn when the agent was done already", () => {
    const [asked] = tell(running, steer).effects.flatMap((effect) => (effect.do === "steer" ? [effect.ask] : []));
    assert.ok(asked);
    const late = tell(running, steer, ended("m1"), { type: "steered", turn: "m1", ask: asked, disposition: "later" });
    assert.equal(late.session.turn?.id, "m2");
    assert.deepEqual(names(late.effects), ["wake-me warned", "send-turn"]);
  });
  test("that came too late for it stays in order, before what was to wait from the start", () => {
    const asked = ["m2", "m3", "m4"].flatMap((id) => tell(running, says(id, `do ${id}`)).effects);
    const tooLate = asked.flatMap((effect): SessionEvent[] =>
      effect.do === "steer" ? [{ type: "steered", turn: "m1", ask: effect.ask, disposition: "later" }] : [],
    );
    const { session } = tell(running, says("m5", "queue the docs"), tooLate);
    assert.deepEqual(
      session.queue.map(({ id }) => id),
      ["m2", "m3", "m4", "m5"],
    );
  });
  test("waits when it says queue, and runs after the answer", () => {
    const queued = tell(running, says("m2", "queue then the docs"));
    assert.deepEqual(names(queued.effects), ["acknowledge"]);
    assert.deepEqual(names(tell(running, says("m2", "queue then the docs"), ended("m1")).effects), [
      "answer",
      "wake-me warned",
      "send-turn",
    ]);
  });
  test("is told that the queue is full when ten wait already", () => {
    const ten = Array.from({ length: 10 }, (_, index) => says(`q${index}`, "queue more")).flat();
    const { effects, session } = tell(running, ten, says("m2", "queue one too many"));
    assert.deepEqual(names(effects), ["acknowledge", "say"]);
    assert.equal(session.queue.length, 10);
  });
  test("is told so as well when ten have joined a turn that waits for its sandbox", () => {
    const ten = Array.from({ length: 10 }, (_, index) => says(`j${index}`, "and this")).flat();
    const { effects, session } = tell(ask, ten, says("m2", "one too many"));
    assert.deepEqual(names(effects), ["acknowledge", "say"]);
    assert.equal(session.turn?.asks.length, 11);
  });
});

describe("a thread that begins anew", () => {
  const going = (text: string) => tell(running, says("m2", text, { author: bob })).effects;
  test("stops what runs in it, lets go of its keys, and says the rest to a session of its own", () => {
    assert.deepEqual(names(going("fresh fix the docs")), ["acknowledge", "abort", "leave"]);
    const leave = going("fresh fix the docs").at(-1);
    assert.equal(leave?.do === "leave" && leave.anew, "fix the docs");
  });
  test("says so when nothing else was said", () =>
    assert.deepEqual(names(going("unlink")), ["acknowledge", "abort", "say", "leave"]));
  test("leaves alone what was asked for in another thread", () => {
    const elsewhere = says("m2", "unlink", { thread: pullRequestThread });
    assert.deepEqual(names(tell(running, elsewhere).effects), ["say", "leave"]);
  });
  test("hears no more news of the session", () =>
    assert.deepEqual(tell(running, says("m2", "unlink")).session.threads, []));
});

describe("a thread that is linked to a pull request", () => {
  const link = (id: string, repository: string): SessionEvent[] => {
    const pullRequest = { number: 9, url: "https://github.com/acme/api/pull/9" };
    const found = { is: "found", key: "github:pr:9", name: "acme/api#9", repository, pullRequest } as const;
    return says(id, "link x").map((event) => (event.type === "admitted" ? { ...event, link: found } : event));
  };
  const linking = says("m2", "link https://github.com/acme/api/pull/9").slice(0, 1);
  const known = tell(running).session.work?.repository.id ?? "";
  const linked = (repository: string) => tell(running, linking, link("m2", repository).slice(1));

  test("hears of it from then on, and opens one of its own for its own branch all the same", () => {
    assert.deepEqual(names(linked(known).effects), ["acknowledge", "claim", "say"]);
    assert.equal(linked(known).session.pullRequest, null);
  });
  test("of another repository does not hear of it: whoever may write there may not here", () => {
    const { effects } = linked("another");
    assert.deepEqual(names(effects), ["acknowledge", "say"]);
    assert.match(effects[1]?.do === "say" ? effects[1].text : "", /so I leave acme\/api#9 where it is/);
  });
  for (const text of ["rename it", "retry"])
    test(`takes no order from another repository: ${text}`, () => {
      const other = { ...onGitHub, id: "another" };
      const { effects } = tell(running, ended("m1"), says("m3", text, { thread: pullRequestThread }, other));
      assert.deepEqual(names(effects), ["say"]);
    });
});

describe("#52 a thread that was muted", () => {
  const muted = says("m1", "mute", { addressed: false });
  const reply = (text: string, addressed = false): SessionEvent => ({
    type: "mentioned",
    mention: mention("m2", text, { addressed }),
  });
  test("says so", () => assert.deepEqual(names(tell(muted).effects), ["acknowledge", "say"]));
  const cases: [string, SessionEvent, string[]][] = [
    ["leaves replies alone", reply("what do you think, bob?"), []],
    ["hears whoever mentions us", reply("fix it", true), ["check"]],
    ["hears a stop", reply("stop"), ["check"]],
    ["hears that it is to listen again", reply("unmute"), ["check"]],
  ];
  for (const [name, event, expected] of cases)
    test(name, () => assert.deepEqual(names(tell(muted, event).effects), expected));
  test("listens again after that", () => {
    const unmuted = says("m3", "unmute", { addressed: false });
    assert.deepEqual(names(tell(muted, unmuted, reply("now fix it")).effects), ["check"]);
  });
});

describe("stop", () => {
  const stop = says("m9", "stop", { author: bob });
  const late = says("m9", "stop", { author: bob, at: NOW - 1_000 });
  test("aborts a running turn", () => assert.deepEqual(names(tell(running, stop).effects), ["acknowledge", "abort"]));
  test("that comes late ends nothing that was asked for after it, and says so", () => {
    const { session, effects } = tell(running, says("m2", "queue the docs"), late);
    assert.deepEqual(names(effects), ["acknowledge", "say"]);
    assert.equal(session.turn?.phase.is, "running");
    assert.deepEqual(
      session.queue.map(({ id }) => id),
      ["m2"],
    );
  });
  test("that comes late ends what was asked for before it, and leaves what waits since", () => {
    const before = says("m1", "fix it", { at: NOW - 2_000 });
    const { session, effects } = tell(before, ready, accepted("m1"), says("m2", "queue the docs"), late);
    assert.deepEqual(names(effects), ["acknowledge", "abort"]);
    assert.deepEqual(
      session.queue.map(({ id }) => id),
      ["m2"],
    );
  });
  test("on another surface has another clock, and is believed", () => {
    const elsewhere = { author: { ...bob, surface: "github" as const }, thread: pullRequestThread, at: NOW - 1_000 };
    assert.deepEqual(names(tell(running, says("m9", "stop", elsewhere)).effects), ["acknowledge", "abort"]);
  });
  test("says who stopped it", () => {
    const [answer] = tell(running, stop, ended("m1", { outcome: "stopped", answer: "", durationMs: 1 })).effects;
    assert.equal(answer?.do === "answer" && answer.result.stoppedBy, "bob");
  });
  test("answers at once while the sandbox still starts", () => {
    assert.deepEqual(names(tell(ask, stop).effects), ["acknowledge", "answer"]);
    assert.deepEqual(names(tell(ask, stop, ready).effects), ["wake-me idle"]);
  });
  test("twice is once", () =>
    assert.deepEqual(names(tell(running, stop, says("m10", "stop")).effects), ["acknowledge"]));
  test("drops what waits, and tells each", () => {
    const { effects, session } = tell(running, says("m2", "queue the docs"), stop);
    assert.deepEqual(names(effects), ["acknowledge", "say", "abort"]);
    assert.deepEqual(session.queue, []);
  });
  test("of a turn that was done in the same moment leaves it done", () => {
    const [answer] = tell(running, stop, ended("m1")).effects;
    assert.equal(answer?.do === "answer" && answer.result.outcome, "done");
  });
});

describe("time", () => {
  test("stops a turn that takes too long, and calls it that", () => {
    const { effects } = tell(running, { type: "overdue", turn: "m1" });
    assert.deepEqual(names(effects), ["abort"]);
    const [answer] = tell(
      running,
      { type: "overdue", turn: "m1" },
      ended("m1", { outcome: "stopped", answer: "", durationMs: 1 }),
    ).effects;
    assert.equal(answer?.do === "answer" && answer.result.outcome, "timed-out");
  });
  test("is up for a turn that still waits for its sandbox, too", () => {
    const [answer] = tell(ask, { type: "overdue", turn: "m1" }).effects;
    assert.equal(answer?.do === "answer" && answer.result.outcome, "timed-out");
  });
  test("of another turn is nobody's", () =>
    assert.deepEqual(tell(running, { type: "overdue", turn: "m0" }).effects, []));
  test("puts an idle sandbox to sleep", () =>
    assert.deepEqual(names(tell(running, ended("m1"), { type: "idle", since: NOW }).effects), ["sleep"]));
  test("that was armed before the last turn puts nothing to sleep", () => {
    assert.deepEqual(tell(running, ended("m1"), { type: "idle", since: NOW - 1 }).effects, []);
  });
  test("does not put a sandbox to sleep under a turn", () =>
    assert.deepEqual(tell(running, { type: "idle", since: NOW }).effects, []));
});

describe("a sandbox", () => {
  test("wakes from its token with the next mention", () => {
    const { effects } = tell(slept("t1"), says("m2", "more"));
    assert.deepEqual(effects.at(-1), { do: "start-sandbox", from: "t1" });
  });
  test("that is falling asleep is waited for, then woken", () => {
    const falling = [...running, ended("m1"), { type: "idle", since: NOW } as const];
    assert.deepEqual(names(tell(falling, says("m2", "more")).effects), ["acknowledge", "wake-me warned"]);
    assert.deepEqual(tell(falling, says("m2", "more"), { type: "slept", token: "t1" }).effects, [
      { do: "start-sandbox", from: "t1" },
    ]);
  });
  test("that cannot sleep stays awake and goes on", () => {
    const falling = [...running, ended("m1"), { type: "idle", since: NOW } as const];
    assert.deepEqual(names(tell(falling, { type: "sleep.failed" }).effects), ["wake-me idle"]);
    assert.deepEqual(names(tell(falling, says("m2", "more"), { type: "sleep.failed" }).effects), ["send-turn"]);
  });
  test("that does not boot fails the turn and leaves the session usable", () => {
    const failed = tell(ask, { type: "sandbox.failed", code: "sandbox.boot-timeout", detail: "60 s" });
    assert.deepEqual(names(failed.effects), ["answer"]);
    assert.deepEqual(
      names(
        tell(ask, { type: "sandbox.failed", code: "sandbox.boot-timeout", detail: "60 s" }, says("m2", "again"))
          .effects,
      ),
      ["acknowledge", "wake-me warned", "start-sandbox"],
    );
  });
  test("that dies under a turn is started once more, and the thread is told what that means for its files", () => {
    const lost: SessionEvent = { type: "sandbox.lost", detail: "gone" };
    const { effects } = tell(running, lost);
    assert.deepEqual(names(effects), ["say", "start-sandbox"]);
    assert.match(effects[0]?.do === "say" ? effects[0].text : "", /with what was not pushed. I start a new one/);
    const [answer] = tell(running, lost, ready, accepted("m1"), lost).effects;
    assert.equal(answer?.do === "answer" && answer.result.failure?.code, "sandbox.lost");
  });
  test("that dies while its turn is being stopped ends the turn as stopped", () => {
    const [answer] = tell(running, says("m2", "stop"), { type: "sandbox.lost", detail: "gone" }).effects;
    assert.equal(answer?.do === "answer" && answer.result.outcome, "stopped");
  });
  test("that is gone when it is put to sleep has the files that it was woken with left", () => {
    const woken = [...slept("t1"), ...says("m2", "more"), ready, accepted("m2"), ended("m2")];
    const idle: SessionEvent = { type: "idle", since: NOW };
    const { session } = tell(woken, idle, { type: "sandbox.lost", detail: "it does not run" });
    assert.deepEqual(session.sandbox, { is: "asleep", since: NOW, token: "t1" });
  });
  test("whose files cannot be woken starts anew, and the thread is told", () => {
    const { effects } = tell(slept("t1"), says("m2", "more"), { type: "sandbox.lost", detail: "expired" });
    assert.deepEqual(names(effects), ["say", "start-sandbox"]);
    assert.deepEqual(effects.at(-1), { do: "start-sandbox", from: null });
  });
});

describe("a pushed branch", () => {
  const pushed: TurnResult = { ...done, branch: "threadbox/fix-test-s0001", commit: "abc" };
  const github = [...says("m1", "fix it", {}, onGitHub), ready, accepted("m1")];
  test("becomes a name of the session", () => {
    const { effects } = tell(running, {
      ...{ type: "branch.pushed", repository: "x", branch: "threadbox/fix-test-s0001", commit: "c1" },
    });
    assert.deepEqual(effects, [
      { do: "claim", key: "git:branch:https://git.example.com/acme/api:threadbox/fix-test-s0001" },
    ]);
  });
  test("that is not ours does not", () =>
    assert.deepEqual(
      tell(running, { type: "branch.pushed", repository: "x", branch: "main", commit: "c1" }).effects,
      [],
    ));
  test("on GitHub gets a pull request before the answer", () => {
    assert.deepEqual(names(tell(github, ended("m1", pushed)).effects), ["open-pull-request"]);
    const opened: SessionEvent = {
      type: "pull-request.opened",
      turn: "m1",
      pullRequest: { number: 5, url: "https://github.com/acme/api/pull/5" },
    };
    const { effects } = tell(github, ended("m1", pushed), opened);
    assert.deepEqual(names(effects), ["claim", "answer", "look-at-pull-request", "wake-me idle"]);
    assert.deepEqual(effects[0], { do: "claim", key: "github:pr:7#5" });
  });
  test("is answered also when the pull request cannot be opened", () => {
    const refused: SessionEvent = {
      type: "pull-request.failed",
      turn: "m1",
      code: "github.pull-request-failed",
      detail: "403",
    };
    const [answer] = tell(github, ended("m1", pushed), refused).effects;
    assert.equal(answer?.do === "answer" && answer.result.outcome, "done");
    assert.equal(answer?.do === "answer" && answer.result.failure?.code, "github.pull-request-failed");
  });
  test("elsewhere is only named in the answer", () =>
    assert.deepEqual(names(tell(running, ended("m1", pushed)).effects), ["answer", "wake-me idle"]));
});

describe("a session with several threads", () => {
  test("tells the others what was asked in one", () => {
    const fromPullRequest = says("m2", "rename it", {
      thread: pullRequestThread,
      link: "https://github.com/acme/api/pull/5#1",
    });
    const { effects } = tell(running, ended("m1"), fromPullRequest, accepted("m2"), ended("m2"));
    assert.deepEqual(names(effects), ["answer", "say", "wake-me idle"]);
    assert.deepEqual(effects[1], {
      do: "say",
      thread: slackThread,
      text: 'alice asked [there](https://github.com/acme/api/pull/5#1): "rename it". Done: Fixed.',
    });
  });
});

test("the same event on the same session gives the same effect ids", () => {
  const { session } = tell(running);
  const once = decide(session, ended("m1"), NOW).effects.map(({ id }) => id);
  assert.deepEqual(
    decide(session, ended("m1"), NOW).effects.map(({ id }) => id),
    once,
  );
  assert.deepEqual(once, ["s0001/5", "s0001/6"]);
});
