/** A question of the agent on its whole way: from a daemon's wire into a Slack thread, and what people say back to the daemon. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { slackApp } from "../../handlers/slack/receiver.ts";
import { systemClock } from "../../src/clock.ts";
import { NO_LIMITS } from "../../src/core/limits.ts";
import { utcMoment } from "../../src/core/moment.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { startJobs } from "../../src/engine/jobs.ts";
import type { EngineDeps } from "../../src/engine/ports.ts";
import { questionEvent } from "../../src/engine/questions.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import type { Sandbox } from "../../src/sandboxes/provider.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import { slackSurface } from "../../src/surfaces/slack.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { plain } from "../core/story.ts";
import { testStore } from "../database.ts";
import { type Message, type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { quiet } from "../quiet.ts";
import { rentedMachines } from "./rented-machines.ts";
import { type ToldDaemon, toldDaemon } from "./told-daemon.ts";

interface Room {
  slack: SlackEmulator;
  daemon: ToldDaemon;
  root: Message;
  turn: string;
  /** The bot's messages in the thread, as people read them; the progress is left out. */
  said(): string[];
  question(): Message;
  /** Tells the question `q1`, and waits until it stands in the thread. */
  asks(): Promise<void>;
  decides(answer: string | null, by: "person" | "deadline" | "stop"): void;
  until(holds: () => boolean): Promise<void>;
  restart(): Promise<void>;
}

const asked = (turn: string): AgentEvent => ({
  ...{ type: "question.asked", turn, question: "q1", text: "Which database?", options: ["Postgres", "SQLite"] },
  ...{ otherwise: "Postgres", deadlineMs: 900_000 },
});

