/** What Modal takes for activity: with an idle timeout of a minute, a stream that is held open, and then nothing at all. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Machines } from "../../src/machines.ts";
import type { Smoke } from "./life.ts";
import type { Report } from "./report.ts";

/** Half a minute beyond the timeout. */
const HELD_MS = 90_000;
const GONE_WITHIN_MS = 5 * 60_000;

export async function activity({ tunnel, connectToken, report }: Smoke): Promise<void> {
  const id = Date.now().toString(36);
  await Promise.all([
    held(tunnel, `smoke-${id}-tunnel`, "over a tunnel", report),
    held(connectToken, `smoke-${id}-token`, "behind a connect token", report),
  ]);
}

async function held(machines: Machines, name: string, how: string, report: Report): Promise<void> {
  const { provider, boot, connect } = machines;
  try {
    const sandbox = await boot(await provider.start(name, { from: null }));
    await report.check(`an open stream ${how} keeps a sandbox awake`, async () => {
      const signal = AbortSignal.timeout(HELD_MS);
      for await (const _ of connect(sandbox).stream({ cursor: 0, epoch: null, signal }));
      assert.ok(await provider.find(name), "it was ended");
      return { value: null };
    });
    await report.check(`without one ${how} it is ended`, async () => {
      const until = Date.now() + GONE_WITHIN_MS;
      while (await provider.find(name)) {
        assert.ok(Date.now() < until, `it still runs after ${GONE_WITHIN_MS / 60_000} minutes`);
        await pause(5_000);
      }
      return { value: null };
    });
  } finally {
    await provider.destroy(name);
  }
}
