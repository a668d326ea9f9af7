/** The sandbox of a session comes up: woken with its own files, or new from the best that the stock has for it. */
import type { SessionEvent } from "../core/decision.ts";
import { sandboxName } from "../core/naming.ts";
import type { Ms, Session, StartedFrom } from "../core/types.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { Sandbox, WakeToken } from "../sandboxes/provider.ts";
import type { Write } from "./claim.ts";
import type { EngineDeps } from "./ports.ts";
import type { Origin } from "./stock.ts";

/**
 * Throws `sandbox.lost` when the session's own files cannot be woken any more. Null when it is not starting any more: a timer that
 * came twice asked for it twice, or it was ended meanwhile, and nobody would ever put such a machine to sleep.
 */
export async function startSandbox(
  deps: EngineDeps,
  session: Session,
  token: WakeToken | null,
  write: Write,
): Promise<SessionEvent | null> {
  const { id, sandbox: starting } = session;
  if (starting.is !== "starting") return null;
  const full = await withoutPlace(deps, { id, since: starting.since }, write);
  if (full) return full;
  const { sandbox, from } = token === null ? await startNew(deps, session) : await wake(deps, session, token);
  const { name, url, endsAt } = sandbox;
  const kept = session.worker && (await hasAll(deps, session, sandbox)) ? { kept: true as const } : {};
  return { type: "sandbox.ready", running: { name, url, endsAt }, from, ...kept };
}

/**
 * The daemon's journal lies beside what the agents remember: one that has everything that was read of it has lost nothing. A daemon that
 * does not say so now is taken for a new one; then an agent is told what it may know.
 */
async function hasAll({ store, connect }: EngineDeps, { id }: Session, sandbox: Sandbox): Promise<boolean> {
  const read = await store.streamPosition(id);
  const now = await connect(sandbox)
    .status()
    .catch(() => null);
  return now !== null && now.epoch === read?.epoch && now.cursor >= read.cursor;
}

/**
 * Null when the session has a place among those whose sandboxes run. It is written down before anything is started, so that all bots
 * count the same. What waits in stock is not counted: it is there for these sessions, and would keep them out for good.
 */
async function withoutPlace(
  { store, settings: { limits } }: EngineDeps,
  { id, since }: { id: string; since: Ms },
  write: Write,
): Promise<SessionEvent | null> {
  const { sandboxes: atMost } = limits;
  if (atMost === null) return null;
  const { taken, running } = await write((tx) => store.takePlace(tx, id, since, atMost));
  return taken ? null : { type: "sandbox.waits", running };
}

interface Started {
  sandbox: Sandbox;
  from: StartedFrom;
}

async function wake(deps: EngineDeps, session: Session, token: WakeToken): Promise<Started> {
  return { sandbox: await bootFrom(deps, session, token), from: "woken" };
}

/** What the stock gave may be gone a moment later; then it gives something else, nothing at last. */
async function startNew(deps: EngineDeps, session: Session): Promise<Started> {
  const worked = session.waited !== null;
  for (;;) {
    const origin = await deps.stock.take(session.id, session.work?.repository.name ?? null, worked);
    try {
      return { sandbox: await bring(deps, session, origin), from: origin.is };
    } catch (thrown) {
      const error = toThreadboxError(thrown);
      if (origin.is === "cold" || error.code !== "sandbox.lost") throw error;
      deps.log.warn({ session: session.id, origin: origin.is, detail: error.detail }, "stock.lost");
      await deps.stock.lost(origin);
    }
  }
}

async function bring(deps: EngineDeps, session: Session, origin: Origin): Promise<Sandbox> {
  if (origin.is !== "warm") return bootFrom(deps, session, origin.is === "golden" ? origin.token : null);
  const sandbox = await deps.provider.find(origin.name);
  if (!sandbox) throw new ThreadboxError("sandbox.lost", `The sandbox ${origin.name} does not run any more.`);
  return deps.boot(sandbox, session.work?.repository.name);
}

async function bootFrom(deps: EngineDeps, session: Session, from: WakeToken | null): Promise<Sandbox> {
  const repository = session.work?.repository.name;
  const machine = await deps.provider.start(sandboxName(session.id), { from, repository });
  deps.reached?.("sandbox.started");
  return deps.boot(machine, repository);
}
