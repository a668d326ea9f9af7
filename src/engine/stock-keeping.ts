/**
 * How the stock's work goes on in the background: a little at a time, and less and less often where it fails. What is under way
 * stands in the database; this only knows what this bot does itself.
 */
import type { Ms, Repository } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { SandboxSettings } from "../sandboxes/settings.ts";
import type { EngineDeps } from "./ports.ts";

export interface StockDeps
  extends Pick<
    EngineDeps,
    "store" | "provider" | "boot" | "connect" | "forge" | "repositories" | "settings" | "clock" | "log"
  > {
  sandboxes: SandboxSettings;
  /** Tells one daemon from another: what was prepared with an older one is out of date. */
  daemon(): Promise<string>;
}

/** What there should be in stock for one repository. */
export interface Shelf {
  repository: Repository;
  goldenEveryMs: Ms | null;
  warm: number;
  /** What everything for it has to be made from now. */
  prepared: string;
  /** Of its golden snapshot. */
  label: string;
}

/** One at a time of what takes long; two of what a mention may be waiting for. */
const AT_ONCE = { golden: 1, warm: 2, end: 2 } as const;
type Lane = keyof typeof AT_ONCE;

export interface Keeping {
  deps: StockDeps;
  /** Says that the bot is being stopped. */
  signal: AbortSignal;
  /** How much more of it can begin now. */
  free(lane: Lane): number;
  /** False while it is too early to try that again. */
  mayTry(what: string): boolean;
  failed(what: string): void;
  /** Goes on by itself. A failure is logged, and keeps `what` from being tried again for a while. */
  begin(lane: Lane, what: string, work: () => Promise<void>): void;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

/** Doubled with each failure in a row. */
const FIRST_PAUSE_MS = 60_000;
/** A setup command that fails needs a person; until then each attempt costs a machine for as long as it takes. */
const LONGEST_PAUSE_MS = 4 * 60 * 60_000;

/** `ended` is called whenever something is over: there may be more to do. */
export function createKeeping(deps: StockDeps, signal: AbortSignal, ended: () => void): Keeping {
  const underWay: { lane: Lane; task: Promise<void> }[] = [];
  const failures = new Map<string, { count: number; until: Ms }>();
  const failed = (what: string): void => {
    const count = (failures.get(what)?.count ?? 0) + 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - 1));
    failures.set(what, { count, until: deps.clock.now() + pauseMs });
  };
  const finish = async (what: string, work: () => Promise<void>): Promise<void> => {
    const startedAt = deps.clock.now();
    try {
      await work();
      failures.delete(what);
      deps.log.info({ what, durationMs: deps.clock.now() - startedAt }, "stock.done");
    } catch (thrown) {
      const { code, detail, cause } = toThreadboxError(thrown);
      if (!signal.aborted) failed(what);
      deps.log.warn({ what, code, detail, failures: failures.get(what)?.count ?? 0, err: cause }, "stock.failed");
    }
  };
  return {
    deps,
    signal,
    free: (lane) => (signal.aborted ? 0 : AT_ONCE[lane] - underWay.filter((one) => one.lane === lane).length),
    mayTry: (what) => (failures.get(what)?.until ?? 0) <= deps.clock.now(),
    failed,
    begin(lane, what, work) {
      const entry = { lane, task: finish(what, work) };
      underWay.push(entry);
      void entry.task.then(() => {
        underWay.splice(underWay.indexOf(entry), 1);
        ended();
      });
    },
    async settled() {
      await Promise.all(underWay.map(({ task }) => task));
    },
  };
}

/** Ends a sandbox of the stock. When that fails its row stays, and says to whoever looks next that it is to be ended. */
export async function endSandbox({ provider, store, log }: StockDeps, name: string): Promise<void> {
  try {
    await provider.destroy(name);
    await store.forgetSandbox(null, name);
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    log.warn({ sandbox: name, code, detail }, "stock.not-ended");
  }
}
