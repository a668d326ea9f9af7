/**
 * The way in. One transaction: stored once, its session found or minted, decided, effects and wake-up written.
 * Whoever calls acknowledges the vendor after this resolves, and not if it rejects.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.ts";
import { parseCommand } from "../core/command.ts";
import { threadKey } from "../core/correlation.ts";
import { newSession } from "../core/decide.ts";
import type { SessionEvent } from "../core/decision.ts";
import { titleOf } from "../core/naming.ts";
import type { Inbox, KeyLink, Mention, Ms, Receipt } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Tx } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import type { Surfaces } from "../surfaces/surface.ts";
import { decideAndStore } from "./decided.ts";
import type { Happening, Tell } from "./happenings.ts";
import type { Jobs, TimerJob } from "./jobs.ts";
import type { EngineSettings } from "./ports.ts";
import type { Reached } from "./steps.ts";

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
  /** A mention whose keys had to be looked up. Called by the job; throws to be called again. */
  lookedUp(seq: number): Promise<void>;
  /** An operator ended the sandbox of that session, or is about to. */
  destroyed(session: string, by: string): Promise<void>;
  /** A timer fell due. */
  timer(job: TimerJob): Promise<void>;
}

/** Each method is one transaction, and resolves after it. */
export function createIngress(deps: ReceiveDeps): Ingress {
  const { store, clock } = deps;
  const handled = (what: "mention" | "link", { thread, dedupe }: Mention | KeyLink, startedAt: Ms) => {
    const { surface } = thread;
    return (receipt: Receipt): void => {
      deps.reached?.("inbound.stored");
      const by = { at: clock.now(), bot: botOf(deps), durationMs: clock.now() - startedAt };
      deps.tell?.({ type: "inbound.handled", ...by, what, surface, dedupe, receipt });
    };
  };
  return {
    async receive(arrived) {
      const mention: Mention = { ...arrived, id: newId("m") };
      const stored = handled("mention", mention, clock.now());
      return inOneGo(deps, (writing) => admit(writing, mention), stored);
    },
    link(link) {
      const stored = handled("link", link, clock.now());
      return inOneGo(deps, (writing) => join(writing, link), stored);
    },
    async lookedUp(seq) {
      const waiting = await store.waiting(seq);
      if (!waiting || "link" in waiting) return;
      const mention = await completed(deps, waiting.mention);
      await inOneGo(deps, async (writing) => {
        const session = await findOrMint(deps, writing.tx, mention);
        if (await store.assign(writing.tx, seq, session)) await apply(writing, session, { type: "mentioned", mention });
      });
    },
    async destroyed(session, by) {
      await inOneGo(deps, (writing) => apply(writing, session, { type: "sandbox.destroyed", by }));
    },
    async timer({ session, event }) {
      await inOneGo(deps, (writing) => apply(writing, session, event));
    },
  };
}

/** One transaction under way. */
interface Writing {
  deps: ReceiveDeps;
  tx: Tx;
  happened: Happening[];
}

/** Nobody is told what a transaction did before it is committed; `stored` is called first then. */
async function inOneGo<T>(
  deps: ReceiveDeps,
  work: (writing: Writing) => Promise<T>,
  stored: (result: T) => void = () => {},
): Promise<T> {
  const happened: Happening[] = [];
  const result = await deps.store.transaction((tx) => work({ deps, tx, happened }));
  stored(result);
  for (const happening of happened) deps.tell?.(happening);
  return result;
}

const botOf = ({ settings }: ReceiveDeps): string | null => settings?.owner ?? null;

async function admit(writing: Writing, mention: Mention): Promise<Receipt> {
  const { deps, tx } = writing;
  const { store, jobs } = deps;
  const known = await store.sessionOf(tx, mention.keys);
  if (!known && !mention.addressed) return { is: "ignored", reason: "nobody-follows" };
  const seq = await store.remember(tx, { dedupe: mention.dedupe, bot: botOf(deps) }, { mention }, known);
  if (seq === null) return { is: "duplicate" };
  if (!known && mention.lookup) {
    await jobs.lookup(tx, seq);
    return { is: "looking-up", mention: mention.id };
  }
  const session = known ?? (await findOrMint(deps, tx, mention));
  if (!known) await store.assign(tx, seq, session);
  // A single key is the one by which the session was found.
  else if (mention.keys.length > 1) await store.claimKeys(tx, session, mention.keys);
  await apply(writing, session, { type: "mentioned", mention });
  return { is: "accepted", session, mention: mention.id };
}

async function join(writing: Writing, link: KeyLink): Promise<Receipt> {
  const { deps, tx } = writing;
  const session = await deps.store.sessionOf(tx, [link.known]);
  if (!session) return { is: "ignored", reason: "nobody-follows" };
  const seq = await deps.store.remember(tx, { dedupe: link.dedupe, bot: botOf(deps) }, { link }, session);
  if (seq === null) return { is: "duplicate" };
  await deps.store.claimKeys(tx, session, [link.also]);
  await apply(writing, session, { type: "linked", pullRequest: link.pullRequest });
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
async function apply({ deps, tx, happened }: Writing, id: string, event: SessionEvent): Promise<void> {
  const session = await deps.store.lock(tx, id, null);
  if (!session) return;
  const by = { at: deps.clock.now(), bot: botOf(deps) };
  happened.push(...(await decideAndStore(deps.store, tx, { session, event }, by)));
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
