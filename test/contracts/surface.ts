/**
 * What every surface promises, whatever the vendor: `surfaceContract("slack", make)` runs the same sentences against each.
 * `make` starts the emulated vendor and the real surface on it; nothing here knows what stands behind.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AskedQuestion } from "../../src/core/question.ts";
import type { Answer, Mention, Person, Progress, Thread } from "../../src/core/types.ts";
import { isErrorCode, ThreadboxError } from "../../src/errors.ts";
import type { MessageRef, Surface } from "../../src/surfaces/surface.ts";

/** A message of ours as it stands in the thread now. */
export interface Posted {
  ref: MessageRef;
  /** All that a person reads in it, Markdown or blocks flattened. */
  text: string;
  /** How often it was edited after it was posted. */
  edits: number;
}

/** How the vendor can fail from now on, for every call. */
export type VendorFailure = "unauthorized" | "rate-limited" | "unavailable";

export interface SurfaceUnderTest {
  surface: Surface;
  thread: Thread;
  /** May ask, as far as the vendor knows. */
  member: Person;
  /** May not: a guest, an outsider, somebody without write access. */
  stranger: Person;
  /** Says `text` in the thread, as the vendor's users do, and gives back the mention that the handler would have made of it. */
  mention(text: string, who: Person): Promise<Mention>;
  /** Our own messages in the thread, oldest first; people's are left out. */
  posts(): Promise<Posted[]>;
  /** How many 👀 of ours stand on that message. */
  eyes(mention: Mention): Promise<number>;
  failFromNowOn(how: VendorFailure): void | Promise<void>;
  close(): Promise<void>;
}

export function surfaceContract(name: string, make: () => Promise<SurfaceUnderTest>): void {
  /** One sentence of the contract, with a vendor of its own. */
  const promise = (sentence: string, check: (it: SurfaceUnderTest) => Promise<void>): void => {
    test(sentence, async () => {
      const it = await make();
      try {
        await check(it);
      } finally {
        await it.close();
      }
    });
  };

  describe(`every surface: ${name}`, () => {
    promises(promise);
  });
}

type Sentence = (sentence: string, check: (it: SurfaceUnderTest) => Promise<void>) => void;

function promises(promise: Sentence): void {
  promiseProgress(promise);
  promiseMessages(promise);
  promiseQuestions(promise);
  promisePeople(promise);
  promiseFailures(promise);
}

function promiseProgress(promise: Sentence): void {
  promise("shows progress in one message that is edited afterwards", async ({ surface, thread, posts }) => {
    const ref = await surface.show(thread, progress("Reading login.ts"), null, null, once("t1/progress"));
    const edited = await surface.show(thread, progress("Running the tests"), null, ref, once("t1/progress"));
    assert.equal(edited, ref);
    const [only, ...others] = await posts();
    assert.deepEqual(others, []);
    assert.equal(only?.ref, ref);
    assert.equal(only.edits, 1);
    assert.match(only.text, /Running the tests/);
    assert.doesNotMatch(only.text, /Reading login\.ts/);
  });

  promise("does not show progress twice when the first attempt got through after all", async (it) => {
    const first = await it.surface.show(it.thread, progress("Reading"), null, null, once("t1/progress"));
    const second = await it.surface.show(it.thread, progress("Reading on"), null, null, again("t1/progress"));
    assert.equal(second, first);
    assert.equal((await it.posts()).length, 1);
  });

  promise("says on the progress message how the turn ended", async ({ surface, thread, posts }) => {
    const ref = await surface.show(thread, progress("Reading"), null, null, once("t1/progress"));
    await surface.show(thread, { ...progress("Reading"), ended: "stopped" }, null, ref, once("t1/progress"));
    assert.match((await posts())[0]?.text ?? "", /stopped/i);
  });
}

