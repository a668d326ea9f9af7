/** LISTEN on one connection of its own, reopened when it breaks. A message can be missed then; whoever listens also looks by himself from time to time. */
import pg from "pg";
import type { Log } from "../log.ts";
import type { Connection } from "./database.ts";

export const CHANNELS = ["threadbox_wake", "threadbox_news"] as const;
export type Channel = (typeof CHANNELS)[number];

/** How long after a broken connection the next one is tried. Postgres came back within 0.2 s in crash tests. */
const RECONNECT_AFTER_MS = 500;

export interface Listener {
  /** `fn` gets the payload; null after a reconnect, when anything may have been missed. */
  on(channel: Channel, fn: (payload: string | null) => void): () => void;
  close(): Promise<void>;
}

export async function listen(connection: Connection, log: Log): Promise<Listener> {
  const subscribers = new Set<{ channel: Channel; fn: (payload: string | null) => void }>();
  let closed = false;
  let client: pg.Client;

  const open = async (): Promise<void> => {
    client = new pg.Client({ ...connection, application_name: "threadbox-listen", keepAlive: true });
    client.on("notification", ({ channel, payload }) => {
      for (const one of subscribers) if (one.channel === channel) one.fn(payload ?? "");
    });
    client.on("error", (error) => log.warn({ error: error.message }, "database.listen-lost"));
    client.on("end", () => {
      if (!closed) setTimeout(reopen, RECONNECT_AFTER_MS);
    });
    await client.connect();
    for (const channel of CHANNELS) await client.query(`listen ${channel}`);
  };
  const reopen = async (): Promise<void> => {
    if (closed) return;
    try {
      await open();
      for (const one of subscribers) one.fn(null);
    } catch (error) {
      log.debug({ error: String(error) }, "database.listen-retry");
      await client.end().catch(() => undefined);
    }
  };

  await open();
  return {
    on(channel, fn) {
      const one = { channel, fn };
      subscribers.add(one);
      return () => subscribers.delete(one);
    },
    async close() {
      closed = true;
      await client.end();
    },
  };
}
