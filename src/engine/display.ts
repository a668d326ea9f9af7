/** The one message of a turn that is edited while it goes on: shown at once, then paced, and never in the way of the work. */
import { type Clock, pause } from "../clock.ts";
import { editInMs, type Shown, showInMs } from "../core/pace.ts";
import type { Ms, Progress, Thread } from "../core/types.ts";
import { catalogEntry, toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Surface } from "../surfaces/surface.ts";
import { Fenced } from "./claim.ts";
import type { Reached } from "./steps.ts";

export interface Display {
  readonly turn: string;
  progress(): Progress;
  update(progress: Progress): void;
  /** Shows the last state once more and stops. */
  close(progress: Progress): Promise<void>;
  /** Stops without a last word. Resolves when nothing is on its way: whoever goes on looks for a message that is there, or never will be. */
  drop(): Promise<void>;
}

export interface DisplayDeps {
  /** Stores the name of the message; rejects with `Fenced` when the session is another bot's now. */
  saveRef(ref: string): Promise<void>;
  /** See `steps.ts`. */
  reached?: Reached | undefined;
  surface: Pick<Surface, "pace" | "show"> | undefined;
  clock: Clock;
  log: Log;
  page: string | null;
}

/** Stored before the first post: whoever finds it knows that there may be a message whose name was not recorded any more. */
const POSTING = "posting";

/** The last edit, where the surface does not say how long to wait. After that the Stop button stays, and says that nothing runs. */
const LAST_TRY_AFTER_MS = 5_000;
const MAX_LAST_TRIES = 5;

/** `posted` is the stored name of the message: null when there is none. */
export function openDisplay(deps: DisplayDeps, thread: Thread, first: Progress, posted: string | null): Display {
  const { surface, clock } = deps;
  let progress = first;
  let ref = posted === POSTING ? null : posted;
  let tried = posted === POSTING;
  let shown: Shown | null = null;
  /** What a surface that limits us asks for, whatever the pace. A message that was there already may have been edited a moment ago. */
  let notBefore = ref === null || !surface ? 0 : clock.now() + editInMs(surface.pace, clock.now(), clock.now());
  let cancel = () => {};
  let closed = false;
  let busy = Promise.resolve();
  let lastTries = MAX_LAST_TRIES;
  let hopeless = false;
  /** Of a message that was there already. */
  let editedAt: Ms | null = null;

  const show = async (): Promise<void> => {
    if (!surface) return;
    const showing = progress;
    const before = shown;
    shown = { at: clock.now(), changedAt: showing.changedAt };
    try {
      if (ref === null) await deps.saveRef(POSTING);
      deps.reached?.("progress.begun");
      const id = { marker: `${showing.turn}/progress`, again: ref === null && tried };
      tried = true;
      if (ref !== null) editedAt = clock.now();
      const next = await surface.show(thread, showing, deps.page, ref, id);
      deps.reached?.("progress.sent");
      if (next !== ref) await deps.saveRef(next);
      ref = next;
      deps.reached?.("progress.recorded");
    } catch (thrown) {
      if (thrown instanceof Fenced) {
        closed = true;
        return;
      }
      const error = toThreadboxError(thrown);
      // Progress is the first thing to go without: the answer says everything again.
      // What could not be shown waits for the next time: a vendor that is away is not asked more often than one that is there.
      shown = { ...shown, changedAt: before?.changedAt ?? 0 };
      notBefore = clock.now() + (error.retryAfterMs ?? 0);
      const never = catalogEntry(error.code).retry === "never";
      // A thread that is gone stays gone; nobody is asked about it every few seconds for an hour.
      hopeless ||= never;
      // But for the last edit: it takes the Stop button away. Nobody waits for it.
      const again = lastTries > 0 && !never;
      if (closed && again) clock.after(error.retryAfterMs ?? LAST_TRY_AFTER_MS, show);
      if (closed) lastTries -= 1;
      deps.log.info({ turn: showing.turn, code: error.code, detail: error.detail }, "progress.dropped");
    }
  };
  /** Waits until the last edit is long enough ago for another one. */
  const apart = async (): Promise<void> => {
    const inMs = surface && editedAt !== null ? editInMs(surface.pace, editedAt, clock.now()) : 0;
    if (inMs > 0) await pause(clock, inMs);
  };
  const schedule = (): void => {
    cancel();
    if (closed || hopeless || !surface) return;
    const now = clock.now();
    // The first message has the Stop button, so until it is there it is tried again soon.
    const inMs = showInMs(ref === null ? "live" : surface.pace, progress, shown, now);
    cancel = clock.after(Math.max(inMs, notBefore - now), () => {
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
    async drop() {
      closed = true;
      lastTries = 0;
      cancel();
      await busy;
    },
    async close(last) {
      closed = true;
      cancel();
      progress = last;
      busy = busy.then(apart).then(show);
      await busy;
    },
  };
}
