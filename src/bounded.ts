/** Memory that cannot be filled by strangers: a map that forgets its oldest entry when it is full, and answers that are remembered for a while. */
import type { Clock } from "./clock.ts";
import type { Ms } from "./core/types.ts";

export interface Bounded<K, V> {
  get(key: K): V | undefined;
  /** Becomes the newest, also when the key was known. */
  set(key: K, value: V): void;
  delete(key: K): void;
  newest(): V | undefined;
}

/** A map of at most `maxEntries`. */
export function bounded<K, V>(maxEntries: number): Bounded<K, V> {
  const entries = new Map<K, V>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => void entries.delete(key),
    newest: () => [...entries.values()].at(-1),
  };
}

export interface Memory {
  clock: Clock;
  forMs: Ms;
  maxEntries: number;
}

/** Asks each question once and remembers the answer. A failure is not remembered: the next one asks again. */
export function remembered<Q, A>(
  { clock, forMs, maxEntries }: Memory,
  ask: (question: Q) => Promise<A>,
  keyOf: (question: Q) => string,
): (question: Q) => Promise<A> {
  const known = bounded<string, { until: Ms; answer: Promise<A> }>(maxEntries);
  return (question) => {
    const key = keyOf(question);
    const entry = known.get(key);
    if (entry && entry.until > clock.now()) return entry.answer;
    const answer = ask(question);
    known.set(key, { until: clock.now() + forMs, answer });
    answer.catch(() => known.get(key)?.answer === answer && known.delete(key));
    return answer;
  };
}
