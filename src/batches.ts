/** Does together what comes while the one before is under way: alone nobody waits, and under load one commit is for many. */
import type { Clock } from "./clock.ts";
import type { Ms } from "./core/types.ts";

interface Together {
  maxItems: number;
  /** What is under way for longer hangs on something (a lock, a connection), and the next batch begins beside it. */
  patienceMs: Ms;
  clock: Clock;
}

/**
 * `work` answers each item of a batch in its order. When it rejects, each is tried by itself: one that cannot be done takes no other
 * with it. The returned function resolves, or rejects, for its own item.
 */
export function inBatches<Item, Answer>(
  work: (items: Item[]) => Promise<Answer[]>,
  { maxItems, patienceMs, clock }: Together,
): (item: Item) => Promise<Answer> {
  const waiting: Waiting<Item, Answer>[] = [];
  let isUnderWay = false;
  const alone = ({ item, resolve, reject }: Waiting<Item, Answer>): Promise<void> =>
    work([item]).then(([answer]) => resolve(answer as Answer), reject);
  const together = async (batch: Waiting<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
    } catch {
      for (const one of batch) await alone(one);
    }
  };
  const goOn = async (): Promise<void> => {
    isUnderWay = true;
    for (let batch = waiting.splice(0, maxItems); batch.length > 0; batch = waiting.splice(0, maxItems)) {
      const [first] = batch;
      await atMost(clock, patienceMs, batch.length === 1 && first ? alone(first) : together(batch));
    }
    isUnderWay = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!isUnderWay) void goOn();
    });
}

interface Waiting<Item, Answer> {
  item: Item;
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

/** Resolves when it is over, or after `ms`. */
function atMost(clock: Clock, ms: Ms, over: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const callOff = clock.after(ms, resolve);
    void over.then(callOff).then(resolve);
  });
}
