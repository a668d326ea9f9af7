import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newSession } from "../../src/core/decide.ts";
import type { KeyLink } from "../../src/core/incoming.ts";
import { type Arrival, type Met, takeIn } from "../../src/core/intake.ts";
import type { Mention } from "../../src/core/types.ts";
import { mention, NOW, pullRequestThread, slackThread } from "./story.ts";

const KEY = "slack:thread:T1/C1/1.1";
const BRANCH = "git:branch:7:fix";
const nothing: Met = { inbox: new Map(), keys: new Map(), sessions: new Map() };
const s1 = newSession("s1", slackThread, "Fix the login", 0);
const known: Met = { ...nothing, keys: new Map([[KEY, "s1"]]), sessions: new Map([["s1", s1]]) };

const said = (id: string, change: Partial<Mention> = {}, seq: number | null = null): Arrival => ({
  incoming: { mention: mention(id, "fix it", change) },
  seq,
});
const linked = (change: Partial<KeyLink> = {}): Arrival => ({
  incoming: {
    link: {
      ...{ dedupe: "l1", known: KEY, also: "github:pr:7#5", thread: pullRequestThread },
      ...{ pullRequest: { number: 5, url: "https://github.com/acme/api/pull/5" }, ...change },
    },
  },
  seq: null,
});
const taken = (met: Met, ...arrivals: Arrival[]) => {
  let made = 0;
  return takeIn(arrivals, met, { now: NOW, newSessionId: () => `new${++made}` });
};

