/** Waiting for something to be stored: looks at every news of the database, and now and then without any. */
import type { OpenStore } from "../store/open.ts";

/** Not everything that is stored is told, and a broken connection misses what was. */
const LOOK_EVERY_MS = 250;

/** What `look` finds, as soon as it finds something; null when `signal` came first. */
export async function until<T>(
  { listener }: OpenStore,
  look: () => Promise<T | null>,
  signal?: AbortSignal,
): Promise<T | null> {
  for (;;) {
    const found = await look();
    if (found !== null || signal?.aborted) return found;
    await news(listener, signal);
  }
}

function news(listener: OpenStore["listener"], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      for (const off of subscriptions) off();
      resolve();
    };
    const timer = setTimeout(done, LOOK_EVERY_MS);
    signal?.addEventListener("abort", done);
    const subscriptions = [listener.on("threadbox_wake", done), listener.on("threadbox_news", done)];
  });
}
