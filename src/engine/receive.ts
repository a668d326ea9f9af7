/**
 * The way in. One transaction: stored once, its session found or minted, decided, effects and wake-up written.
 * Whoever calls acknowledges the vendor after this resolves, and not if it rejects.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.ts";
import { parseCommand } from "../core/command.ts";
import { threadKey } from "../core/correlation.ts";
import { decide, newSession } from "../core/decide.ts";
import type { SessionEvent } from "../core/decision.ts";
import { titleOf } from "../core/naming.ts";
import type { Inbox, KeyLink, Mention, Receipt } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Tx } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import type { Surfaces } from "../surfaces/surface.ts";
import type { Jobs, TimerJob } from "./jobs.ts";
import type { Reached } from "./steps.ts";

export interface ReceiveDeps {
  store: Store;
  jobs: Pick<Jobs, "wake" | "lookup">;
  surfaces: Surfaces;
  clock: Clock;
  log: Log;
  /** See `steps.ts`. */
  reached?: Reached | undefined;
}

export interface Ingress extends Inbox {
  /** A mention whose keys had to be looked up. Called by the job; throws to be called again. */
  lookedUp(seq: number): Promise<void>;
  /** An operator ended the sandbox of that session, or is about to. */
  destroyed(session: string, by: string): Promise<void>;
  /** A timer fell due. */
  timer(job: TimerJob): Promise<void>;
}

/** Each method is one transaction, and resolves after it. */
export function createIngress(deps: ReceiveDeps): Ingress {
  const { store, log, reached } = deps;
  const logged = (receipt: Receipt, fields: object): Receipt => {
    reached?.("inbound.stored");
    log.info({ ...fields, ...receipt }, "inbound.handled");
    return receipt;
  };
  return {
    async receive(arrived) {
      const mention: Mention = { ...arrived, id: newId("m") };
      const receipt = await store.transaction((tx) => admit(deps, tx, mention));
      return logged(receipt, { surface: mention.thread.surface, dedupe: mention.dedupe });
    },
    async link(link) {
      const receipt = await store.transaction((tx) => join(deps, tx, link));
      return logged(receipt, { surface: link.thread.surface, dedupe: link.dedupe });
    },
    async lookedUp(seq) {
      const waiting = await store.waiting(seq);
      if (!waiting || "link" in waiting) return;
      const mention = await completed(deps, waiting.mention);
      await store.transaction(async (tx) => {
        const session = await findOrMint(deps, tx, mention);
        if (await store.assign(tx, seq, session)) await apply(deps, tx, session, { type: "mentioned", mention });
      });
    },
    async destroyed(session, by) {
      await store.transaction((tx) => apply(deps, tx, session, { type: "sandbox.destroyed", by }));
    },
    async timer({ session, event }) {
      await store.transaction((tx) => apply(deps, tx, session, event));
    },
  };
}

async function admit(deps: ReceiveDeps, tx: Tx, mention: Mention): Promise<Receipt> {
  const { store, jobs } = deps;
  const known = await store.sessionOf(tx, mention.keys);
  if (!known && !mention.addressed) return { is: "ignored", reason: "nobody-follows" };
  const seq = await store.remember(tx, mention.dedupe, { mention }, known);
  if (seq === null) return { is: "duplicate" };
  if (!known && mention.lookup) {
    await jobs.lookup(tx, seq);
    return { is: "looking-up", mention: mention.id };
  }
  const session = known ?? (await findOrMint(deps, tx, mention));
  if (!known) await store.assign(tx, seq, session);
  else await store.claimKeys(tx, session, mention.keys);
  await apply(deps, tx, session, { type: "mentioned", mention });
  return { is: "accepted", session, mention: mention.id };
}

async function join(deps: ReceiveDeps, tx: Tx, link: KeyLink): Promise<Receipt> {
  const session = await deps.store.sessionOf(tx, [link.known]);
  if (!session) return { is: "ignored", reason: "nobody-follows" };
  if ((await deps.store.remember(tx, link.dedupe, { link }, session)) === null) return { is: "duplicate" };
  await deps.store.claimKeys(tx, session, [link.also]);
  await apply(deps, tx, session, { type: "linked", pullRequest: link.pullRequest });
  return { is: "linked", session };
}

async function findOrMint(deps: ReceiveDeps, tx: Tx, mention: Mention): Promise<string> {
  const keys = mention.keys.length > 0 ? mention.keys : [threadKey(mention.thread)];
  const found = await deps.store.sessionOf(tx, keys);
  if (found) {
    await deps.store.claimKeys(tx, found, keys);
    return found;
  }
  const session = newSession(
    newId("s"),
    mention.thread,
    titleOf(mention.subject ?? saidIn(mention.text)),
    deps.clock.now(),
  );
  return deps.store.mint(tx, session, keys);
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

/** Decides one event from outside on a session and writes what follows. */
async function apply(deps: ReceiveDeps, tx: Tx, id: string, event: SessionEvent): Promise<void> {
  const session = await deps.store.lock(tx, id, null);
  if (!session) return;
  const decision = decide(session, event, deps.clock.now());
  await deps.store.save(tx, decision.session, decision.effects);
  await deps.jobs.wake(tx, id);
  await deps.store.notify(tx, "threadbox_wake", id);
}

/** Without the options: they choose, they do not describe. */
function saidIn(text: string): string {
  const command = parseCommand(text);
  return "text" in command ? command.text : text;
}

/** Short enough to type, long enough not to collide: 50 bits. `m` for mentions, `s` for sessions. */
function newId(kind: "m" | "s"): string {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  return `${kind}${Array.from(randomBytes(10), (byte) => alphabet[byte & 31]).join("")}`;
}
