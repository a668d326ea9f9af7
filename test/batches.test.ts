import assert from "node:assert/strict";
import { test } from "node:test";
import { inBatches } from "../src/batches.ts";
import { handWoundClock } from "./clock.ts";

/** Work that goes on until it is let go. */
function heldBack() {
  const batches: number[][] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  return {
    batches,
    async work(items: number[]): Promise<string[]> {
      batches.push(items);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      return items.map((item) => `done ${item}`);
    },
    letGo: () => gates.shift()?.resolve(),
  };
}

test("the first begins at once, and what comes meanwhile is done together, as much as fits", async () => {
  const { batches, work, letGo } = heldBack();
  const add = inBatches(work, { maxItems: 3, patienceMs: 1_000, clock: handWoundClock() });
  const answers = Promise.all([1, 2, 3, 4, 5].map(add));
  assert.deepEqual(batches, [[1]]);
  for (let n = 0; n < 3; n++) {
    letGo();
    await new Promise(setImmediate);
  }
  assert.deepEqual(batches, [[1], [2, 3, 4], [5]]);
  assert.deepEqual(await answers, ["done 1", "done 2", "done 3", "done 4", "done 5"]);
});

test("one that cannot be done takes no other with it", async () => {
  const tried: number[][] = [];
  const add = inBatches(
    async (items: number[]) => {
      tried.push(items);
      if (items.includes(3)) throw new Error("not that one");
      return items;
    },
    { maxItems: 10, patienceMs: 1_000, clock: handWoundClock() },
  );
  const answers = await Promise.allSettled([1, 2, 3, 4].map(add));
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(tried, [[1], [2, 3, 4], [2], [3], [4]]);
});

test("what hangs keeps others waiting for a second and no longer", async () => {
  const { batches, work, letGo } = heldBack();
  const clock = handWoundClock();
  const add = inBatches(work, { maxItems: 3, patienceMs: 1_000, clock });
  const hanging = add(1);
  const others = Promise.all([2, 3].map(add));
  clock.advance(999);
  await new Promise(setImmediate);
  assert.deepEqual(batches, [[1]]);
  clock.advance(1);
  await new Promise(setImmediate);
  assert.deepEqual(batches, [[1], [2, 3]]);
  letGo();
  letGo();
  assert.deepEqual([await hanging, await others], ["done 1", ["done 2", "done 3"]]);
});
