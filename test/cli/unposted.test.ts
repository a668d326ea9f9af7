import assert from "node:assert/strict";
import { test } from "node:test";
import { unposted } from "../../src/cli/unposted.ts";

const gaveUp = (effect: string, error: string) => ({ session: "s1", effect, error });

test("an answer that could not be posted stands beside its session, the newest one, with what to do about it", () => {
  const problems = [
    gaveUp("answer", "surface.unauthorized: Slack answered token_revoked"),
    gaveUp("answer", "surface.thread-gone: Slack answered is_archived"),
    gaveUp("say", "surface.refused: GitHub, comment on acme/api#1: locked"),
  ];
  assert.deepEqual(unposted(problems), {
    effect: "answer",
    code: "surface.thread-gone",
    detail: "Slack answered is_archived",
    remedy: "The thread was deleted or archived; start a new one.",
  });
});

test("a note counts where every answer went out, and machines do not", () => {
  const note = gaveUp("say", "surface.refused: GitHub, comment on acme/api#1: locked");
  const sandbox = gaveUp("start-sandbox", "sandbox.unavailable: it is away");
  assert.equal(unposted([note, sandbox])?.detail, "GitHub, comment on acme/api#1: locked");
  assert.equal(unposted([sandbox]), null);
});
