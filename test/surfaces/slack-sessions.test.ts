import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Person, Progress } from "../../src/core/types.ts";
import { answer, progress } from "../contracts/surface.ts";
import { defaultEvents, defaultScopes } from "../emulators/slack/manifest.ts";
import type { SlackEmulator } from "../emulators/slack.ts";
import { inThread, type World } from "./slack-world.ts";

const SET = "agents.sessions.setStatus";
const once = (marker: string) => ({ marker, again: false });
const ada = (slack: SlackEmulator): Person => ({ surface: "slack", id: slack.person("ada").id, name: "ada" });
const ended = (how: Progress["ended"]): Progress => ({ ...progress("Reading"), ended: how });
const minutes = (n: number): number => n * 60_000;

/** Nobody waits for these calls, so tests do. */
const told = ({ slack }: World, calls: number) => slack.until(() => slack.requests.count(SET) === calls);
const session = ({ slack, root }: World) => slack.thread("#web", root).session();
const show = ({ surface, thread }: World, what: Progress, ref: string | null = null) =>
  surface.show(thread, what, null, ref, once(`${what.turn}/progress`));

describe("Slack's own sign that an agent works", () => {
  test("#1 #50 is there from the first message on, with the title of the session", () =>
    inThread(async (world) => {
      await show(world, { ...progress("Starting"), title: "fix  the\nlogin for <!channel>" });
      await told(world, 1);
      assert.deepEqual(
        [session(world)?.status, session(world)?.title],
        ["processing", "fix the login for @\u200bchannel"],
      );
    }));

  test("#50 leaves alone what a person has called the session", () =>
    inThread(async (world) => {
      await show(world, { ...progress("Starting"), title: "fix the login" });
      await told(world, 1);
      world.slack.as("ada").renamesSession({ channel: world.root.channel, ts: world.root.ts }, "Cookies");
      await show(world, { ...progress("Starting"), turn: "t2", title: "fix the login" });
      await told(world, 2);
      assert.equal(session(world)?.title, "Cookies");
    }));

  const ends: [string, Progress["ended"]][] = [
    ["#1 is done", "done"],
    ["#19 was stopped", "stopped"],
    ["#49 failed", "failed"],
    ["#49 took too long", "timed-out"],
  ];
  for (const [name, how] of ends) {
    test(`${name}: then it gives way, once, and the answer after it says it no second time`, () =>
      inThread(async (world) => {
        const ref = await show(world, progress("Reading"));
        await show(world, ended(how), ref);
        await world.surface.answer(world.thread, answer(ada(world.slack), "Words."), once("t1/answer"));
        await told(world, 2);
        assert.equal(session(world)?.status, "active");
      }));
  }

  test("#1 costs two calls in a turn of ten minutes, which is ten with its eyes, six showings and its answer", () =>
    inThread(async (world) => {
      const { slack, surface, thread, root, clock } = world;
      slack.requests.clear();
      await surface.acknowledge({ thread, message: root.ts });
      let ref: string | null = null;
      for (const pause of [0, 3, 12, 60, 300]) {
        clock.advance(pause * 1_000);
        ref = await show(world, progress("Reading"), ref);
      }
      clock.advance(225_000);
      await show(world, ended("done"), ref);
      await surface.answer(thread, answer(ada(slack), "Done."), once("t1/answer"));
      await told(world, 2);
      assert.deepEqual(slack.requests.counts(), {
        "agents.sessions.setStatus": 2,
        "chat.postMessage": 2,
        "chat.update": 5,
        "reactions.add": 1,
      });
    }));

  test("#30 is told again before Slack forgets it, and not with every showing", () =>
    inThread(async (world) => {
      const ref = await show(world, progress("Reading"));
      await told(world, 1);
      for (let shown = 0; shown < 12; shown++) {
        world.clock.advance(minutes(5));
        await show(world, progress("Reading"), ref);
      }
      await told(world, 3);
      assert.deepEqual(
        world.slack.requests.of(SET).map(({ args }) => args.status),
        ["processing", "processing", "processing"],
      );
    }));

  test("#18 stays while the next turn goes on already, whatever is said of the one before", () =>
    inThread(async (world) => {
      const ref = await show(world, progress("Reading"));
      await show(world, { ...progress("Starting"), turn: "t2" });
      await show(world, ended("done"), ref);
      await world.surface.answer(world.thread, answer(ada(world.slack), "Done."), once("t1/answer"));
      await told(world, 2);
      assert.equal(session(world)?.status, "processing");
    }));

  test("#30 goes away with the answer of a bot that did not begin the turn", () =>
    inThread(async (world) => {
      await world.surface.answer(world.thread, answer(ada(world.slack), "Done."), once("t1/answer"));
      await told(world, 1);
      assert.equal(session(world)?.status, "active");
    }));
});

