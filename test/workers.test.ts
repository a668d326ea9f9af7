import assert from "node:assert/strict";
import { test } from "node:test";
import { stopTogether } from "../src/workers.ts";

const start = (): void => {};

test("a worker that waits for a vendor does not keep the others from handing over", async () => {
  const stopped: string[] = [];
  const handedOver = Promise.withResolvers<void>();
  await stopTogether([
    { start, stop: () => handedOver.promise.then(() => void stopped.push("waits")) },
    {
      start,
      async stop() {
        stopped.push("hands over");
        handedOver.resolve();
      },
    },
  ]);
  assert.deepEqual(stopped, ["hands over", "waits"]);
});

test("a worker that fails at its end is told of once the others have come to theirs", async () => {
  let stopped = false;
  const later = async (): Promise<void> => {
    await new Promise(setImmediate);
    stopped = true;
  };
  const fails = { start, stop: () => Promise.reject(new Error("the database is away")) };
  await assert.rejects(stopTogether([fails, { start, stop: later }]), /the database is away/);
  assert.equal(stopped, true);
});
