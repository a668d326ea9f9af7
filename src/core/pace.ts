/** How often the progress of a turn is shown. Each surface says which pace is its own. Pure. */
import type { Ms, Progress } from "./types.ts";

/**
 * `live` is for people who watch, where showing costs nobody anything (terminal, page): a change stands there within seconds.
 * `sparing` is for vendors that count calls, and for people who look now and then, because an edit notifies nobody (Slack):
 * ten minutes are five showings, an hour fifteen, however much an agent tells.
 * `calm` is the same, and no two edits are closer than five seconds, the last one not either: each is an entry in a comment's history (GitHub).
 */
export type ProgressPace = "live" | "sparing" | "calm";

/** The last time that the progress was shown, and the change that it showed. */
export interface Shown {
  at: Ms;
  changedAt: Ms;
}

/** Milliseconds from `now` until the progress should be shown again; 0 for at once. `shown` is null before the first time. */
export function showInMs(pace: ProgressPace, progress: Progress, shown: Shown | null, now: Ms): Ms {
  if (!shown) return 0;
  const pauseMs =
    pace === "live" ? livePauseMs(progress, shown, now) : sparingPauseMs(pace, shown.at - progress.startedAt);
  // No longer than the pause, should the clock have been set back meanwhile.
  return Math.min(pauseMs, Math.max(0, shown.at + pauseMs - now));
}

/** Milliseconds from `now` until a message may be edited again that was edited at `editedAt`, also for its last state. */
export function editInMs(pace: ProgressPace, editedAt: Ms, now: Ms): Ms {
  if (pace !== "calm") return 0;
  // No longer than the pause, should the clock have been set back meanwhile.
  return Math.min(SHORTEST_CALM_PAUSE_MS, Math.max(0, editedAt + SHORTEST_CALM_PAUSE_MS - now));
}

/** People read slower than that. */
const SHORTEST_PAUSE_MS = 3_000;
const SHORTEST_CALM_PAUSE_MS = 5_000;

/** How long what is shown may stand still while nothing changes, so that the elapsed time proves it alive. */
const QUIET: { silentForMs: Ms; everyMs: Ms }[] = [
  { silentForMs: 5 * 60_000, everyMs: 60_000 },
  { silentForMs: 60_000, everyMs: 30_000 },
  { silentForMs: 0, everyMs: 10_000 },
];

function livePauseMs(progress: Progress, shown: Shown, now: Ms): Ms {
  if (progress.changedAt > shown.changedAt) return SHORTEST_PAUSE_MS;
  const silentForMs = now - progress.changedAt;
  return QUIET.find((step) => silentForMs >= step.silentForMs)?.everyMs ?? SHORTEST_PAUSE_MS;
}

/**
 * With 4 a turn is shown when it is 3, 15, 75 and 375 s old. Ten minutes are six calls then, the first and the last state among
 * them, and room is left for eyes, answer and questions about people below the twelve that a turn may cost. With 1 they were ten.
 */
const PAUSE_PER_ELAPSED = 4;
/** Whoever looks at a long turn wants to see that it lives. */
const LONGEST_SPARING_PAUSE_MS = 5 * 60_000;

/** Grows with the age of the turn and not with a count of edits: so another bot that takes the turn over goes on at the same pace. */
function sparingPauseMs(pace: "sparing" | "calm", elapsedMs: Ms): Ms {
  const shortestMs = pace === "calm" ? SHORTEST_CALM_PAUSE_MS : SHORTEST_PAUSE_MS;
  return Math.min(LONGEST_SPARING_PAUSE_MS, Math.max(shortestMs, PAUSE_PER_ELAPSED * elapsedMs));
}
