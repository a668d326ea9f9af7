import assert from "node:assert/strict";
import { test } from "node:test";
import { type HeadFacts, type HeadRuling, ruleOnHead } from "../../src/daemon/git-head.ts";

const PIN = "a".repeat(40);
const names = { pin: PIN, now: "b".repeat(40), branch: "login" };
const begin = (at: "pin" | "now", remark: string | null = null): HeadRuling => ({ is: "begin", at, remark });
const refuse = (detail: string): HeadRuling => ({ is: "refuse", detail });

const rows: [attack: string, from: HeadFacts["from"], now: HeadFacts["now"], ruling: HeadRuling][] = [
  ["nobody pushed since", "branch", "same", begin("now")],
  [
    "a writer pushed since: only people who may write push there, and it is said",
    ...(["branch", "grown"] as const),
    begin("now", "Asked at aaaaaaaaaa; `login` has newer commits, so I began at bbbbbbbbbb."),
  ],
  [
    "a force-push that dropped what was asked about waits for somebody to ask again",
    ...(["branch", "rewritten"] as const),
    refuse("`login` was force-pushed since that was asked: aaaaaaaaaa is not part of it any more."),
  ],
  [
    "a branch that was deleted is not made anew under somebody's hands",
    ...(["branch", "gone"] as const),
    refuse("`login` is not there any more; that was asked at aaaaaaaaaa."),
  ],
  ["a fork as it stood", "fork", "same", begin("pin")],
  [
    "bot-delegated TOCTOU: a push to the fork between the order and the fetch is not in it",
    ...(["fork", "grown"] as const),
    begin("pin", "Asked at aaaaaaaaaa: what was pushed to the fork since is not in this."),
  ],
  [
    "bot-delegated TOCTOU: a force-push of the fork between the order and the fetch",
    ...(["fork", "rewritten"] as const),
    refuse("The pull request's branch was force-pushed since that was asked: aaaaaaaaaa is not part of it any more."),
  ],
  [
    "a fork's pull request that is not served",
    ...(["fork", "gone"] as const),
    refuse("The pull request's branch is not there any more; that was asked at aaaaaaaaaa."),
  ],
];

for (const [attack, from, now, ruling] of rows) {
  test(attack, () => assert.deepEqual(ruleOnHead({ from, now }, names), ruling));
}
