/** Which progress message a session shows: opened with its turn, closed before its answer, found again after a restart. */
import { isChangeable } from "../core/change.ts";
import { endedProgress, newProgress } from "../core/condense.ts";
import { mayBeRepeated } from "../core/confidence.ts";
import { threadKey } from "../core/correlation.ts";
import { goesOnText } from "../core/hand-over.ts";
import { waitingText } from "../core/limits.ts";
import type { Progress, Session, Thread, Turn, TurnResult } from "../core/types.ts";
import type { Write } from "./claim.ts";
import { type Display, openDisplay } from "./display.ts";
import type { EngineDeps } from "./ports.ts";
import { pageFor } from "./reach.ts";

export interface Stage {
  /** Opens the display of the session's turn where it is not open, and says what it waits for. */
  show(session: Session): Promise<void>;
  /** The display of that turn, when it is open. */
  of(turn: string): Display | null;
  /** The last edit of a turn's message, before its answer. */
  end(session: Session, turn: string, thread: Thread, result: TurnResult): Promise<void>;
  /** Stops showing without a last edit: another bot goes on, once this resolves. */
  drop(): Promise<void>;
}

/** The stage of one holder: it shows one turn at a time. */
export function createStage(deps: EngineDeps, write: Write): Stage {
  let display: Display | null = null;
  /** The channel may get another id while it is shown there. */
  let shownIn = "";

  const open = async (session: Session, turn: Shown): Promise<Display> => {
    const row = await deps.store.turn(turn.id);
    const beginning = {
      ...{ ...newProgress(turn.id, session.work, "Starting", turn.startedAt), title: session.title },
      ...(isChangeable(session) ? { changeable: true as const } : {}),
      ...("asks" in turn ? mayBeRepeated(turn.asks, turn.thread) : {}),
    };
    const first = row?.progress ?? beginning;
    const { [turn.thread.surface]: surface } = deps.surfaces;
    const shown = {
      saveRef: (ref: string) => write((tx) => deps.store.saveProgressRef(tx, turn.id, ref)),
      reached: deps.reached,
      surface,
      clock: deps.clock,
      log: deps.log,
      page: pageFor(deps.settings, session, turn.thread.surface),
    };
    return openDisplay(shown, turn.thread, first, row?.progressRef ?? null);
  };
  return {
    async show(session) {
      const { turn } = session;
      if (!turn) return;
      if (display?.turn !== turn.id || shownIn !== threadKey(turn.thread)) {
        const dropped = display?.drop();
        // The name of its message may be on its way only then.
        if (display?.turn === turn.id) await dropped;
        display = await open(session, turn);
        shownIn = threadKey(turn.thread);
      }
      const known = display.progress();
      const progress = withWorker(known, turn);
      if (progress !== known) display.update(progress);
      const now = waitingFor(session, turn);
      if (now && progress.now !== now && !progress.ended)
        display.update({ ...progress, now, changedAt: deps.clock.now() });
    },
    of: (turn) => (display?.turn === turn ? display : null),
    async end(session, turn, thread, result) {
      const startedAt = deps.clock.now() - result.durationMs;
      const closing = display?.turn === turn ? display : await open(session, { id: turn, thread, startedAt });
      if (display === closing) display = null;
      await closing.close(endedProgress(closing.progress(), result));
    },
    async drop() {
      const dropped = display?.drop();
      display = null;
      await dropped;
    },
  };
}

/** Another agent goes on, or the same one without what it knew: said once for each attempt, before whatever it does. */
function withWorker(progress: Progress, { worker, attempt }: Turn): Progress {
  const title = worker && goesOnText(worker);
  const call = `agent/${attempt}`;
  if (!title || progress.ended || progress.steps.some((step) => step.call === call)) return progress;
  return { ...progress, steps: [...progress.steps, { call, title, state: "ok" }] };
}

type Shown = Pick<Turn, "id" | "thread" | "startedAt"> | Turn;

/** Null while the agent itself says what it does. */
function waitingFor(session: Session, turn: Turn): string | null {
  switch (turn.phase.is) {
    case "waiting":
      if (session.sandbox.is === "starting" && session.sandbox.full !== undefined)
        return waitingText(session.sandbox.full);
      if (session.sandbox.is === "falling-asleep" && turn.attempt > 1) return "Moving to a fresh sandbox";
      return session.sandbox.is === "starting" && session.sandbox.from === null
        ? "Starting a sandbox"
        : "Waking the sandbox";
    case "sending":
      return "Handing over what was asked";
    case "running":
      return null;
    case "stopping":
      return "Stopping";
    case "publishing":
      return "Opening the pull request";
    default:
      return turn.phase satisfies never;
  }
}