describe("a workspace without that sign", () => {
  const refusals: [string, object, string][] = [
    ["whose app is no agent", { agent: false }, "not_authorized"],
    ["whose app lacks the scope", { scopes: defaultScopes.filter((one) => one !== "chat:write") }, "missing_scope"],
  ];
  for (const [name, app, word] of refusals) {
    test(`${name} is asked once, told of in the log once, and shown everything else`, () =>
      inThread(
        async (world) => {
          const showing = show(world, progress("Reading"));
          await showing.catch(() => null); // where nothing may be written, there is nothing else to show
          await told(world, 1);
          await show(world, ended("done")).catch(() => null);
          await show(world, { ...progress("Reading"), turn: "t2" }).catch(() => null);
          assert.equal(world.slack.requests.count(SET), 1);
          const lines = world.lines.filter(({ msg }) => msg === "slack.feature-refused");
          const { team } = world.slack;
          assert.deepEqual(
            lines.map(({ feature, team: where, slackSays }) => ({ feature, where, slackSays })),
            [{ feature: "agent-sessions", where: team.id, slackSays: word }],
          );
        },
        {},
        app,
      ));
  }

  test("that does not know the method is asked once", () =>
    inThread(async (world) => {
      world.slack.faults.next(SET, { error: "unknown_method" });
      const ref = await show(world, progress("Reading"));
      await told(world, 1);
      await show(world, ended("done"), ref);
      assert.equal(world.slack.requests.count(SET), 1);
    }));

  test("that would not tell us of its Stop button gets no such button", () =>
    inThread(
      async (world) => {
        await show(world, progress("Reading"));
        await told(world, 2);
        assert.equal(session(world)?.status, "active");
        await show(world, { ...progress("Reading"), turn: "t2" });
        assert.equal(world.slack.requests.count(SET), 2);
      },
      {},
      { events: defaultEvents.filter((event) => event !== "agent_session_stopped") },
    ));

  const passing: [string, Parameters<SlackEmulator["faults"]["next"]>[1]][] = [
    ["Slack has had enough", { status: 429, retryAfter: 1 }],
    ["Slack is away", { status: 503 }],
    ["the line is cut", { reset: true }],
  ];
  for (const [name, fault] of passing) {
    test(`is what it is while ${name}: the turn goes on, and the next showing tries again`, () =>
      inThread(async (world) => {
        world.slack.faults.next(SET, fault);
        const ref = await show(world, progress("Reading"));
        await told(world, 1);
        for (let showings = 0; !session(world) && showings < 100; showings++) {
          world.clock.advance(3_000);
          await show(world, progress("Reading"), ref);
        }
        await world.slack.until(() => session(world)?.status === "processing");
      }));
  }

  test("for one thread, which Slack does not find, is asked no more in that turn", () =>
    inThread(async (world) => {
      world.slack.faults.next(SET, { error: "thread_not_found" });
      const ref = await show(world, progress("Reading"));
      await told(world, 1);
      await show(world, progress("Testing"), ref);
      await show(world, ended("done"), ref);
      await told(world, 2);
      assert.deepEqual(
        world.slack.requests.of(SET).map(({ args }) => args.status),
        ["processing", "active"],
      );
    }));
});
