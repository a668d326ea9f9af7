/**
 * Reads what a sandbox has told since its last turn ended (an agent that died, a daemon that came up again), before it is put to sleep: the
 * files that it sleeps with are kept for a time only, and the transcript is to outlive them. A turn reads on by itself (`follow.ts`).
 */
import { pause } from "../clock.ts";
import type { Ms, Session } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { DaemonClient } from "../sandboxes/daemon-client.ts";
import type { JournalEntry, StreamPosition } from "../wire/events.ts";
import { blanked } from "./blanked.ts";
import { Fenced, type Write } from "./claim.ts";
import type { EngineDeps, EngineSettings } from "./ports.ts";

/** A machine costs money while it is awake, and what there is to read is mostly nothing. */
const WITHIN_MS: Ms = 10_000;
const AT_ONCE = 50;

type CatchUpDeps = Pick<EngineDeps, "connect" | "store" | "clock" | "log"> & {
  settings: Pick<EngineSettings, "blank">;
};

/** Never stands in the way: what cannot be read is missing in the transcript, and that is logged. */
export async function catchUp(deps: CatchUpDeps, session: Session, write: Write): Promise<void> {
  const { sandbox } = session;
  if (!("url" in sandbox)) return;
  const over = new AbortController();
  const late = pause(deps.clock, WITHIN_MS, over.signal).then(() => "late");
  try {
    const reading = readOn(deps, deps.connect(sandbox), { session, write, signal: over.signal });
    // Once the time is up nobody waits for it any more; what it throws then is the end of its connection.
    reading.catch(() => {});
    if ((await Promise.race([reading, late])) === "late")
      deps.log.warn({ session: session.id }, "transcript.not-caught-up");
  } catch (thrown) {
    if (thrown instanceof Fenced) throw thrown;
    const { code, detail } = toThreadboxError(thrown, "daemon.unreachable");
    deps.log.warn({ session: session.id, code, detail }, "transcript.not-caught-up");
  } finally {
    over.abort();
  }
}

interface Reading {
  session: Session;
  write: Write;
  signal: AbortSignal;
}

async function readOn(deps: CatchUpDeps, daemon: DaemonClient, { session, write, signal }: Reading): Promise<void> {
  const { epoch, cursor: end } = await daemon.status();
  const from = await deps.store.readSoFar(session.id);
  const isSame = from.epoch === epoch && from.cursor <= end;
  const start: StreamPosition = isSame ? from : { epoch, cursor: 0 };
  if (start.cursor >= end) return;
  let entries: JournalEntry[] = [];
  for await (const entry of blanked(daemon.stream({ ...start, signal }), deps.settings.blank)) {
    entries.push(entry);
    const isLast = entry.cursor >= end;
    if (isLast || entries.length >= AT_ONCE) {
      const position = { epoch: entry.epoch, cursor: entry.cursor };
      const read = entries;
      entries = [];
      await write(async (tx) => {
        await deps.store.addTranscript(tx, session.id, read, position);
        await deps.store.notify(tx, "threadbox_news", `session:${session.id}`);
      });
    }
    if (isLast) return;
  }
}
