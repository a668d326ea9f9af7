/** A map that forgets its oldest entry when it is full, so that what strangers cause cannot fill the memory. */
export interface Bounded<K, V> {
  get(key: K): V | undefined;
  /** Becomes the newest, also when the key was known. */
  set(key: K, value: V): void;
  newest(): V | undefined;
}

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
    newest: () => [...entries.values()].at(-1),
  };
}
