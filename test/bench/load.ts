/** How busy this process was since one last asked: what tells whether a figure is bound by its one thread. */

export interface Load {
  processorMs: number;
  /** Of the thread that everything waits for. */
  loopPercent: number;
}

export function loadMeter(): () => Load {
  let processor = process.cpuUsage();
  let loop = performance.eventLoopUtilization();
  return () => {
    const busy = process.cpuUsage(processor);
    const { utilization } = performance.eventLoopUtilization(loop);
    processor = process.cpuUsage();
    loop = performance.eventLoopUtilization();
    return { processorMs: (busy.user + busy.system) / 1_000, loopPercent: 100 * utilization };
  };
}
