/**
 * The web surface on threads in memory. Of the contract of surfaces it keeps the sentences that need no vendor:
 * nobody is a stranger on the local page, and there is nobody who could limit or refuse us.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mention, Person } from "../../src/core/types.ts";
import { createLog } from "../../src/log.ts";
import { webSurface } from "../../src/surfaces/web.ts";
import { handWoundClock } from "../clock.ts";
import { answer, progress } from "../contracts/surface.ts";
import { memoryNews, memoryThreads } from "../web/memory.ts";

const thread = { surface: "web", id: "t1" } as const;
const visitor: Person = { surface: "web", id: "local", name: "web user" };
const once = (marker: string) => ({ marker, again: false });
const again = (marker: string) => ({ marker, again: true });

function start() {
  const clock = handWoundClock();
  const threads = memoryThreads(memoryNews());
  const surface = webSurface({ threads, log: createLog("silent"), clock });
  /** What the page does when somebody speaks. */
  const say = async (ref: string, text: string): Promise<Mention> => {
    clock.advance(1_000);
    await threads.put({ thread: "t1", ref, kind: "person", author: "You", body: text, at: clock.now() });
    return {
      id: `m-${ref}`,
      dedupe: `web:t1/${ref}`,
      keys: ["web:thread:t1"],
      thread,
      author: visitor,
      text,
      addressed: true,
      at: clock.now(),
      message: ref,
    };
  };
  const posts = () => threads.all.map(({ kind, ref, body }) => [kind, ref, body]);
  return { surface, threads, say, posts };
}

test("everybody on the local page may ask", async () => {
  const { surface, say } = start();
  assert.deepEqual(await surface.authorize(await say("a", "fix it")), { allowed: true, author: visitor });
});

test("progress is one post that changes in its place", async () => {
  const { surface, posts } = start();
  const ref = await surface.show(thread, progress("Reading"), null, null, once("t1/progress"));
  assert.equal(await surface.show(thread, progress("Testing"), null, ref, once("t1/progress")), ref);
  assert.deepEqual(posts(), [["progress", ref, JSON.stringify(progress("Testing"))]]);
});

test("what got through already does not come twice", async () => {
  const { surface, threads } = start();
  const ended = answer(visitor, "Done.");
  const [shown, answered, said] = [
    await surface.show(thread, progress("Reading"), null, null, once("t1/progress")),
    await surface.answer(thread, ended, once("t1/answer")),
    await surface.say(thread, "Stopped by alice.", once("e3")),
  ];
  assert.equal(await surface.show(thread, progress("Reading"), null, null, again("t1/progress")), shown);
  assert.equal(await surface.answer(thread, ended, again("t1/answer")), answered);
  assert.equal(await surface.say(thread, "Stopped by alice.", again("e3")), said);
  assert.deepEqual(
    threads.all.map(({ kind }) => kind),
    ["progress", "answer", "note"],
  );
});

test("a refusal is told in the thread", async () => {
  const { surface, say, posts } = start();
  await surface.refuse(await say("a", "fix it"), "Name a repository.", once("e1"));
  assert.deepEqual(posts().at(-1), ["refusal", "e1", "Name a repository."]);
});

test("the context is what people said before the mention, and nothing of ours", async () => {
  const { surface, say } = start();
  await say("a", "the login test fails");
  await surface.say(thread, "I am a bot.", once("e1"));
  const asked = await say("b", "fix this");
  await say("c", "please hurry");
  assert.deepEqual(
    (await surface.context(asked)).map(({ text, trusted }) => [text, trusted]),
    [["the login test fails", true]],
  );
});

test("a thread of another surface is a defect, told as one", async () => {
  const { surface } = start();
  await assert.rejects(surface.say({ surface: "terminal", id: "x" }, "hi", once("e1")), { code: "internal" });
});

test("#27 a question is one post that says how it was decided in its place", async () => {
  const { surface, posts } = start();
  const question = {
    ...{ id: "q1", turn: "t1", title: "add a database", askers: [visitor], expiresAt: 1_700_000_900_000 },
    ...{ text: "Which database?", options: ["Postgres", "SQLite"], otherwise: "Postgres" },
  };
  const ref = await surface.ask(thread, question, once("t1/question/q1"));
  const how =
    "Reply here with a number, or in your own words, until 2023-11-14 22:28 UTC. After that I go on with: Postgres.";
  const words = "**A question:** Which database?\n\n1. Postgres\n2. SQLite";
  assert.deepEqual(posts(), [["note", ref, `${words}\n\n${how}`]]);
  const decision = { is: "answered" as const, answer: "SQLite", by: "web user" };
  await surface.settle(thread, { ...question, decision, ref: null }, again("t1/question/q1"));
  assert.deepEqual(posts(), [["note", ref, `${words}\n\n**Answered by web user: SQLite**`]]);
});
