/** Orders for things to go wrong, counted: a test says which call fails, how, and whether Slack had already done it. */
import type { DeliveryFault } from "./deliveries.ts";

/** `after: "commit"` lets the call take effect first, so that only the answer is lost. */
export type Fault = { after?: "before" | "commit" } & (
  | { status: number; retryAfter?: number }
  /** `ok: false` with that error. */
  | { error: string }
  /** No answer until the emulator closes or the caller goes away. */
  | { hang: true }
  /** The connection is torn down. */
  | { reset: true }
);

export interface Faults {
  /** The next `times` calls of a method go wrong; `*` stands for any method. */
  next(method: string, fault: Fault, times?: number): void;
  /** The next thing that the app is told goes wrong. */
  nextDelivery(fault: DeliveryFault, times?: number): void;
  /** Orders that nothing has met yet; a test may insist that it is empty. */
  pending(): string[];
  clear(): void;
  /** For the emulator itself. */
  take(method: string): Fault | undefined;
  takeDelivery(): DeliveryFault | undefined;
}

interface Order<T> {
  for: string;
  fault: T;
  left: number;
}

export function createFaults(): Faults {
  const calls: Order<Fault>[] = [];
  const deliveries: Order<DeliveryFault>[] = [];
  return {
    next: (method, fault, times = 1) => void calls.push({ for: method, fault, left: times }),
    nextDelivery: (fault, times = 1) => void deliveries.push({ for: "delivery", fault, left: times }),
    pending: () =>
      [...calls, ...deliveries].map((order) => `${order.for} ${JSON.stringify(order.fault)} x${order.left}`),
    clear() {
      calls.splice(0);
      deliveries.splice(0);
    },
    take: (method) => takeFrom(calls, (order) => order.for === method || order.for === "*"),
    takeDelivery: () => takeFrom(deliveries, () => true),
  };
}

function takeFrom<T>(orders: Order<T>[], fits: (order: Order<T>) => boolean): T | undefined {
  const order = orders.find(fits);
  if (!order) return undefined;
  order.left -= 1;
  if (order.left <= 0) orders.splice(orders.indexOf(order), 1);
  return order.fault;
}
