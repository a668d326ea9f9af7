/** Hints that a pull request has changed, told to its session in a true database before GitHub is answered. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SessionEvent } from "../../src/core/decision.ts";
import { createIngress } from "../../src/engine/receive.ts";
import { handWoundClock } from "../clock.ts";
import { accepted, done, ended, onGitHub, ready, says } from "../core/story.ts";
import { type TestStore, testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { lived } from "../store/lived.ts";

let on: TestStore;
before(async () => {
  on = await testStore();
});
after(() => on.close());

test("#42 hints are stored once however many come, and wake whoever holds the session; a stranger's are nobody's", async () => {
  const clock = handWoundClock();
  const woken: string[] = [];
  const jobs = { lookup: async () => {}, wake: async (_tx: unknown, ids: string[]) => void woken.push(...ids) };
  const { pullRequests } = createIngress({ store: on.store, jobs, surfaces: {}, clock, log: quiet });
  const pushed = { ...done, branch: "threadbox/fix-test-s0001", commit: "abc" };
  const pullRequest = { number: 5, url: "https://github.com/acme/api/pull/5" };
  const card = {
    ...{
      number: 5,
      url: pullRequest.url,
      title: "Fix it",
      repository: "acme/api",
      base: "main",
      state: "open" as const,
    },
    ...{ draft: false, head: "abc", changes: { files: 1, insertions: 2, deletions: 1 }, checks: null, reviews: [] },
    updatedAt: 1,
  };
  const story: SessionEvent[] = [
    ...[...says("m1", "fix it", {}, onGitHub), ready, accepted("m1"), ended("m1", pushed)],
    { type: "pull-request.opened", turn: "m1", pullRequest },
    { type: "pull-request.seen", card },
  ];
  await lived(on.store, story);
  await on.store.transaction((tx) => on.store.claimKey(tx, "s1", "github:pr:7#5", false));
  assert.equal(await pullRequests.stirred(["github:pr:9#9"]), null);
  for (let each = 0; each < 3; each++)
    assert.equal(await pullRequests.stirred(["git:branch:7:none", "github:pr:7#5"]), "s1");
  assert.deepEqual(woken, ["s1"]);
  const told = await on.db.selectFrom("decisions").select("event").orderBy("seq").execute();
  assert.deepEqual(
    told.map(({ event }) => event).filter((event) => event === "pull-request.stirred"),
    ["pull-request.stirred"],
  );
  const onto = (repository: string, name: string) => pullRequests.stirred([], { repository, name });
  assert.deepEqual([await onto("7", "main"), await onto("7", "other"), await onto("8", "main")], ["s1", null, null]);
});
