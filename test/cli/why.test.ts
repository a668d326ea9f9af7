/** The story of a session, told from a real database; and the command itself. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Refused } from "../../src/cli/failure.ts";
import { storyDocument } from "../../src/cli/why-document.ts";
import { findStory, linkOf } from "../../src/cli/why-find.ts";
import { storyLines } from "../../src/cli/why-story.ts";
import { createIngress } from "../../src/engine/receive.ts";
import type { Story } from "../../src/store/story.ts";
import { handWoundClock } from "../clock.ts";
import { done, mention, says, slackThread, tell } from "../core/story.ts";
import { testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { newFolder } from "./threadbox.ts";

const { db, store, close } = await testStore();
after(close);

const jobs = { wake: async () => undefined, lookup: async () => undefined };
const ingress = createIngress({
  ...{ store, jobs, surfaces: {}, clock: handWoundClock(), log: quiet },
  settings: { owner: "host/1" },
});
let session = "";
let turn = "";

const storyNamed = (name: string): Promise<Story | null> => findStory(db, name, 500);

before(async () => {
  const { id: _id, ...said } = mention("1", "fix\u001b[31m it", { dedupe: "slack:T1/C1/1", thread: slackThread });
  const receipt = await ingress.receive({ ...said, keys: ["slack:thread:T1/C1/1700000000.000100"] });
  assert.equal(receipt.is, "accepted");
  if (receipt.is !== "accepted") return;
  ({ session, mention: turn } = receipt);
  const unclaimed = { session, epoch: 0 };
  const effect = `${session}/0`;
  for (let tries = 0; tries < 2; tries++) assert.ok(await store.countAttempt(unclaimed, effect));
  const over = { id: effect, bot: "host/2", error: "surface.unknown: no" };
  assert.ok(await store.finishEffect(null, unclaimed, over));
  await ingress.link({
    ...{ dedupe: "link-1", known: "slack:thread:T1/C1/1700000000.000100", also: "github:pr:7#5" },
    thread: { surface: "github", repo: { id: 7, owner: "acme", name: "api" }, number: 5, is: "pr", installation: 1 },
    pullRequest: { number: 5, url: "https://github.com/Acme/api/pull/5" },
  });
  // Another one, which nobody means.
  await ingress.receive({ ...said, dedupe: "other", keys: ["slack:thread:T1/C1/1700000000.000200"] });
});

describe("a session is found", () => {
  for (const [by, name] of [
    ["its id", () => session],
    ["the beginning of its id", () => session.slice(0, 6)],
    ["a key", () => "github:pr:7#5"],
    ["a mention", () => turn],
    ["an effect", () => `${session}/0`],
    ["the name of what came in", () => "slack:T1/C1/1"],
    ["a link to its thread", () => "https://acme.slack.com/archives/C1/p1700000000000100"],
    [
      "a link into its thread",
      () => "https://acme.slack.com/archives/C1/p1700000009000900?thread_ts=1700000000.000100&cid=C1",
    ],
    ["a link to its pull request", () => "https://github.com/acme/api/pull/5/files"],
  ] as const) {
    test(`by ${by}`, async () => assert.equal((await storyNamed(name()))?.session.id, session));
  }
  test("only where there is one", async () => {
    for (const name of ["s%", "nothing", "https://github.com/acme/api/pull/6", "https://example.com/", ""])
      assert.equal(name === "" ? null : await storyNamed(name), null);
  });
  test("only where it is the only one", async () => {
    await assert.rejects(
      storyNamed("s"),
      (thrown) => thrown instanceof Refused && /several sessions/.test(thrown.detail),
    );
  });
});

describe("its story", () => {
  let story: Story;
  before(async () => {
    const found = await storyNamed(session);
    assert.ok(found);
    story = found;
  });

  test("tells of a turn that is over the time that its answer tells", () => {
    const { session: asked } = tell(says("m1", "fix it"));
    assert.ok(asked.turn);
    const [startedAt, endedAt] = [new Date(0), new Date(18_000)];
    const over = { id: "m1", turn: asked.turn, startedAt, endedAt, result: { ...done, durationMs: 15_000 } };
    const lines = storyLines({ ...story, turns: [over] }, { colour: false, now: 20_000 });
    assert.ok(
      lines.some((line) => line.includes('m1  done after 15 s  alice: "fix it"')),
      lines.join("\n"),
    );
  });

  test("is what came in, what was decided and what was done, by which bot, newest last", () => {
    const lines = storyLines(story, { colour: false, now: Date.now() });
    const events = lines.filter((line) => /^\d\d:\d\d:\d\d\.\d{3} {2}/.test(line)).map((line) => line.slice(14));
    assert.deepEqual(
      events.map((line) => line.replace(/\d+\.\d\d s/, "N s").replaceAll(turn, "MENTION")),
      [
        'came in  alice on slack: "fix it"  slack:T1/C1/1  by host/1',
        "decided  mentioned (author alice, mention MENTION) -> check",
        "gave up  check  after N s, 2 attempts: surface.unknown: no  by host/2",
        "came in  github:pr:7#5 is slack:thread:T1/C1/1700000000.000100  link-1  by host/1",
        "decided  linked (url https://github.com/Acme/api/pull/5) -> wake-me",
        "waits    wake-me for a look at the pull request  for N s",
      ],
    );
  });

  test("begins with what the session is, and steers no terminal", () => {
    const lines = storyLines(story, { colour: false, now: Date.now() });
    assert.deepEqual(lines.slice(0, 7), [
      `${session}  fix it`,
      "  works on   nothing yet",
      "  published  https://github.com/Acme/api/pull/5",
      "  sandbox    none",
      "  held by    nobody: it rests",
      "  keys       slack:thread:T1/C1/1700000000.000100",
      "             github:pr:7#5",
    ]);
    assert.equal(lines.join("\n").includes("\u001b"), false);
  });

  test("is one document with --json", () => {
    const { inbox, decisions, effects, ...rest } = JSON.parse(JSON.stringify(storyDocument(story)));
    assert.equal(rest.session, session);
    assert.deepEqual(
      [inbox.length, decisions.map(({ event, bot }: Record<string, string>) => [event, bot])],
      [
        2,
        [
          ["mentioned", "host/1"],
          ["linked", "host/1"],
        ],
      ],
    );
    assert.deepEqual(
      effects.map(({ id, effect, attempts, doneBy }: Record<string, string>) => [id, effect, attempts, doneBy]),
      [
        [`${session}/0`, "check", 2, "host/2"],
        [`${session}/1`, "wake-me", 0, null],
      ],
    );
  });
});

test("what is no link to a thread is none", () => {
  for (const text of ["github:pr:7#5", "https://github.com/acme/api", "https://acme.slack.com/archives/C1", "https://"])
    assert.equal(linkOf(text), null, text);
});

test("threadbox why says that there is no such session, in words and as a document", async () => {
  const folder = newFolder();
  const { code, stderr } = await folder.run(["why", "s1"]);
  await folder.remove();
  assert.equal(code, 1);
  assert.equal(stderr, "threadbox: There is no session of s1. `threadbox sessions` lists them.\n");
});