const cases: { name: string; met: Met; arrivals: Arrival[]; becomes: string[]; keys?: string[]; minted?: string[] }[] =
  [
    {
      name: "the first word in a thread makes a session with all its keys",
      ...{ met: nothing, arrivals: [said("1", { keys: [KEY, BRANCH] })], becomes: ["accepted new1"] },
      ...{ keys: [`${KEY} new1`, `${BRANCH} new1`], minted: ["new1"] },
    },
    {
      name: "a new thread that is to begin anew just begins",
      ...{ met: nothing, arrivals: [said("1", { text: "fresh fix it" })], becomes: ["accepted new1"] },
      ...{ keys: [`${KEY} new1`], minted: ["new1"] },
    },
    {
      name: "two words at once in a new thread make one session",
      ...{ met: nothing, arrivals: [said("1"), said("2")], becomes: ["accepted new1", "accepted new1"] },
      ...{ keys: [`${KEY} new1`], minted: ["new1"] },
    },
    {
      name: "the same thing twice at once is taken once",
      ...{ met: nothing, arrivals: [said("1"), said("1")], becomes: ["accepted new1", "duplicate"] },
      ...{ keys: [`${KEY} new1`], minted: ["new1"] },
    },
    {
      name: "what is in the inbox is not taken again",
      ...{
        met: { ...known, inbox: new Map([["slack:T1/C1/1", false]]) },
        arrivals: [said("1")],
        becomes: ["duplicate"],
      },
    },
    {
      name: "a known thread goes on with its session, which takes the keys that nobody has",
      ...{
        met: known,
        arrivals: [said("1", { keys: [BRANCH, KEY] })],
        becomes: ["accepted s1"],
        keys: [`${BRANCH} s1`],
      },
    },
    {
      name: "the first key that a session holds decides",
      met: { ...known, keys: new Map([...known.keys, [BRANCH, "s2"]]) },
      ...{ arrivals: [said("1", { keys: [KEY, BRANCH] })], becomes: ["accepted s1"] },
    },
    {
      name: "a word that is not for us counts where a session follows, and nowhere else",
      ...{ met: known, arrivals: [said("1", { addressed: false }), said("2", { addressed: false, keys: [BRANCH] })] },
      ...{ becomes: ["accepted s1", "ignored"] },
    },
    {
      name: "one without a key is known by its thread",
      ...{ met: nothing, arrivals: [said("1", { keys: [] })], becomes: ["accepted new1"] },
      ...{ keys: [`${KEY} new1`], minted: ["new1"] },
    },
    {
      name: "what only the vendor knows is looked up first",
      ...{ met: nothing, arrivals: [said("1", { lookup: "pull-request-head" })], becomes: ["looking-up"] },
    },
    {
      name: "of a review each event tells a part, so the rest is looked up although its session is known",
      ...{ met: known, arrivals: [said("1", { lookup: "review" }), said("1", { lookup: "review", addressed: false })] },
      ...{ becomes: ["looking-up", "duplicate"] },
    },
    {
      name: "the first event of a review that is for us is kept, whatever came before that was not",
      met: nothing,
      arrivals: [said("1", { lookup: "review", addressed: false }), said("1", { lookup: "review" })],
      becomes: ["ignored", "looking-up"],
    },
    {
      name: "a review that names nobody counts where a session follows, when the rest of it is known",
      met: { ...known, inbox: new Map([["slack:T1/C1/1", true]]) },
      ...{ arrivals: [said("1", { addressed: false }, 7)], becomes: ["accepted s1"] },
    },
    {
      name: "what was looked up is taken with what is known by then",
      met: { ...nothing, inbox: new Map([["slack:T1/C1/1", true]]) },
      ...{ arrivals: [said("1", { lookup: "pull-request-head" }, 7)], becomes: ["accepted new1"] },
      ...{ keys: [`${KEY} new1`], minted: ["new1"] },
    },
    {
      name: "what was looked up twice is taken once",
      met: { ...known, inbox: new Map([["slack:T1/C1/1", false]]) },
      ...{ arrivals: [said("1", {}, 7)], becomes: ["duplicate"] },
    },
    {
      name: "what was looked up and has aged out of the inbox meanwhile is gone",
      ...{ met: known, arrivals: [said("1", {}, 7)], becomes: ["duplicate"] },
    },
    {
      name: "what stands in a thread that is not known is looked up, though nobody addressed it to us",
      ...{ met: known, arrivals: [said("1", { addressed: false, keys: [], lookup: "thread" })] },
      becomes: ["looking-up"],
    },
    {
      name: "and is told to the session that follows the thread",
      met: { ...known, inbox: new Map([["slack:T1/C1/1", true]]) },
      ...{ arrivals: [said("1", { addressed: false }, 7)], becomes: ["accepted s1"] },
    },
    {
      name: "and is nobody's where none does, or where the thread was not found",
      met: { ...known, inbox: new Map([["slack:T1/C1/1", true]]) },
      ...{
        arrivals: [said("1", { addressed: false, keys: [BRANCH] }, 7), said("1", { addressed: false, keys: [] }, 7)],
      },
      becomes: ["ignored", "ignored"],
    },
    {
      name: "a comment on a pull request that nobody addressed to us is not looked up",
      ...{ met: nothing, arrivals: [said("1", { addressed: false, lookup: "pull-request-head" })] },
      becomes: ["ignored"],
    },
    {
      name: "a pull request joins the session that holds its branch",
      ...{ met: known, arrivals: [linked()], becomes: ["linked s1"], keys: ["github:pr:7#5 s1"] },
    },
    {
      name: "a pull request of somebody else is none of ours",
      met: nothing,
      arrivals: [linked()],
      becomes: ["ignored"],
    },
  ];

describe("of those that arrive together", () => {
  for (const { name, met, arrivals, becomes, keys = [], minted = [] } of cases) {
    test(name, () => {
      const intake = taken(met, ...arrivals);
      assert.deepEqual(
        intake.receipts.map((receipt) => ("session" in receipt ? `${receipt.is} ${receipt.session}` : receipt.is)),
        becomes,
      );
      assert.deepEqual(
        intake.keys.map(({ key, session }) => `${key} ${session}`),
        keys,
      );
      assert.deepEqual(
        intake.minted.map(({ id }) => id),
        minted,
      );
    });
  }

  test("a new session is called what is to be done, without the word that it is to begin anew", () => {
    const titles = ["fresh fix the login", "fresh help", "fix it"].map(
      (text) => taken(nothing, said("1", { text })).minted[0]?.title,
    );
    assert.deepEqual(titles, ["fix the login", "help", "fix it"]);
  });

  test("each is told to its session as the one before has left it", () => {
    const { told } = taken(known, said("1"), said("2"));
    assert.deepEqual(
      told.map(({ before }) => before.checking.map(({ id }) => id)),
      [[], ["1"]],
    );
    assert.deepEqual(
      told.flatMap(({ decision }) => decision.effects.map(({ id }) => id)),
      ["s1/0", "s1/1"],
    );
  });
});
