/** An agent's wish for leave in the daemon: decided by a rule, or by people; never allowed because nobody looked. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ALLOW, DENY } from "../../src/daemon/agents/agent.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import type { Permissions } from "../../src/wire/routes.ts";
import { handWoundClock } from "../clock.ts";
import { type RunningDaemon, sign, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, type Script, scriptedAgent, stopped } from "./scripted-agent.ts";

const MINUTES = 60_000;
const RULES: Permissions = {
  rules: [
    { tool: "run", pattern: "git push*", decide: "deny" },
    { tool: "run", pattern: "npm *", decide: "allow" },
  ],
  otherwise: "ask",
};

/** Wishes for each of them, one after the other, and says what it heard. */
const wishing =
  (...commands: string[]): Script =>
  async ({ ask, stopped: told }) => {
    const heard: (string | null)[] = [];
    for (const subject of commands) {
      const wish = { text: "May I?", options: [ALLOW, DENY], otherwise: DENY, permission: { tool: "bash", subject } };
      const answer = await Promise.race([ask(wish), told.then(() => "stop" as const)]);
      if (answer === "stop") return stopped();
      heard.push(answer);
    }
    return done(JSON.stringify(heard));
  };

async function start(t: TestContext, script: Script, permissions?: Permissions) {
  const agent = scriptedAgent(script);
  const clock = handWoundClock(Date.now());
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, clock });
  const control = await sign({ scope: "control", expiresAt: Math.round(Date.now() / 1_000) + 86_400 });
  await daemon.post("/credentials", { version: "1", llm: { openaiApiKey: "sk-secret-0123" } });
  const chosen = { kind: "scripted", ...(permissions ? { permissions } : {}) };
  await daemon.post("/init", { workspace: { repos: [] }, agent: chosen });
  await daemon.prompt("Do it", { id: "p1" });
  const answer = async (question: string, words: string) =>
    (await daemon.post("/answer", { question, answer: words }, control)).body.outcome;
  return { daemon, agent, clock, answer };
}

async function asked(daemon: RunningDaemon) {
  const event = (await daemon.until(({ type }) => type === "question.asked" || type === "turn.ended")).at(-1);
  assert.ok(event?.type === "question.asked");
  return event;
}

async function heard(daemon: RunningDaemon): Promise<string[]> {
  const ended = (await daemon.until(turnEnded("p1"))).at(-1);
  assert.ok(ended?.type === "turn.ended");
  return JSON.parse(ended.answer);
}
const kinds = async (daemon: RunningDaemon): Promise<AgentEvent["type"][]> =>
  (await daemon.replay()).map(({ event }) => event.type).filter((type) => /^question|^permission/.test(type));

test("what a rule allows is allowed at once, and nobody hears of it", async (t) => {
  const { daemon, agent } = await start(t, wishing("npm test"), RULES);
  assert.deepEqual(await heard(daemon), [ALLOW]);
  assert.deepEqual(await kinds(daemon), []);
  assert.equal(agent.made[0]?.asksLeave, true);
});

test("what a rule denies is denied at once with the rule, and told, without credentials", async (t) => {
  const { daemon } = await start(t, wishing("ls", "npm ci && git push https://x:sk-secret-0123@host"), {
    ...RULES,
    otherwise: "allow",
  });
  const [first, second] = await heard(daemon);
  assert.equal(first, ALLOW);
  assert.match(second ?? "", /^Not allowed here: a rule .*\(run git push\*\)/);
  const events = await daemon.replay();
  assert.deepEqual(
    events.flatMap(({ event }) => (event.type === "permission.denied" ? [event] : [])),
    [
      {
        type: "permission.denied",
        turn: "p1",
        tool: "bash",
        subject: "npm ci && git push https://x:[secret]@host",
        rule: "run git push*",
      },
    ],
  );
});

for (const [said, told] of [
  ["allow", /^Allow$/],
  ["Deny", /^The people you work for did not allow this\. Do not try/],
  ["Only the tests, please", /did not allow this\. They said: Only the tests, please$/],
] as const)
  test(`people who are asked say ${JSON.stringify(said)}, and the agent hears it`, async (t) => {
    const { daemon, answer } = await start(t, wishing("make deploy"), RULES);
    const { question, ...event } = await asked(daemon);
    assert.deepEqual(event, {
      ...{ type: "question.asked", turn: "p1", text: "Allow bash: make deploy" },
      ...{ options: [ALLOW, DENY], otherwise: DENY, deadlineMs: 30 * MINUTES },
      permission: { tool: "bash", subject: "make deploy" },
    });
    assert.equal(await answer(question, said), "answered");
    assert.match((await heard(daemon))[0] ?? "", told);
  });

test("nobody who is asked answers in time: denied", async (t) => {
  const { daemon, clock } = await start(t, wishing("make deploy"), RULES);
  await asked(daemon);
  clock.advance(30 * MINUTES);
  assert.deepEqual(await heard(daemon), [null]);
  const answered = (await daemon.replay()).find(({ event }) => event.type === "question.answered")?.event;
  assert.ok(answered?.type === "question.answered");
  assert.deepEqual([answered.answer, answered.by], [DENY, "deadline"]);
});

test("a stop ends the asking with its turn, and allows nothing", async (t) => {
  const { daemon, answer } = await start(t, wishing("make deploy"), RULES);
  const { question } = await asked(daemon);
  assert.equal((await daemon.post("/abort", {})).body.outcome, "stopped");
  assert.equal(await answer(question, ALLOW), "over");
  assert.deepEqual(await kinds(daemon), ["question.asked", "question.answered"]);
});

test("one that asks without end is denied what nobody is asked about any more", async (t) => {
  const { daemon, answer } = await start(
    t,
    async ({ ask }) => {
      const wishes = Array.from({ length: 101 }, (_, n) => {
        const permission = { tool: "bash", subject: `make ${n}` };
        return ask({ text: "May I?", options: [ALLOW, DENY], otherwise: DENY, permission });
      });
      const last = await wishes[100];
      await wishes[0];
      return done(JSON.stringify([last]));
    },
    RULES,
  );
  assert.equal(await answer((await asked(daemon)).question, ALLOW), "answered");
  assert.deepEqual(await heard(daemon), [null]);
});

test("without rules everything is allowed, also to an agent that asks all the same", async (t) => {
  const { daemon, agent } = await start(t, wishing("make deploy"));
  assert.deepEqual(await heard(daemon), [ALLOW]);
  assert.equal(agent.made[0]?.asksLeave, false);
});

test("people see all of what they allow: nothing hides in it or pushes its end out of sight", async (t) => {
  const command = `ls \u202e\u200b\u3164${"\u00a0 ".repeat(450)}\n\n\n\n${"x".repeat(5_000)} && rm -rf /`;
  const { daemon, answer } = await start(t, wishing(command), RULES);
  const { permission, question } = await asked(daemon);
  assert.match(
    permission?.subject ?? "",
    /^ls \\u\{202e\}\\u\{200b\}\\u\{3164\} {20}…\n\nx+\n… \d+ characters cut …\nx+ && rm -rf \/$/,
  );
  assert.ok((permission?.subject.length ?? 0) <= 2_000);
  await answer(question, DENY);
});
