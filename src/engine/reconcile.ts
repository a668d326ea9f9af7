/**
 * Compares what the provider runs with what is written down. What runs and nobody knows (a bot died between two steps) is ended;
 * what is written down and does not run any more is forgotten. The provider lists this bot's own only, so nobody else's is touched.
 */
import { every, pause } from "../clock.ts";
import { decide } from "../core/decide.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Ms } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Listed } from "../sandboxes/provider.ts";
import type { KnownSandbox } from "../store/sandboxes.ts";
import { STOP_WITHIN_MS } from "../workers.ts";
import type { EngineDeps, EngineSettings } from "./ports.ts";
import { aboutOf } from "./reason.ts";

export interface ReconcileDeps extends Pick<EngineDeps, "store" | "provider" | "clock" | "log"> {
  /** How long files of a sleeping sandbox are kept on this machine; for ever when it is left out. Other providers delete by themselves. */
  retentionMs?: Ms | undefined;
  settings?: Pick<EngineSettings, "owner">;
}

/** Names that were ended and forgotten. */
export interface Reconciled {
  ended: string[];
  forgotten: string[];
  /** Labels of snapshots that the provider has deleted by now. */
  expired: string[];
  /** Sessions whose sandbox has slept for longer than its files are kept. */
  overslept: string[];
}

export interface Reconciler {
  start(): void;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 5 * 60_000;
/** Whatever is younger may be in the middle of its start, or on its way into a list that lags behind. */
const GRACE_MS = 10 * 60_000;
/** Providers limit how often they are asked. */
const AT_ONCE = 5;

/** At the start and every five minutes, one bot at a time. */
export function createReconciler(deps: ReconcileDeps): Reconciler {
  const missing: Missing = new Map();
  let looking = Promise.resolve();
  let stop = (): void => {};
  const look = (): Promise<void> => {
    looking = deps.store
      .unlessElsewhere("reconcile", () => reconcile(deps, missing))
      .then((done) => {
        if (done && Object.values(done).some((names) => names.length > 0)) deps.log.info(done, "reconcile.done");
      })
      .catch((thrown: unknown) => {
        const { code, detail, cause } = toThreadboxError(thrown);
        deps.log.warn({ code, detail, err: cause }, "reconcile.failed");
      });
    return looking;
  };
  return {
    start() {
      void look();
      stop = every(deps.clock, LOOK_EVERY_MS, look);
    },
    async stop() {
      stop();
      await Promise.race([looking, pause(deps.clock, STOP_WITHIN_MS)]);
    },
  };
}

/** By name: since when it was not seen any more. */
export type Missing = Map<string, Ms>;

/** One look. `missing` is what earlier ones have found out. */
export async function reconcile(deps: ReconcileDeps, missing: Missing): Promise<Reconciled> {
  const { store, provider, clock } = deps;
  // What runs is asked first: what is started between the questions is then known already.
  const running = await provider.list();
  const inUse = await store.sandboxesInUse();
  const rows = await store.knownSandboxes();
  const known = new Set([...inUse, ...rows.flatMap(({ name, takenBy }) => (takenBy === null ? [name] : []))]);
  const strays = running.filter(({ name, createdAt }) => !known.has(name) && createdAt + GRACE_MS <= clock.now());
  const [ended, forgotten, expired] = await Promise.all([
    endStrays(deps, strays),
    forgetMissing(deps, rows, new Set(running.map(({ name }) => name)), missing),
    store.forgetExpired(new Date(clock.now())),
  ]);
  return { ended, forgotten, expired, overslept: await endSleep(deps) };
}

async function endStrays(deps: ReconcileDeps, strays: Listed[]): Promise<string[]> {
  const waiting = [...strays];
  const ended: string[] = [];
  const work = async (): Promise<void> => {
    for (let stray = waiting.shift(); stray; stray = waiting.shift())
      if (await endStray(deps, stray)) ended.push(stray.name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return ended;
}

async function endStray({ store, provider, log }: ReconcileDeps, { name, createdAt }: Listed): Promise<boolean> {
  try {
    // With many strays it may be long ago that all were asked for, and somebody may have been mentioned since.
    if (await store.isMissed(name)) return false;
    await provider.destroy(name);
    log.warn({ sandbox: name, createdAt: new Date(createdAt) }, "sandbox.stray-ended");
    return true;
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    log.warn({ sandbox: name, code, detail }, "sandbox.stray-left");
    return false;
  }
}

/** On this machine a person's own stops with the machine and leaves its files, which nobody would find without its row. */
const hasFiles = ({ provider, kind }: KnownSandbox): boolean => provider === "local" && kind === "person";

/** Seen missing twice, that long apart: a list that leaves one out for a moment takes nothing away. */
async function forgetMissing(
  { store, provider, clock }: ReconcileDeps,
  rows: KnownSandbox[],
  running: Set<string>,
  missing: Missing,
): Promise<string[]> {
  const gone = rows.filter((row) => row.provider === provider.kind && !running.has(row.name) && !hasFiles(row));
  const names = new Set(gone.map(({ name }) => name));
  for (const name of missing.keys()) if (!names.has(name)) missing.delete(name);
  const forgotten: string[] = [];
  for (const { name, createdAt } of gone) {
    const since = missing.get(name) ?? clock.now();
    missing.set(name, since);
    // What a bot is at work on is spoken for every minute.
    if (Math.max(since, createdAt.getTime()) + GRACE_MS > clock.now()) continue;
    if (await provider.find(name).catch(() => "unknown")) continue;
    await store.forgetSandbox(null, name);
    missing.delete(name);
    forgotten.push(name);
  }
  return forgotten;
}

/** In one look: removing a folder of a large clone takes seconds. The next look goes on. */
const OVERSLEPT_AT_ONCE = 50;

/** Sessions stay, without files: where the provider has deleted them, or where they lie on this machine and nobody came back for them. */
async function endSleep(deps: ReconcileDeps): Promise<string[]> {
  const { store, provider, clock, log, retentionMs } = deps;
  const keptMs = provider.kind === "local" ? retentionMs : provider.keepsFilesMs;
  if (keptMs === undefined || keptMs === null) return [];
  const overslept: string[] = [];
  for (const asleep of await store.asleepSince(clock.now() - keptMs, OVERSLEPT_AT_ONCE)) {
    const { id: session, token } = asleep;
    try {
      if (!(await expire(deps, asleep))) continue;
      log.info({ session, token }, "sandbox.expired");
      overslept.push(session);
    } catch (thrown) {
      // The longest asleep comes first in every look: one whose files cannot be removed would keep those of all others.
      const { code, detail } = toThreadboxError(thrown);
      log.warn({ session, token, code, detail }, "sandbox.sleeper-left");
    }
  }
  return overslept;
}

/** False when somebody has woken it. */
function expire(
  { store, provider, clock, settings }: ReconcileDeps,
  { id, token }: { id: string; token: string },
): Promise<boolean> {
  return store.transaction(async (tx) => {
    // Under the lock nobody can begin to wake it.
    const session = await store.lock(tx, id, null);
    if (session?.sandbox.is !== "asleep" || session.sandbox.token !== token) return false;
    if (provider.kind === "local") await provider.forget(token);
    const event: SessionEvent = { type: "sandbox.expired", token };
    const reason = { bot: settings?.owner ?? null, event: event.type, about: aboutOf(event) };
    await store.saveUnseen(tx, decide(session, event, clock.now()), reason);
    return true;
  });
}
