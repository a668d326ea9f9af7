/** Trouble on order: the next call of a route fails, hangs or loses its connection, before or after its work was done. */

/** `when: "after"` is the nasty half: the comment exists, and the caller was told that it does not. */
export type Fault =
  | { kind: "status"; status: number; when?: "before" | "after"; headers?: Record<string, string>; message?: string }
  | { kind: "secondary-limit"; retryAfterSeconds: number; status?: 403 | 429 }
  | { kind: "primary-limit"; resetInSeconds: number }
  | { kind: "reset"; when?: "before" | "after" }
  | { kind: "hang"; when?: "before" | "after" };

export interface OrderedFault {
  fault: Fault;
  /** Resolves when a call ran into it. */
  met: Promise<void>;
  /** Lets a hanging call go on, to its true answer. */
  release(): void;
}

export interface Taken {
  fault: Fault;
  released: Promise<void>;
}

export interface Faults {
  /** The next call of the route (`POST /repos/{owner}/{repo}/pulls`) meets this; several orders queue up. */
  next(route: string, fault: Fault): OrderedFault;
  /** Orders that nobody has met yet. */
  pending(): { route: string; fault: Fault }[];
  clear(): void;
}

/** The emulator's own side of it. */
export interface FaultBook extends Faults {
  take(route: string): Taken | null;
  releaseAll(): void;
}

interface Order {
  route: string;
  fault: Fault;
  meet(): void;
  released: Promise<void>;
}

export function createFaults(): FaultBook {
  let orders: Order[] = [];
  const releases: (() => void)[] = [];
  return {
    next(route, fault) {
      const met = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      releases.push(released.resolve);
      orders.push({ route, fault, meet: met.resolve, released: released.promise });
      return { fault, met: met.promise, release: released.resolve };
    },
    pending: () => orders.map(({ route, fault }) => ({ route, fault })),
    clear() {
      orders = [];
    },
    take(route) {
      const order = orders.find((one) => one.route === route);
      if (!order) return null;
      orders = orders.filter((one) => one !== order);
      order.meet();
      return { fault: order.fault, released: order.released };
    },
    releaseAll() {
      for (const release of releases) release();
    },
  };
}
