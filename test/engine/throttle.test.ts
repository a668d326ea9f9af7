import assert from "node:assert/strict";
import { test } from "node:test";
import { createThrottle } from "../../src/engine/throttle.ts";

const cases: { name: string; shares: (number | null)[]; begun: number[]; breaths: number }[] = [
  { name: "a thread with time begins several sessions at once", shares: [0.1, 0.49], begun: [2, 2], breaths: 0 },
  { name: "a busy one breathes until it is less so", shares: [0.9, 0.8, 0.2], begun: [2], breaths: 2 },
  {
    name: "one that stays busy begins one after a while, and so never stands still",
    shares: [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1],
    begun: [1, 2],
    breaths: 5,
  },
  {
    name: "what was too short to say changes nothing",
    shares: [null, 0.9, null, 0.1, null],
    begun: [2, 2, 2],
    breaths: 2,
  },
];

for (const { name, shares, begun, breaths } of cases) {
  test(name, async () => {
    const left = [...shares];
    let breathed = 0;
    const throttle = createThrottle(
      () => left.shift() ?? null,
      async () => {
        breathed += 1;
      },
    );
    const seen: number[] = [];
    for (const _ of begun) seen.push(await throttle.next());
    assert.deepEqual([seen, breathed, left], [begun, breaths, []]);
  });
}
