/**
 * What GitHub could not deliver. It tries once and never again, but the App's log keeps each attempt for three days with what was
 * sent. One bot of many looks there, when it starts and every few minutes, and gives what never arrived to the handlers of the
 * webhook: the inbox knows what it has had. Fetched, not asked for again: GitHub's redelivery would go to the address that failed.
 */
import { type Clock, every, pause } from "../../src/clock.ts";
import type { Ms } from "../../src/core/types.ts";
import { catalogEntry, toThreadboxError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { GitHubDeliveries, GitHubDelivery } from "../../src/surfaces/github-deliveries.ts";
import { STOP_WITHIN_MS } from "../../src/workers.ts";
import type { HandleEvent } from "./events.ts";
import { handlerOf } from "./register.ts";

/** How far the log was read; shared by all bots. */
export interface ReplayPosition {
  /** All that was sent before is done with. */
  until: Ms;
  /** Of what was sent after that: events that are done with, and how often the others were tried. */
  done: string[];
  tries: Record<string, number>;
}

export interface ReplayBook {
  /** The position, for whoever may look now: nobody has within the last `gapMs`. Null for everybody else. */
  claim(now: Ms, gapMs: Ms): Promise<ReplayPosition | null>;
  save(position: ReplayPosition): Promise<void>;
}

export interface ReplayOptions {
  deliveries: GitHubDeliveries;
  handle: HandleEvent;
  book: ReplayBook;
  clock: Clock;
  log: Log;
}

export interface Replay {
  /** Begins with a look. */
  start(): void;
  /** Resolves when no look is under way, or when waiting for its end would take too long: the next bot looks again. */
  stop(): Promise<void>;
}

/** Somebody waits for an answer to what was lost; an App may ask five thousand times an hour. */
const LOOK_EVERY_MS = 3 * 60_000;
/** It may have been away, alone, until now. Of many bots that start together one is enough. */
const LOOK_AT_START_MS = 1_000;
/** GitHub's own memory. */
const KEPT_MS = 3 * 24 * 60 * 60_000;
/** An attempt lasts ten seconds, and stands in the log some time after that. */
const STILL_COMING_MS = 5 * 60_000;
/** What the inbox refuses that often is a defect, and must not keep the position where it is. GitHub's own outages are not counted. */
const MAX_TRIES = 5;

export function githubReplay(options: ReplayOptions): Replay {
  let looking = Promise.resolve();
  let stop = (): void => {};
  const look = (gapMs: Ms) => (): Promise<void> => {
    looking = lookOnce(options, gapMs).catch((thrown: unknown) => {
      const { code, detail, cause } = toThreadboxError(thrown);
      options.log.warn({ code, detail, err: cause }, "github.replay-failed");
    });
    return looking;
  };
  return {
    start() {
      void look(LOOK_AT_START_MS)();
      stop = every(options.clock, LOOK_EVERY_MS, look(LOOK_EVERY_MS));
    },
    async stop() {
      stop();
      await Promise.race([looking, pause(options.clock, STOP_WITHIN_MS)]);
    },
  };
}

async function lookOnce(options: ReplayOptions, gapMs: Ms): Promise<void> {
  const { book, clock, log } = options;
  const now = clock.now();
  const position = await book.claim(now, gapMs);
  if (!position) return;
  const since = Math.max(position.until, now - KEPT_MS);
  const { attempts, whole } = await options.deliveries.list(since);
  if (!whole) log.warn({ since: new Date(since).toISOString() }, "github.replay-cut");
  const done = new Set(position.done);
  const tries = { ...position.tries };
  for (const one of neverArrived(attempts)) {
    if (done.has(one.guid)) continue;
    const how = await replayed(options, one);
    const count = (tries[one.guid] ?? 0) + (how === "refused" ? 1 : 0);
    if (how === "done" || count >= MAX_TRIES) done.add(one.guid);
    else tries[one.guid] = count;
  }
  await book.save(nextPosition(attempts, { since, now, done, tries }));
}

/** One attempt of each event that no attempt brought to us, the oldest first. */
function neverArrived(attempts: GitHubDelivery[]): GitHubDelivery[] {
  const arrived = new Set(attempts.filter((one) => one.arrived).map(({ guid }) => guid));
  const lost = attempts.filter(({ guid, event, action }) => !arrived.has(guid) && handlerOf(event, action) !== null);
  return [...new Map(lost.map((one) => [one.guid, one])).values()].sort((a, b) => a.at - b.at || a.id - b.id);
}

/** `done` when there is nothing more to do about it. Whether GitHub or the inbox is away now: the next look tries again. */
async function replayed(
  { deliveries, handle, log }: ReplayOptions,
  one: GitHubDelivery,
): Promise<"done" | "refused" | "unread"> {
  const { id, guid: delivery, event } = one;
  let read = false;
  try {
    const payload = await deliveries.payload(id);
    read = true;
    const { status, log: facts } = payload
      ? await handle(event, payload)
      : { status: 410, log: { outcome: "forgotten" } };
    log.info({ delivery, event, status, ...facts }, "github.delivery-replayed");
    return "done";
  } catch (thrown) {
    const { code, detail, cause } = toThreadboxError(thrown);
    log.warn({ delivery, event, code, detail, err: cause }, "github.replay-failed");
    return read || catalogEntry(code).retry === "never" ? "refused" : "unread";
  }
}

interface Looked {
  since: Ms;
  now: Ms;
  done: Set<string>;
  tries: Record<string, number>;
}

/** Goes on to the first event that has to be tried again, and never past what may still be on its way into the log. */
function nextPosition(attempts: GitHubDelivery[], { since, now, done, tries }: Looked): ReplayPosition {
  const open = neverArrived(attempts).filter(({ guid }) => !done.has(guid));
  const until = Math.max(since, Math.min(now - STILL_COMING_MS, ...open.map(({ at }) => at)));
  const after = new Set(attempts.filter(({ at }) => at >= until).map(({ guid }) => guid));
  return {
    until,
    done: [...done].filter((guid) => after.has(guid)),
    tries: Object.fromEntries(Object.entries(tries).filter(([guid]) => after.has(guid) && !done.has(guid))),
  };
}
