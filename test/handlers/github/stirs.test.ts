/** What tells that a pull request may stand otherwise than before, from signed deliveries. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDoor } from "./deliver.ts";
import { bot, checkRun, checkSuite, forkSuite, ourselves, pullChanged, push, review, status } from "./payloads.ts";

const PULL = "github:pr:900#8";
const BRANCH = "git:branch:900:fix-login";

const rows: [name: string, event: string, payload: unknown, keys: string[]][] = [
  ["a new title", "pull_request", pullChanged("edited"), [PULL]],
  ["new commits", "pull_request", pullChanged("synchronize"), [PULL]],
  ["no draft any more", "pull_request", pullChanged("ready_for_review"), [PULL]],
  ["a draft again", "pull_request", pullChanged("converted_to_draft"), [PULL]],
  ["merged or closed", "pull_request", pullChanged("closed"), [PULL]],
  ["reopened", "pull_request", pullChanged("reopened"), [PULL]],
  ["the review of a bot", "pull_request_review", review("x", { sender: bot }), [PULL]],
  ["a review that was taken back", "pull_request_review", { ...review(null), action: "dismissed" }, [PULL]],
  ["a CI that has finished", "check_suite", checkSuite(), [PULL, BRANCH]],
  ["a check that begins", "check_run", checkRun("created"), [PULL, BRANCH]],
  ["a check that ends", "check_run", checkRun("completed"), [PULL, BRANCH]],
  ["a CI that is no App", "status", status, [BRANCH]],
  ["a push to a branch that pull requests may go to", "push", push(), ["onto 900:release"]],
];
for (const [name, event, payload, keys] of rows)
  test(`#42 ${name} is a hint to look, and no order`, async () => {
    const door = openDoor({ follows: "s1" });
    assert.deepEqual(await door.deliver(event, payload), [202, { stirred: true }]);
    assert.deepEqual([door.stirs, door.mentions, door.links], [[keys], [], []]);
    assert.deepEqual([door.lines[0]?.outcome, door.lines[0]?.session], ["stirred", "s1"]);
  });

test("#42 what people say in a review is heard as well", async () => {
  const door = openDoor({ follows: "s1" });
  assert.deepEqual(await door.deliver("pull_request_review", review("@threadbox smaller")), [202, { accepted: "m1" }]);
  assert.deepEqual([door.stirs, door.mentions.length], [[[PULL]], 1]);
  assert.deepEqual(await door.deliver("pull_request_review", review(null)), [202, { accepted: "m1" }]);
  assert.deepEqual([door.stirs.length, door.mentions.length], [2, 2], "its words may be in its comments");
});

const ignored: [name: string, event: string, payload: unknown, reason: string, stirs: number][] = [
  ["CI of a branch that is no session's", "check_suite", checkSuite(), "nobody-follows", 1],
  ["CI of a fork", "check_suite", checkSuite(forkSuite), "fork-head", 0],
  ["a status of no branch", "status", { ...status, branches: [] }, "fork-head", 0],
  ["a check that somebody asks for again", "check_run", checkRun("rerequested"), "event-unsupported", 0],
  ["a push to a branch that nobody's goes to", "push", push(), "nobody-follows", 1],
  ["a branch that was deleted", "push", push({ deleted: true }), "event-unsupported", 0],
  ["a tag", "push", push({ ref: "refs/tags/v1" }), "event-unsupported", 0],
  ["a push of our own", "push", push({ sender: ourselves }), "own-message", 0],
  ["a label taken off a pull request", "pull_request", pullChanged("unlabeled"), "event-unsupported", 0],
];
for (const [name, event, payload, reason, stirs] of ignored)
  test(`#42 ${name} is left alone`, async () => {
    const door = openDoor();
    assert.deepEqual(await door.deliver(event, payload), [202, { ignored: reason }]);
    assert.equal(door.stirs.length, stirs);
  });

test("a header that names another event than the body is refused", async () => {
  const door = openDoor({ follows: "s1" });
  assert.deepEqual(await door.deliver("status", checkSuite()), [400, { error: "event-mismatch" }]);
  assert.deepEqual(await door.deliver("check_run", checkSuite()), [400, { error: "event-mismatch" }]);
  assert.deepEqual(door.stirs, []);
});
