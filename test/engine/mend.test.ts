/** What a session is told to mend, on its way to it: with what the checks said, or without, and whether at all. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Effect } from "../../src/core/decision.ts";
import type { NewMention, Repository, Session } from "../../src/core/types.ts";
import { look } from "../../src/engine/cards.ts";
import { givenUp } from "../../src/engine/give-up.ts";
import { excerptOf, isMended, MAX_ABOUT_CHARS, mend } from "../../src/engine/mend.ts";
import { ThreadboxError } from "../../src/errors.ts";
import type { FailedJob } from "../../src/surfaces/forge.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import { mention, onGitHub, tell, work } from "../core/story.ts";
import { quiet } from "../quiet.ts";

const { id: _, ...said } = mention("m1", "The checks failed");
const effect: Extract<Effect, { do: "mend" }> = { do: "mend", mention: said, fault: "f", sha: "abc" };
const session: Session = { ...tell().session, work: { ...work, repository: onGitHub } };

function ground(failedJobs: () => Promise<FailedJob[]>) {
  const received: NewMention[] = [];
  const inbox = {
    async receive(one: NewMention) {
      received.push(one);
      return { is: "duplicate" } as const;
    },
  };
  return { received, deps: { inbox, log: quiet, forge: { ...plainForge, failedJobs } } };
}
const away = async (): Promise<FailedJob[]> => {
  throw new ThreadboxError("surface.unavailable", "GitHub is away");
};

describe("what is to be mended", () => {
  test("comes through the inbox, with what the checks said as material", async () => {
    const { received, deps } = ground(async () => [{ name: "lint", said: "missing semicolon" }]);
    assert.deepEqual(await mend(deps, session, effect, false), { type: "mend.asked", fault: "f" });
    assert.deepEqual(received, [{ ...said, about: "lint:\nmissing semicolon" }]);
  });
  test("needs no log where it is a conflict, and none where there is none", async () => {
    const { received, deps } = ground(away);
    await mend(deps, session, { ...effect, sha: null }, false);
    const none = ground(async () => [{ name: "lint", said: " " }]);
    await mend(none.deps, session, effect, false);
    assert.deepEqual([received, none.received], [[said], [said]]);
  });
  test("waits once for a GitHub that is away, and goes on without the log then", async () => {
    const { received, deps } = ground(away);
    await assert.rejects(mend(deps, session, effect, false), { code: "surface.unavailable" });
    assert.deepEqual(received, []);
    await mend(deps, session, effect, true);
    assert.deepEqual(received, [said]);
  });
  test("that could not even be said does not keep people from being told for ever", () =>
    assert.deepEqual(givenUp(effect, session, new ThreadboxError("internal", "x")), {
      type: "mend.asked",
      fault: "f",
    }));
});

describe("as much of the logs as there is room for", () => {
  test("the ends of them, each with its name", () => {
    const text = excerptOf([
      { name: "a", said: `${"x".repeat(20_000)} the end of a` },
      { name: "b", said: "" },
      { name: "c`[", said: `${"y".repeat(20_000)} the end of c` },
    ]);
    assert.ok(text.length <= MAX_ABOUT_CHARS, String(text.length));
    assert.match(text, /^a:\n\[cut\]\nx+ the end of a\n\nc:\n\[cut\]\ny+ the end of c$/);
  });
  test("never more, however many fail", () => {
    const jobs = Array.from({ length: 40 }, (_each, i) => ({ name: `job ${i}`, said: "z".repeat(9_000) }));
    assert.ok(excerptOf(jobs).length <= MAX_ABOUT_CHARS);
  });
});

describe("whether it is mended by itself", () => {
  const listed = (fixChecks?: boolean): Repository => ({
    ...onGitHub,
    ...(fixChecks === undefined ? {} : { fixChecks }),
  });
  const rows: [name: string, everywhere: boolean | undefined, here: boolean | undefined, mended: boolean][] = [
    ["yes, where nobody says anything", undefined, undefined, true],
    ["no, where it is switched off", false, undefined, false],
    ["no, where it is switched off for the repository", undefined, false, false],
    ["yes, where it is switched on for the repository alone", false, true, true],
  ];
  for (const [name, fixChecks, here, mended] of rows)
    test(name, () => {
      const settings = { fixChecks } as Parameters<typeof isMended>[0]["settings"];
      assert.equal(isMended({ repositories: [listed(here)], settings }, onGitHub), mended);
      assert.equal(isMended({ repositories: [], settings }, onGitHub), fixChecks !== false);
    });
  test("is said with each look, so that it counts from the next one on", async () => {
    const card = { number: 5 } as Awaited<ReturnType<typeof plainForge.cardOf>>;
    const forge = { ...plainForge, cardOf: async () => card };
    const settings = { fixChecks: false } as Parameters<typeof look>[0]["settings"];
    const seen = await look(
      { forge, repositories: [], settings },
      { ...session, pullRequest: { number: 5, url: "x" } },
    );
    assert.deepEqual(seen, { type: "pull-request.seen", card, unmended: true });
  });
});