function promiseMessages(promise: Sentence): void {
  promise("answers with a new message, under the progress", async ({ surface, thread, member, posts }) => {
    const shown = await surface.show(thread, progress("Reading"), null, null, once("t1/progress"));
    const ref = await surface.answer(thread, answer(member, "The cookie was never set."), once("t1/answer"));
    assert.notEqual(ref, shown);
    const all = await posts();
    assert.equal(all.length, 2);
    assert.equal(all[1]?.edits, 0);
    assert.match(all[1]?.text ?? "", /The cookie was never set\./);
  });

  promise("does not answer twice when the first attempt got through after all", async (it) => {
    const first = await it.surface.answer(it.thread, answer(it.member, "Done."), once("t1/answer"));
    const second = await it.surface.answer(it.thread, answer(it.member, "Done."), again("t1/answer"));
    assert.equal(second, first);
    assert.equal((await it.posts()).length, 1);
  });

  promise(
    "answers on a second attempt when the first one never arrived",
    async ({ surface, thread, member, posts }) => {
      await surface.answer(thread, answer(member, "Done."), again("t1/answer"));
      assert.equal((await posts()).length, 1);
    },
  );

  promise("keeps the answers of two turns apart", async ({ surface, thread, member, posts }) => {
    await surface.answer(thread, answer(member, "One."), once("t1/answer"));
    await surface.answer(thread, answer(member, "Two."), again("t2/answer"));
    assert.equal((await posts()).length, 2);
  });

  promise("tells a failure with its remedy", async ({ surface, thread, member, posts }) => {
    const failed = answer(member, "");
    failed.result = {
      outcome: "failed",
      answer: "",
      failure: { code: "git.push-refused", detail: "main is protected" },
      durationMs: 1_000,
    };
    failed.remedy = "Fix the rule and write `retry`.";
    await surface.answer(thread, failed, once("t1/answer"));
    const text = (await posts())[0]?.text ?? "";
    assert.match(text, /main is protected/);
    assert.match(text, /Fix the rule and write/);
  });

  promise("says a short thing once, however often it is asked to", async ({ surface, thread, posts }) => {
    const first = await surface.say(thread, "Stopped by alice.", once("e1"));
    assert.equal(await surface.say(thread, "Stopped by alice.", again("e1")), first);
    const all = await posts();
    assert.equal(all.length, 1);
    assert.match(all[0]?.text ?? "", /Stopped by alice\./);
  });

  promise("says once what somebody has to act on", async ({ surface, thread, member, posts }) => {
    const first = await surface.ping(thread, "Checks failed.", [member], once("e1"));
    assert.equal(await surface.ping(thread, "Checks failed.", [member], again("e1")), first);
    const all = await posts();
    assert.equal(all.length, 1);
    assert.match(all[0]?.text ?? "", /Checks failed\./);
  });
}

function promiseQuestions(promise: Sentence): void {
  promise(
    "#27 asks with numbered options, until when, and what counts then",
    async ({ surface, thread, member, posts }) => {
      await surface.ask(thread, question(member), once(QUESTION));
      const [only, ...others] = await posts();
      assert.deepEqual(others, []);
      for (const words of [
        /Which database\?/,
        /1\. Postgres/,
        /2\. SQLite/,
        /2023-11-14 22:28 UTC/,
        /go on with: Postgres/,
      ])
        assert.match(only?.text ?? "", words);
    },
  );

  promise(
    "#27 does not ask twice when the first attempt got through after all",
    async ({ surface, thread, member, posts }) => {
      const first = await surface.ask(thread, question(member), once(QUESTION));
      assert.equal(await surface.ask(thread, question(member), again(QUESTION)), first);
      assert.equal((await posts()).length, 1);
    },
  );

  for (const isKnown of [true, false])
    promise(
      `#27 says how a question was decided, and who did, where its message is ${isKnown ? "known" : "found by its marker"}`,
      async ({ surface, thread, member, posts }) => {
        const asked = question(member);
        const ref = await surface.ask(thread, asked, once(QUESTION));
        const decision = { is: "answered" as const, answer: "SQLite", by: "alice" };
        const settled = { ...asked, decision, ref: isKnown ? ref : null };
        await surface.settle(thread, settled, once(QUESTION));
        await surface.settle(thread, settled, again(QUESTION));
        const texts = (await posts()).map(({ text }) => text);
        assert.equal(texts.filter((text) => /Answered by alice: SQLite/.test(text)).length, 1);
        assert.doesNotMatch(texts.at(-1) ?? "", /Reply here/);
      },
    );
}

const QUESTION = "t1/question/q1";

