import assert from "node:assert/strict";
import { test } from "node:test";
import { createThrottle } from "../../src/engine/throttle.ts";

const cases: { name: string; shares: (number | null)[]; breaths: number[] }[] = [
  { name: "while the thread has time, sessions begin at once", shares: [0.1, 0.34], breaths: [0, 0] },
  { name: "where it is busy, the next one waits until it is less so", shares: [0.9, 0.8, 0.2], breaths: [2] },
  {
    name: "where it stays busy, one begins after a while all the same",
    shares: [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1],
    breaths: [5, 1],
  },
  { name: "what was too short to say changes nothing", shares: [null, 0.9, null, 0.1, null], breaths: [0, 2, 0] },
];

for (const { name, shares, breaths } of cases) {
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
    for (const _ of breaths) {
      breathed = 0;
      await throttle();
      seen.push(breathed);
    }
    assert.deepEqual([seen, left], [breaths, []]);
  });
}
