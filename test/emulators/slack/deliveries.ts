/** What the app is told, and how that went. The same record for HTTP and for Socket Mode, so that a test reads both alike. */
import type { Json } from "./types.ts";

/** What is to be delivered, before anybody tried. */
export interface Outgoing {
  kind: "event" | "interactive" | "command";
  /** The event's type, the interaction's type or the command. */
  type: string;
  eventId?: string;
  /** The envelope of an event, the payload of an interaction, the fields of a command. */
  payload: Json;
}

/** Slack's own words for why it tries again. */
export type RetryReason = "http_timeout" | "http_error" | "connection_failed" | "unknown_error" | "timeout";

export interface Attempt {
  retryNum: number;
  retryReason?: RetryReason;
  /** The HTTP status; over a socket 200 stands for an acknowledgement. */
  status?: number;
  /** Why it counts as failed. */
  failure?: RetryReason;
  ms: number;
  body: string;
}

export interface Delivery extends Outgoing {
  /** Grows while Slack tries. */
  readonly attempts: Attempt[];
  acknowledged: boolean;
  /** Not on its way just now: it will be tried again. */
  waits: boolean;
  /** Resolved when it was acknowledged or given up. */
  readonly done: Promise<Delivery>;
}

/** An order for the next delivery to go wrong. */
export type DeliveryFault =
  | { badSignature: true }
  /** Signed correctly, but that many seconds ago. */
  | { staleBySeconds: number }
  /** Never reaches the app. */
  | { lose: true }
  /** Reaches the app, but Slack does not hear the answer and tries again. */
  | { loseAnswer: true };

/** HTTP or a socket. */
export interface Courier {
  carry(delivery: Delivery): Promise<void>;
}

export interface Post {
  send(outgoing: Outgoing): Delivery;
  /** Everything ever sent, in order. */
  readonly sent: Delivery[];
  /** Those that have not ended. */
  open(): Delivery[];
  /** Resolved when nothing is under way. */
  idle(): Promise<void>;
  clear(): void;
}

/** Keeps the book over what was sent and how it ended. */
export function createPost(courier: () => Courier, changed: () => void): Post {
  const sent: Delivery[] = [];
  const underWay = new Set<Delivery>();
  return {
    sent,
    send(outgoing) {
      const finished = Promise.withResolvers<Delivery>();
      const delivery: Delivery = {
        ...outgoing,
        attempts: [],
        acknowledged: false,
        waits: false,
        done: finished.promise,
      };
      sent.push(delivery);
      underWay.add(delivery);
      courier()
        .carry(delivery)
        .finally(() => {
          underWay.delete(delivery);
          finished.resolve(delivery);
          changed();
        });
      return delivery;
    },
    open: () => [...underWay],
    async idle() {
      while (underWay.size > 0) await Promise.all([...underWay].map(({ done }) => done));
    },
    clear: () => sent.splice(0),
  };
}
