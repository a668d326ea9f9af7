/** The one message of a turn that is edited while it goes on: shown at once, then paced, and never in the way of the work. */
import type { Clock } from "../clock.ts";
import { showInMs } from "../core/condense.ts";
import type { Progress, Thread } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Store } from "../store/store.ts";
import type { Surface } from "../surfaces/surface.ts";

export interface Display {
  readonly turn: string;
  progress(): Progress;
  update(progress: Progress): void;
  /** Shows the last state once more and stops. */
  close(progress: Progress): Promise<void>;
  /** Stops without a last word. */
  drop(): void;
}

export interface DisplayDeps {
  store: Pick<Store, "saveProgressRef">;
  surface: Surface | undefined;
  clock: Clock;
  log: Log;
  page: string | null;
}

/** Stored before the first post: whoever finds it knows that there may be a message whose name was not recorded any more. */
const POSTING = "posting";

/** `posted` is the stored name of the message: null when there is none. */
export function openDisplay(deps: DisplayDeps, thread: Thread, first: Progress, posted: string | null): Display {
  let progress = first;
  let ref = posted === POSTING ? null : posted;
  let tried = posted === POSTING;
  let shown: { at: number; changedAt: number; edits: number } | null = null;
  let cancel = () => {};
  let closed = false;
  let busy = Promise.resolve();

  const show = async (): Promise<void> => {
    if (!deps.surface) return;
    const showing = progress;
    shown = { at: deps.clock.now(), changedAt: showing.changedAt, edits: (shown?.edits ?? 0) + 1 };
    try {
      if (ref === null) await deps.store.saveProgressRef(showing.turn, POSTING);
      const id = { marker: `${showing.turn}/progress`, again: ref === null && tried };
      tried = true;
      const next = await deps.surface.show(thread, showing, deps.page, ref, id);
      if (next !== ref) await deps.store.saveProgressRef(showing.turn, next);
      ref = next;
    } catch (thrown) {
      const error = toThreadboxError(thrown);
      // Progress is the first thing to go without: the answer says everything again.
      if (error.retryAfterMs) shown.at += error.retryAfterMs;
      deps.log.info({ turn: showing.turn, code: error.code, detail: error.detail }, "progress.dropped");
    }
  };
  const schedule = (): void => {
    cancel();
    if (closed) return;
    cancel = deps.clock.after(showInMs(progress, shown, deps.clock.now()), () => {
      busy = busy.then(show).then(schedule);
    });
  };

  schedule();
  return {
    turn: first.turn,
    progress: () => progress,
    update(next) {
      if (next === progress) return;
      progress = next;
      schedule();
    },
    drop() {
      closed = true;
      cancel();
    },
    async close(last) {
      closed = true;
      cancel();
      progress = last;
      busy = busy.then(show);
      await busy;
    },
  };
}
