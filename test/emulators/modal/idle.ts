/** When a sandbox was last in use. It is while a command runs in it or a connection through a tunnel is open; its own work does not count. */
import type { Clock } from "../../../src/clock.ts";

export interface Idle {
  /** In use until the returned function is called. */
  begin(): () => void;
  /** In use just now. */
  touch(): void;
  stop(): void;
}

export function createIdle(clock: Clock, afterMs: number | null, onIdle: () => void): Idle {
  let users = 0;
  let stopped = false;
  let callOff = (): void => {};
  const arm = (): void => {
    callOff();
    if (afterMs !== null && users === 0 && !stopped) callOff = clock.after(afterMs, onIdle);
  };
  arm();
  return {
    begin() {
      users += 1;
      callOff();
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        users -= 1;
        arm();
      };
    },
    touch: arm,
    stop() {
      stopped = true;
      callOff();
    },
  };
}
