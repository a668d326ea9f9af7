/**
 * The way in. One transaction: stored once, its session found or minted, decided, effects and wake-up written; those that come
 * while one is under way share the next. Whoever calls acknowledges the vendor after this resolves, and not if it rejects.
 */
import { randomBytes } from "node:crypto";
import { inBatches } from "../batches.ts";
import type { Clock } from "../clock.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Hints, Inbox, Receipt } from "../core/incoming.ts";
import { type Arrival, dedupeOf, type Intake, keysOf, takeIn } from "../core/intake.ts";
import type { Places } from "../core/places.ts";
import type { Mention, Session } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Tx } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import type { Surfaces } from "../surfaces/surface.ts";
import { decideAndStore, storeTold } from "./decided.ts";
import type { Happening, Tell } from "./happenings.ts";
import type { Jobs, TimerJob } from "./jobs.ts";
import { placesOf } from "./places.ts";
import type { EngineSettings } from "./ports.ts";
import type { Reached } from "./steps.ts";
import { hintsTo } from "./stirs.ts";

export interface ReceiveDeps {
  store: Store;
  jobs: Pick<Jobs, "wake" | "lookup">;
  surfaces: Surfaces;
  clock: Clock;
  log: Log;
  /** The bot that takes it in; none where an operator's command does. */
  settings?: Pick<EngineSettings, "owner">;
  tell?: Tell | undefined;
  /** See `steps.ts`. */
  reached?: Reached | undefined;
}

export interface Ingress extends Inbox {
  places: Places;
  pullRequests: Hints;
  /** A mention whose keys had to be looked up. Called by the job; throws to be called again. */
  lookedUp(seq: number): Promise<void>;
  /** An operator ended the sandbox of that session, or is about to. */
  destroyed(session: string, by: string): Promise<void>;
  /** A timer fell due. */
  timer(job: TimerJob): Promise<void>;
}

/** In one transaction, one transaction at a time: two side by side were slower on two processors, each being half as large. */
const MAX_TOGETHER = 32;
/** Slack waits three seconds. One that hangs behind the lock on a session, or on a connection that is gone, must not keep all others waiting. */
const PATIENCE_MS = 1_000;

/** Each method resolves after its transaction. */
export function createIngress(deps: ReceiveDeps): Ingress {
  const { store, clock } = deps;
  const together = { maxItems: MAX_TOGETHER, patienceMs: PATIENCE_MS, clock };
  const arrive = inBatches((arrivals: Arrival[]) => enter(deps, arrivals), together);
  const handled = async (what: "mention" | "link", arrival: Arrival): Promise<Receipt> => {
    const startedAt = clock.now();
    const receipt = await arrive(arrival);
    const at = clock.now();
    const { surface } = ("link" in arrival.incoming ? arrival.incoming.link : arrival.incoming.mention).thread;
    const told = { what, surface, dedupe: dedupeOf(arrival), receipt };
    deps.tell?.({ type: "inbound.handled", at, bot: botOf(deps), durationMs: at - startedAt, ...told });
    return receipt;
  };
  return {
    receive: async (arrived) =>
      handled("mention", { incoming: { mention: { ...arrived, id: newId("m") } }, seq: null }),
    link: (link) => handled("link", { incoming: { link }, seq: null }),
    async lookedUp(seq) {
      const waiting = await store.waiting(seq);
      if (!waiting || "link" in waiting) return;
      const mention = await completed(deps, waiting.mention);
      const saysNothing = waiting.mention.lookup === "review" && mention.text === "" && !mention.addressed;
      const receipt = saysNothing ? SAID_NOTHING : await arrive({ incoming: { mention }, seq });
      if (receipt.is !== "ignored") return;
      // It waits for nothing any more, and belongs to nobody.
      await store.forget(seq);
      deps.log.info({ dedupe: waiting.mention.dedupe, reason: receipt.reason }, "inbound.ignored");
    },
    destroyed: (session, by) => apply(deps, session, { type: "sandbox.destroyed", by }),
    timer: ({ session, event }) => apply(deps, session, event),
    pullRequests: hintsTo({
      ...{ store, now: () => clock.now() },
      apply: (session, event, isMoot) => apply(deps, session, event, isMoot),
    }),
    places: placesOf({
      ...{ store, now: () => clock.now(), bot: botOf(deps), tell: deps.tell },
      apply: (session, event) => apply(deps, session, event),
      wake: (tx, sessions) => wake(deps, tx, sessions),
    }),
  };
}

