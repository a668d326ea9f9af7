/** Lets processes run for a share of the time only, each in a window of its own: several machines of one slow core each, on a machine that has two. */
import { answerParent } from "./child.ts";

export interface Throttle {
  processIds: number[];
  /** Of all time. */
  share: number;
}

/** Short beside whatever is waited for, long beside a context switch. */
const PERIOD_MS = 40;

let timers: NodeJS.Timeout[] = [];
let throttled: number[] = [];

const tasks = {
  begin({ processIds, share }: Throttle): void {
    throttled = processIds;
    timers = processIds.map((processId, n) => {
      const run = (): void => {
        process.kill(processId, "SIGCONT");
        setTimeout(() => timers.length > 0 && process.kill(processId, "SIGSTOP"), PERIOD_MS * share);
      };
      const begin = setTimeout(() => timers.push(setInterval(run, PERIOD_MS)), (n * PERIOD_MS) / processIds.length);
      return begin;
    });
  },
  end: (_: null): void => letRun(),
};

function letRun(): void {
  for (const timer of timers) clearTimeout(timer);
  timers = [];
  for (const processId of throttled.splice(0)) process.kill(processId, "SIGCONT");
}

export type ThrottleTasks = typeof tasks;
answerParent(tasks, async () => letRun());
