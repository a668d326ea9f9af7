/** Slack's rate limits on the emulator's clock. Off unless a test asks for them: most tests are quicker than any human. */
import type { Clock } from "../../../src/clock.ts";
import type { Tier } from "./methods/method.ts";
import type { Json } from "./types.ts";

export interface Rates {
  /** Seconds to wait when the call comes too early; counts it otherwise. */
  tooEarly(method: string, tier: Tier, args: Json): number | undefined;
  clear(): void;
}

interface Rule {
  calls: number;
  withinMs: number;
}

/** Documented per minute. For posting it is one per second and channel, "short bursts" allowed: the size of a burst is our guess. */
const rules: Readonly<Record<Tier, Rule>> = {
  1: { calls: 1, withinMs: 60_000 },
  2: { calls: 20, withinMs: 60_000 },
  3: { calls: 50, withinMs: 60_000 },
  4: { calls: 100, withinMs: 60_000 },
  special: { calls: 100, withinMs: 60_000 },
  post: { calls: 5, withinMs: 5_000 },
};

export function createRates(clock: Clock, enforced: boolean): Rates {
  const history = new Map<string, number[]>();
  return {
    tooEarly(method, tier, args) {
      if (!enforced) return undefined;
      const rule = rules[tier];
      const key = tier === "post" ? `${method} ${String(args.channel)}` : method;
      const recent = (history.get(key) ?? []).filter((at) => clock.now() - at < rule.withinMs);
      const [oldest] = recent;
      const full = recent.length >= rule.calls;
      history.set(key, full ? recent : [...recent, clock.now()]);
      return full && oldest !== undefined ? Math.ceil((oldest + rule.withinMs - clock.now()) / 1000) : undefined;
    },
    clear: () => history.clear(),
  };
}