/** A review that only approves, without a word. */
const SAID_NOTHING = { is: "ignored", reason: "empty-body" } as const;

const botOf = ({ settings }: ReceiveDeps): string | null => settings?.owner ?? null;

/** Another transaction was quicker; what it wrote is there to be met now. */
class Outrun extends Error {}

/** Each time somebody else has come forward; a new session is made by one of them at the latest. */
const MAX_OUTRUN = 5;

/** One receipt for each. */
async function enter(deps: ReceiveDeps, arrivals: Arrival[], outrun = 0): Promise<Receipt[]> {
  try {
    const { receipts, happened } = await deps.store.transaction(async (tx) => {
      const intake = await meet(deps, tx, arrivals);
      return { receipts: intake.receipts, happened: await write(deps, tx, intake) };
    });
    deps.reached?.("inbound.stored");
    for (const happening of happened) deps.tell?.(happening);
    return receipts;
  } catch (thrown) {
    if (!(thrown instanceof Outrun) || outrun >= MAX_OUTRUN) throw thrown;
    return enter(deps, arrivals, outrun + 1);
  }
}

async function meet(deps: ReceiveDeps, tx: Tx, arrivals: Arrival[]): Promise<Intake> {
  const met = await deps.store.meet(tx, { dedupes: arrivals.map(dedupeOf), keys: arrivals.flatMap(keysOf) });
  return takeIn(arrivals, met, { now: deps.clock.now(), newSessionId: () => newId("s") });
}

async function write(deps: ReceiveDeps, tx: Tx, intake: Intake): Promise<Happening[]> {
  const { inbox, told } = intake;
  if (inbox.length > 0) {
    const waiting = await deps.store.enter(tx, intake, botOf(deps));
    if (!waiting) throw new Outrun();
    await deps.jobs.lookup(tx, waiting);
  }
  if (told.length === 0) return [];
  const happened = await storeTold(deps.store, tx, told, { at: deps.clock.now(), bot: botOf(deps) });
  await wake(deps, tx, [...new Set(told.map(({ before }) => before.id))]);
  return happened;
}

/** Nobody is told of a session what is not committed. */
async function apply(
  deps: ReceiveDeps,
  id: string,
  event: SessionEvent,
  isMoot: (session: Session) => boolean = () => false,
): Promise<void> {
  const happened = await deps.store.transaction(async (tx) => {
    const session = await deps.store.lock(tx, id, null);
    if (!session || isMoot(session)) return [];
    const by = { at: deps.clock.now(), bot: botOf(deps) };
    const happened = await decideAndStore(deps.store, tx, { session, event }, by);
    await wake(deps, tx, [id]);
    return happened;
  });
  for (const happening of happened) deps.tell?.(happening);
}

export async function wake({ jobs, store }: ReceiveDeps, tx: Tx, sessions: string[]): Promise<void> {
  await jobs.wake(tx, sessions);
  await store.notify(tx, "threadbox_wake", ...sessions);
}

/** The keys that only the vendor knows. Where it cannot say, the mention goes on with what it has: an answer on the wrong branch is worse than none, but none is silence. */
async function completed({ surfaces, log }: ReceiveDeps, mention: Mention): Promise<Mention> {
  const surface = surfaces[mention.thread.surface];
  if (!surface) return mention;
  try {
    return await surface.complete(mention);
  } catch (thrown) {
    const error = toThreadboxError(thrown);
    if (error.code === "surface.unavailable" || error.code === "surface.rate-limited") throw error;
    log.warn({ code: error.code, detail: error.detail, dedupe: mention.dedupe }, "inbound.lookup-failed");
    return mention;
  }
}

/** Short enough to type, long enough not to collide: 50 bits. `m` for mentions, `s` for sessions. */
function newId(kind: "m" | "s"): string {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  return `${kind}${Array.from(randomBytes(10), (byte) => alphabet[byte & 31]).join("")}`;
}