function question(asker: Person): AskedQuestion {
  return {
    ...{ id: "q1", turn: "t1", title: "add a database", askers: [asker] },
    ...{ text: "Which database?", options: ["Postgres", "SQLite"], otherwise: "Postgres" },
    expiresAt: 1_700_000_900_000,
  };
}

function promisePeople(promise: Sentence): void {
  promise("lets a member ask, and knows the name", async ({ surface, mention, member }) => {
    const verdict = await surface.authorize(await mention("fix this", member));
    assert.equal(verdict.allowed, true);
    assert.equal(verdict.allowed && verdict.author.id, member.id);
    assert.notEqual(verdict.allowed && verdict.author.name, "");
  });

  promise("refuses a stranger with one line", async ({ surface, mention, stranger }) => {
    const asked = await mention("fix this", stranger);
    const verdict = await surface.authorize(asked);
    assert.equal(verdict.allowed, false);
    if (verdict.allowed) return;
    assert.equal(verdict.code, "surface.not-allowed");
    assert.match(verdict.text, /^[^\n]+$/);
    await surface.refuse(asked, verdict.text, once("e1"));
  });

  promise("acknowledging twice is acknowledging once", async ({ surface, mention, member, eyes }) => {
    const asked = await mention("fix this", member);
    await surface.acknowledge(asked);
    await surface.acknowledge(asked);
    assert.equal(await eyes(asked), 1);
  });

  promise("tells what people said before the mention, and not what we said", async (it) => {
    await it.mention("the login test fails", it.member);
    await it.surface.say(it.thread, "I am a bot.", once("e1"));
    const said = await it.surface.context(await it.mention("fix this", it.member));
    const texts = said.map((one) => one.text).join("\n");
    assert.match(texts, /the login test fails/);
    assert.doesNotMatch(texts, /I am a bot/);
    assert.doesNotMatch(texts, /fix this/);
  });

  promise("gives a mention back that needs no completing", async ({ surface, mention, member }) => {
    const asked = await mention("fix this", member);
    assert.deepEqual((await surface.complete(asked)).keys, asked.keys);
  });
}

function promiseFailures(promise: Sentence): void {
  const rows: [VendorFailure, string][] = [
    ["unauthorized", "surface.unauthorized"],
    ["rate-limited", "surface.rate-limited"],
    ["unavailable", "surface.unavailable"],
  ];
  for (const [how, code] of rows) {
    promise(`throws ${code} when the vendor is ${how}`, async ({ surface, thread, failFromNowOn }) => {
      await failFromNowOn(how);
      await assert.rejects(surface.show(thread, progress("Reading"), null, null, once("t1/progress")), { code });
      await assert.rejects(surface.say(thread, "Hello.", once("e1")), (thrown: unknown) => {
        assert.ok(thrown instanceof ThreadboxError && isErrorCode(thrown.code));
        assert.equal(thrown.code, code);
        if (how === "rate-limited") assert.ok((thrown.retryAfterMs ?? 0) > 0, "says how long to wait");
        return true;
      });
    });
  }

  promise("does not guess who may ask while the vendor is unavailable", async ({ surface, mention, member, ...it }) => {
    const asked = await mention("fix this", member);
    await it.failFromNowOn("unavailable");
    await assert.rejects(surface.authorize(asked), { code: "surface.unavailable" });
  });
}

const once = (marker: string) => ({ marker, again: false });
const again = (marker: string) => ({ marker, again: true });

const usage = { inputTokens: 1_200, outputTokens: 300, costUsd: 0.04 };

/** Progress of a turn that runs; tests elsewhere may build on it. */
export function progress(now: string): Progress {
  return {
    turn: "t1",
    startedAt: 1_700_000_000_000,
    now,
    steps: [],
    earlierSteps: 0,
    said: "",
    repository: "acme/api",
    branch: "threadbox/fix-login",
    usage,
    tools: 3,
    ended: null,
    changedAt: 1_700_000_000_000,
  };
}

/** An answer to one asker, done, nothing pushed. */
export function answer(asker: Person, text: string): Answer {
  return {
    turn: "t1",
    session: "s1",
    title: "fix the login",
    result: { outcome: "done", answer: text, usage, durationMs: 42_000 },
    repository: "acme/api",
    pullRequest: null,
    askers: [asker],
    page: null,
  };
}
