/** Trouble on order: the next call of an RPC is refused, hangs or loses its connection, before or after its work was done. */

import type { StatusName } from "./refusal.ts";
import type { Rpc } from "./wire.ts";

/** `when: "after"` is the nasty half: the sandbox exists, and the caller was told that it does not. */
export type Fault =
  | { kind: "status"; status: StatusName; message?: string; when?: "before" | "after" }
  /** RESOURCE_EXHAUSTED with the server's own word on when to come back, which the SDK obeys. */
  | { kind: "throttled"; retryAfterSeconds: number }
  /** No answer until it is released; then the true one. */
  | { kind: "hang"; when?: "before" | "after" }
  /** The connection is torn down; of a stream, after so many bytes of it. */
  | { kind: "cut"; when?: "before" | "after" }
  | { kind: "cut"; afterBytes: number };

export interface BuildFault {
  exitcode: number;
  exception: string;
  /** What the build said before it failed. */
  log?: string;
}

export interface OrderedFault {
  fault: Fault;
  /** Resolves when a call ran into it: with `when: "after"`, when the work was done. */
  met: Promise<void>;
  /** Lets a hanging call go on. */
  release(): void;
}

export interface Taken {
  fault: Fault;
  meet(): void;
  released: Promise<void>;
}

export interface Faults {
  /** The next calls of the RPC meet this, `times` of them; several orders queue up. */
  next(rpc: Rpc, fault: Fault, times?: number): OrderedFault;
  /** The next layer that is really built fails. */
  nextBuild(fault: BuildFault): void;
  /** Orders that nobody has met yet; a test may insist that it is empty. */
  pending(): string[];
  clear(): void;
}

/** The emulator's own side of it. */
export interface FaultBook extends Faults {
  take(rpc: Rpc): Taken | null;
  takeBuild(): BuildFault | null;
  releaseAll(): void;
}

interface Order extends Taken {
  rpc: Rpc;
  left: number;
}

export function createFaults(): FaultBook {
  let orders: Order[] = [];
  let builds: BuildFault[] = [];
  const releases: (() => void)[] = [];
  return {
    next(rpc, fault, times = 1) {
      const met = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      releases.push(released.resolve);
      orders.push({ rpc, fault, left: times, meet: met.resolve, released: released.promise });
      return { fault, met: met.promise, release: released.resolve };
    },
    nextBuild: (fault) => void builds.push(fault),
    pending: () => [
      ...orders.map(({ rpc, fault, left }) => `${rpc} ${JSON.stringify(fault)} x${left}`),
      ...builds.map((fault) => `build ${JSON.stringify(fault)}`),
    ],
    clear() {
      orders = [];
      builds = [];
    },
    take(rpc) {
      const order = orders.find((one) => one.rpc === rpc);
      if (!order) return null;
      order.left -= 1;
      if (order.left <= 0) orders = orders.filter((one) => one !== order);
      return order;
    },
    takeBuild: () => builds.shift() ?? null,
    releaseAll() {
      for (const release of releases) release();
    },
  };
}
