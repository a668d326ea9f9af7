/**
 * How fast we may speak to a vendor. Two ways in: progress goes without at once where no place is free (`drop`), everything that
 * must arrive waits for its place, in order (`wait`), and part of the places is kept for it. Nobody waits long: after a few
 * seconds it is the engine's turn, which tries again durably and still holds the session then. Counts this process alone; where
 * several bots share an app, the vendor's own 429 closes the gate of each.
 *
 * A counter's window begins with the first call in it and not on the minute, so twice its places can fall together around its
 * end. Where a vendor counts strictly, a limit is cut into windows that are short enough (see `github-pace.ts`).
 */
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { bounded } from "../bounded.ts";
import { type Clock, pause } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";

export interface Limit {
  places: number;
  inSeconds: number;
  /** Of the places: those that progress leaves alone. */
  reserve: number;
}

/** What one call has to pass. */
export interface Gate {
  /** What a vendor's 429 closes: a channel, a method, an installation. */
  name: string;
  /** Calls of one line are let through in order. The name itself when it is left out. */
  line?: string;
  /** Each with what it counts: a limit for each channel counts channels. */
  limits: readonly (readonly [limit: Limit, of: string])[];
}

/** All three leave as `surface.rate-limited` with `retryAfterMs` where there is no place. */
export interface Pace {
  /** At once or not at all, and not before anybody who waits. */
  drop(gate: Gate): Promise<void>;
  /** Resolves when it has its place. With `withinMs` 0 it takes one of the places that are kept from progress, or none. */
  wait(gate: Gate, withinMs?: Ms): Promise<void>;
  /** The vendor has had enough. */
  close(gate: Gate, forMs: Ms): void;
}

/** Half of the lease on a session: whoever has waited still holds it, and nobody else has said the same meanwhile. */
const MAX_WAIT_MS = 5_000;
/** As the engine's longest pause. */
const MAX_PROMISE_MS = 5 * 60_000;
/** Channels and installations that we are told to leave alone at one time. */
const MAX_GATES = 2_000;

/** `paced: false` counts nothing and still obeys the vendor; for vendors that are emulated. */
export function createPace({ clock, paced = true }: { clock: Clock; paced?: boolean }): Pace {
  const take = paced ? counting() : async () => 0;
  const closed = bounded<string, Ms>(MAX_GATES);
  const promised = bounded<string, Ms>(MAX_GATES);
  const lines = new Map<string, Promise<void>>();

  const closedForMs = ({ name }: Gate): Ms => Math.max(0, (closed.get(name) ?? 0) - clock.now());
  /** Milliseconds until it is worth another try; 0 when the place is taken. */
  const enter = async (gate: Gate, isProgress: boolean): Promise<Ms> =>
    closedForMs(gate) || (await take(gate, isProgress));
  /** Everybody who is sent away is told another time, so that they do not all come back together. */
  const sentAway = (gate: Gate, inMs: Ms): ThreadboxError => {
    const now = clock.now();
    const at = Math.min(now + MAX_PROMISE_MS, Math.max(now + inMs, promised.get(gate.name) ?? 0));
    promised.set(gate.name, at + spacingMs(gate));
    return limited(gate, Math.max(inMs, at - now));
  };
  const untilPlace = async (gate: Gate, until: Ms): Promise<void> => {
    for (;;) {
      const inMs = await enter(gate, false);
      if (inMs === 0) return;
      if (clock.now() + inMs > until) throw sentAway(gate, inMs);
      await pause(clock, inMs);
    }
  };
  return {
    async drop(gate) {
      const inMs = lines.has(lineOf(gate)) ? spacingMs(gate) || A_MOMENT_MS : await enter(gate, true);
      if (inMs > 0) throw limited(gate, inMs);
    },
    async wait(gate, withinMs = MAX_WAIT_MS) {
      const until = clock.now() + withinMs;
      if (withinMs === 0) return untilPlace(gate, until);
      const line = lineOf(gate);
      const place = (lines.get(line) ?? Promise.resolve()).then(() => untilPlace(gate, until));
      const over = place.catch(() => undefined);
      lines.set(line, over);
      // The last of a line takes it away, so that a channel that is silent costs nothing.
      void over.then(() => lines.get(line) === over && lines.delete(line));
      await place;
    },
    close({ name }, forMs) {
      closed.set(name, Math.max(closed.get(name) ?? 0, clock.now() + forMs));
    },
  };
}

/** For whoever asks once, such as `threadbox doctor`. */
export const unhurried: Pace = { drop: async () => {}, wait: async () => {}, close() {} };

/** Where a line has no limit of its own to reckon with. */
const A_MOMENT_MS = 1_000;

const lineOf = ({ line, name }: Gate): string => line ?? name;

/** The time that one call takes of the tightest limit. */
const spacingMs = ({ limits }: Gate): Ms =>
  Math.max(0, ...limits.map(([{ places, inSeconds }]) => (inSeconds * 1_000) / places));

const limited = ({ name }: Gate, retryAfterMs: Ms): ThreadboxError =>
  new ThreadboxError("surface.rate-limited", `No place is free (${name})`, { retryAfterMs: Math.ceil(retryAfterMs) });

/** Takes a place of each limit, or none at all and says when the next one may be free. By the wall clock, as the library counts. */
function counting(): (gate: Gate, isProgress: boolean) => Promise<Ms> {
  const counters = new Map<Limit, RateLimiterMemory>();
  const counterOf = (limit: Limit): RateLimiterMemory => {
    const known = counters.get(limit);
    if (known) return known;
    const made = new RateLimiterMemory({ points: limit.places, duration: limit.inSeconds });
    counters.set(limit, made);
    return made;
  };
  return async ({ limits }, isProgress) => {
    const taken: (() => Promise<RateLimiterRes>)[] = [];
    for (const [limit, of] of limits) {
      const counter = counterOf(limit);
      // Not `consume`, which rejects with something that is no error.
      const { consumedPoints, msBeforeNext } = await counter.penalty(of);
      taken.push(() => counter.reward(of));
      if (consumedPoints <= limit.places - (isProgress ? limit.reserve : 0)) continue;
      for (const giveBack of taken) await giveBack();
      return Math.max(1, msBeforeNext);
    }
    return 0;
  };
}
