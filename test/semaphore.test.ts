import assert from "node:assert/strict";
import { test } from "node:test";
import { createSemaphore } from "../src/semaphore.ts";
import { handWoundClock } from "./clock.ts";

const clock = handWoundClock();
const patience = { clock, forMs: 1_000 };

test("so many work at once, and the next one begins when one of them is done, whether well or not", async () => {
  const places = createSemaphore(2);
  const begun: string[] = [];
  const both = Promise.withResolvers<void>();
  const work = (name: string, end: Promise<void>) =>
    places.take(async () => {
      if (begun.push(name) === 2) both.resolve();
      await end;
      return name;
    }, patience);
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const all = [work("one", one.promise), work("two", two.promise), work("three", Promise.resolve())];
  const failed = assert.rejects(all[0] ?? Promise.resolve());
  await both.promise;
  assert.deepEqual(begun, ["one", "two"]);
  one.reject(new Error("broken"));
  await failed;
  assert.equal(await all[2], "three");
  two.resolve();
  assert.equal(await all[1], "two");
});

test("whoever finds no place in time goes without, and takes none from those behind", async () => {
  const places = createSemaphore(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = places.take(() => promise, patience);
  const second = places.take(async () => "second", patience);
  clock.advance(1_000);
  assert.equal(await second, null);
  const third = places.take(async () => "third", patience);
  resolve();
  await first;
  assert.equal(await third, "third");
  assert.equal(await places.take(async () => "fourth", patience), "fourth");
});
