/** An agent from which nothing comes: told in the thread while somebody can still do something about it. Its daemon ends the turn. */
import type { SessionEvent } from "./decision.ts";
import { titleOf } from "./naming.ts";
import { type Plan, plan } from "./plan.ts";
import type { Ms, Session } from "./types.ts";

export interface Silence {
  silentMs: Ms;
  /** If nothing comes until then. */
  stopsInMs: Ms;
  /** The tool that runs meanwhile; null while the model is waited for. */
  during: string | null;
}

/** Once a turn, like the warning of its wall time: whoever knows that the tests are quiet for long need not hear it at each run. */
export function silent(session: Session, event: Extract<SessionEvent, { type: "silent" }>): Plan {
  const { turn } = session;
  if (turn?.id !== event.turn || turn.attempt !== event.attempt || turn.silent) return plan(session);
  if (turn.phase.is !== "running") return plan(session);
  return plan(
    { ...session, turn: { ...turn, silent: true } },
    { do: "say", thread: turn.thread, text: silentText(event) },
  );
}

export function silentText({ silentMs, stopsInMs, during }: Silence): string {
  const what = during === null ? "the model" : `"${titleOf(during)}", which runs`;
  return `I have heard nothing from ${what} for ${span(silentMs)}. If nothing comes for another ${span(stopsInMs)}, I give up; what is done stays in the sandbox. \`stop\` ends it now.`;
}

function span(ms: Ms): string {
  return ms < 60_000 ? `${Math.max(1, Math.round(ms / 1_000))} s` : `${Math.round(ms / 60_000)} min`;
}