/** A turn that runs, asked for by ada in #web. */
async function room(t: TestContext, reached?: EngineDeps["reached"]): Promise<Room> {
  const { store, connection, close } = await testStore();
  const jobs = await startJobs({ connection, log: quiet });
  const daemon = await toldDaemon();
  const slack = await startSlack({
    people: ["ada", "grace", { name: "gus", kind: "guest" }],
    channels: [{ name: "web", members: ["ada", "grace", "gus"] }],
  });
  const { apiUrl, app } = slack;
  const access = {
    token: app.botToken,
    apiUrl,
    allow: {},
    name: "threadbox",
    log: quiet,
    clock: systemClock,
    paced: false,
  };
  let wake = (_session: string | null): void => {};
  const deps: Omit<EngineDeps, "inbox"> = {
    ...{ store, inboxStore: store, jobs, surfaces: { slack: slackSurface(access) }, forge: plainForge },
    ...{ provider: oneMachine(daemon), boot: async (sandbox) => sandbox, clock: systemClock, log: quiet },
    stock: { take: async () => ({ is: "cold" }), lost: async () => {} },
    connect: ({ url }) => daemonClient({ url, token: async () => "token" }),
    ...{ repositories: [plain], reached },
    settings: {
      ...{ name: "threadbox", owner: "b1", agent: "pi", agents: PI_ALONE, model: undefined, models: {} },
      ...{ idleAfterMs: 3_600_000, turnLimitMs: 3_600_000, limits: NO_LIMITS, maxSessions: 5, page: () => null },
    },
    onWake: (fn) => {
      wake = fn;
      return () => {};
    },
  };
  let engine: Engine = createEngine(deps);
  await engine.start();
  const heard = slackApp({
    inbox: {
      receive: (mention) => engine.inbox.receive(mention).finally(() => wake(null)),
      link: (link) => engine.inbox.link(link),
    },
    config: { botToken: app.botToken, signingSecret: app.signingSecret, apiUrl, name: "threadbox" },
    ...{ places: engine.places, feedback: engine.feedback, log: quiet, clock: systemClock },
  });
  const server = createServer(heard.listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  slack.deliverTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);
  t.after(async () => {
    await engine.stop();
    await heard.stop();
    await jobs.stop();
    await slack.close();
    await daemon.close();
    server.close();
    server.closeAllConnections();
    await close();
  });

  const root = slack.as("ada").says("#web", `<@${app.botUserId}> add a database`).message;
  const replies = () => slack.thread("#web", root).replies();
  const ours = () => replies().filter(({ message }) => message.author === app.botUserId);
  const said = () =>
    ours().flatMap(({ seen }) => (/Working|Starting|Done \(/.test(seen.split("\n")[0] ?? "") ? [] : [seen]));
  const until = (holds: () => boolean) => slack.until(holds);
  await waitFor(() => daemon.turns.length === 1);
  const turn = daemon.turns[0] ?? "";
  daemon.tells({ type: "turn.started", turn, prompt: "add a database" });
  return {
    ...{ slack, daemon, root, turn, said, until },
    question() {
      const found = ours().find(({ seen }) => /Which database\?/.test(seen))?.message;
      assert.ok(found);
      return found;
    },
    async asks() {
      daemon.tells(asked(turn));
      await until(() => said().some((text) => /Which database\?/.test(text)));
    },
    decides: (answer, by) => daemon.tells({ type: "question.answered", turn, question: "q1", answer, by }),
    async restart() {
      await engine.stop();
      engine = createEngine(deps);
      await engine.start();
    },
  };
}

/** Of what makes no noise in Slack. */
async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function oneMachine({ url }: ToldDaemon): EngineDeps["provider"] {
  const rented = rentedMachines();
  const notHere = () => assert.fail("this machine has no inside");
  return {
    ...rented,
    async start(name): Promise<Sandbox> {
      rented.machines.set(name, { name, createdAt: 0 });
      const inside = { put: notHere, launch: notHere, exec: notHere, tail: notHere };
      return {
        name,
        url,
        endsAt: null,
        listen: { host: "", port: 0 },
        workspace: "",
        state: "",
        agentUser: null,
        ...inside,
      };
    },
  };
}

test("a sandbox whose clock tells a time of no calendar asks all the same", () => {
  for (const at of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    const event = questionEvent({ event: asked("m1"), at }, { turn: "m1", attempt: 1 });
    assert.ok(event?.type === "question.asked");
    assert.match(utcMoment(event.question.expiresAt), / UTC$/);
  }
});

describe("a question of the agent", () => {
  test("#27 is asked in the thread, answered with a button, and says who answered", async (t) => {
    const { slack, daemon, root, said, until, question, asks, decides } = await room(t);
    await asks();
    await until(() => slack.thread("#web", root).session()?.status === "suspended");
    assert.ok(slack.pings().some(({ id, ts }) => id === slack.person("ada").id && ts === question().ts));
    slack.as("grace").presses(question(), "2. SQLite");
    await waitFor(() => daemon.answers.length === 1);
    assert.deepEqual(daemon.answers, [{ question: "q1", answer: "SQLite" }]);
    decides("SQLite", "person");
    await until(() => said().some((text) => /Answered by grace: SQLite/.test(text)));
    assert.equal(said().length, 1, "the same message, and no other");
    await until(() => slack.thread("#web", root).session()?.status === "processing");
    assert.equal(daemon.turns.length, 1);
  });

  test("#27 is answered by a plain reply, and what is queued meanwhile waits", async (t) => {
    const { slack, daemon, root, asks } = await room(t);
    await asks();
    slack.as("grace").says("#web", "queue write the docs", { thread: root });
    slack.as("grace").says("#web", "neither, use MySQL", { thread: root });
    await waitFor(() => daemon.answers.length === 1);
    assert.deepEqual(daemon.answers, [{ question: "q1", answer: "neither, use MySQL" }]);
    assert.deepEqual(daemon.steered, []);
  });

  test("#28 a second press tells its presser alone who answered, and begins nothing", async (t) => {
    const { slack, daemon, said, until, question, asks, decides } = await room(t);
    await asks();
    // As somebody sees it who has not looked since.
    const buttons = structuredClone(question());
    slack.as("grace").presses(buttons, "2. SQLite");
    await waitFor(() => daemon.answers.length === 1);
    slack.as("ada").presses(buttons, "1. Postgres");
    await until(() => slack.ephemerals("ada").length === 1);
    decides("SQLite", "person");
    await until(() => said().some((text) => /Answered by grace/.test(text)));
    slack.as("ada").presses(buttons, "1. Postgres");
    await until(() => slack.ephemerals("ada").length === 2);
    for (const { text } of slack.ephemerals("ada")) assert.match(text, /That was answered already by grace: SQLite/);
    assert.deepEqual([daemon.answers.length, daemon.turns.length, daemon.steered], [1, 1, []]);
  });

  test("#28 an answer that the daemon did not take is told its author alone, with why", async (t) => {
    const { slack, daemon, until, question, asks, decides } = await room(t);
    daemon.onAnswer = () => {
      decides("Postgres", "deadline");
      return "over";
    };
    await asks();
    slack.as("grace").presses(question(), "2. SQLite");
    await until(() => slack.ephemerals("grace").length === 1);
    assert.match(
      slack.ephemerals("grace")[0]?.text ?? "",
      /over\. Nobody answered until .* UTC; going on with: Postgres/,
    );
    assert.deepEqual(slack.ephemerals("ada"), []);
  });

  test("#58 is not answered by a guest, with a button or in words", async (t) => {
    const { slack, daemon, root, until, question, asks } = await room(t);
    await asks();
    slack.as("gus").presses(question(), "2. SQLite");
    slack.as("gus").says("#web", "2", { thread: root });
    await until(() => slack.ephemerals("gus").length === 2);
    assert.deepEqual(daemon.answers, []);
  });

  test("#4 outlives a restart of the bot, and is not asked again", async (t) => {
    const { slack, daemon, said, until, question, asks, decides, restart } = await room(t);
    slack.faults.next("chat.postMessage", { status: 500, after: "commit" });
    await asks();
    await restart();
    slack.as("grace").presses(question(), "1. Postgres");
    await waitFor(() => daemon.answers.length === 1);
    await restart();
    decides("Postgres", "person");
    await until(() => said().some((text) => /Answered by grace: Postgres/.test(text)));
    assert.equal(said().length, 1);
    assert.deepEqual(daemon.answers, [{ question: "q1", answer: "Postgres" }]);
  });

  test("#4 is asked, answered and settled once, also where each is done again because nobody knew that it was done", async (t) => {
    const left = new Set(["ask.sent", "answer-question.sent", "settle.sent"]);
    const { slack, daemon, root, said, until, question, asks, decides } = await room(t, (step) => {
      if (left.delete(step)) throw new ThreadboxError("internal", "as if it had died here");
    });
    await asks();
    const buttons = structuredClone(question());
    daemon.onAnswer = () => {
      if (daemon.answers.length === 1) decides("SQLite", "person");
      return daemon.answers.length === 1 ? "answered" : "over";
    };
    slack.as("grace").presses(buttons, "2. SQLite");
    await waitFor(() => daemon.answers.length === 2 && left.size === 0);
    slack.as("ada").says("#web", "help", { thread: root });
    await until(() => said().some((text) => /Tell me what to do/.test(text)));
    assert.match(said()[0] ?? "", /Answered by grace: SQLite/);
    assert.deepEqual([said().length, slack.ephemerals("grace")], [2, []]);
  });

  test("that Slack does not let us post is decided without people, and holds up nothing", async (t) => {
    const { slack, daemon, turn } = await room(t);
    slack.faults.next("chat.postMessage", { error: "restricted_action_thread_locked" });
    daemon.tells(asked(turn));
    await waitFor(() => daemon.answers.length === 1);
    assert.deepEqual(daemon.answers, [{ question: "q1", answer: "Postgres" }]);
  });

  test("#19 is over when somebody stops the turn", async (t) => {
    const { slack, daemon, root, turn, said, until, asks, decides } = await room(t);
    await asks();
    slack.as("grace").says("#web", "stop", { thread: root });
    await waitFor(() => daemon.aborts === 1);
    decides(null, "stop");
    daemon.tells({ type: "turn.ended", turn, outcome: "stopped", answer: "", durationMs: 1_000 });
    await until(() => said().some((text) => /■ Stopped by grace/.test(text)));
    assert.match(
      said().join("\n"),
      /Which database\?[\s\S]*The turn was stopped before anybody answered\.[\s\S]*■ Stopped by grace/,
    );
    assert.deepEqual(daemon.answers, []);
  });
});
