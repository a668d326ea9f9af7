/** When a session is woken, for what it asked to be woken for. */
import type { Effect } from "../core/decision.ts";
import { overdueText, warnedAfterMs } from "../core/limits.ts";
import type { Ms, Session } from "../core/types.ts";
import type { TimerJob } from "./jobs.ts";
import type { EngineSettings } from "./ports.ts";

type WakeMe = Extract<Effect, { do: "wake-me" }>;

interface Timer {
  event: TimerJob["event"];
  inMs: Ms;
}

/** What a session is told, and in how long. */
export function timerOf(
  settings: Pick<EngineSettings, "idleAfterMs" | "turnLimitMs" | "limits" | "lookEveryMs">,
  { turn }: Pick<Session, "turn">,
  effect: WakeMe,
  now: Ms,
): Timer {
  const { idleAfterMs, turnLimitMs: limitMs, limits } = settings;
  // A turn that is over by now is told nothing, whenever the timer comes.
  const turnLastsMs = turn ? now - turn.startedAt : 0;
  switch (effect.when) {
    case "idle":
      return { event: { type: "idle", since: effect.since }, inMs: idleAfterMs };
    case "warned": {
      const inMs = warnedAfterMs(limitMs);
      if (inMs !== null) return { event: { type: "warned", turn: effect.turn, limitMs }, inMs: inMs - turnLastsMs };
      return timerOf(settings, { turn }, { ...effect, when: "overdue" }, now);
    }
    case "overdue": {
      const detail = overdueText(limits, limitMs);
      return { event: { type: "overdue", turn: effect.turn, detail }, inMs: limitMs - turnLastsMs };
    }
    case "place":
      return { event: { type: "place", since: effect.since }, inMs: PLACE_AGAIN_MS };
    case "ending": {
      const { endsAt } = effect;
      return { event: { type: "ending", endsAt }, inMs: Math.max(LOOK_AGAIN_MS, endsAt - CARRY_OVER_MS - now) };
    }
    case "look": {
      const { lookEveryMs = LOOK_EVERY_MS } = settings;
      const nextAt = effect.since === null ? now : effect.since + lookEveryMs;
      return { event: { type: "look" }, inMs: Math.max(Math.min(SETTLED_AFTER_MS, lookEveryMs), nextAt - now) };
    }
    default:
      return effect satisfies never;
  }
}

/** A CI of forty jobs tells of eighty things in a few minutes; people read one of them. */
const LOOK_EVERY_MS = 30_000;
/** What comes in one go with it is seen in one look, and by then GitHub shows what it has told. */
const SETTLED_AFTER_MS = 3_000;
/** Nobody is told when a sandbox goes. Each time costs a few small transactions, and hundreds may be waiting. */
const PLACE_AGAIN_MS = 5_000;
/** Before its provider ends a sandbox. A snapshot of a large one takes five minutes at most, and so does what comes before it. */
const CARRY_OVER_MS = 10 * 60_000;
/** A turn that was just ending has ended then. */
const LOOK_AGAIN_MS = 5_000;
