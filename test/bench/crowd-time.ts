/** What an agent of the crowd tells: the time at which it was told, for whoever sees it at the other end. All clocks are this machine's. */

export const saysTime = (ms: number): string => `told-${ms}`;

/** Every time that is said in that text. */
export const timesIn = (text: string): number[] => [...text.matchAll(/told-(\d+)/g)].map(([, ms]) => Number(ms));
