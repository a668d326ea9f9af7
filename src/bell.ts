/**
 * Wakes the one who waits. A ring that comes while nobody waits is remembered, so that news during a look is not lost;
 * rings are not counted, because one look sees everything that is there.
 */
import type { Clock } from "./clock.ts";
import type { Ms } from "./core/types.ts";

export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or at once when it has rung since the last call. */
  heard(): Promise<void>;
  /** The same, but for no longer than this. */
  heardWithin(clock: Clock, ms: Ms): Promise<"ring" | "silence">;
}

/** For one waiter at a time. */
export function createBell(): Bell {
  let rung = false;
  let wake = (): void => {};
  const wait = async (arm: (resolve: () => void) => () => void): Promise<"ring" | "silence"> => {
    if (!rung) {
      const waited = Promise.withResolvers<void>();
      wake = waited.resolve;
      const callOff = arm(waited.resolve);
      await waited.promise;
      callOff();
    }
    const heard = rung ? "ring" : "silence";
    rung = false;
    return heard;
  };
  return {
    ring() {
      rung = true;
      wake();
    },
    heard: async () => void (await wait(() => () => {})),
    heardWithin: (clock, ms) => wait((resolve) => clock.after(ms, resolve)),
  };
}
