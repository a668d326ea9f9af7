/** What becomes of an effect that failed: tried again, or given up with an event that tells the session. */
import { type Effect, POSTS, type SessionEvent } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import { catalogEntry, type ThreadboxError } from "../errors.ts";
import { toldOf } from "./report.ts";

/** `now` failures: five attempts within about 15 s, so that a person does not wait for what will not come. */
const MAX_ATTEMPTS_NOW = 5;
/** `later` failures: what could not be posted is posted later; about a day with the longest pause. */
const MAX_ATTEMPTS_LATER = 300;
/** Eyes on a message are a courtesy, and what is to be said stands in line behind them. */
const MAX_ATTEMPTS_EYES = 3;
/** A vendor that wants more time than that has them given up: Slack limits reactions apart from messages, and these could go out meanwhile. */
const MAX_PAUSE_EYES_MS = 10_000;
const MAX_PAUSE_MS = 5 * 60_000;
/** Doubled with each attempt: 1, 2, 4, 8 s ... */
const BASE_PAUSE_MS = 500;
/** The other side names a short time again and again: with a second more for each attempt, all of them take half a day at least. */
const MORE_EACH_TIME_MS = 1_000;

/** Milliseconds until the next attempt, or null when there is none. `attempts` counts those that were made. */
export function retryInMs(error: ThreadboxError, attempts: number, effect: Effect["do"]): number | null {
  if (attempts >= maxAttempts(error, effect)) return null;
  const { retryAfterMs } = error;
  if (effect === "acknowledge" && (retryAfterMs ?? 0) > MAX_PAUSE_EYES_MS) return null;
  if (retryAfterMs === undefined) return Math.min(MAX_PAUSE_MS, BASE_PAUSE_MS * 2 ** Math.min(attempts, 12));
  return Math.max(retryAfterMs, Math.min(MAX_PAUSE_MS, MORE_EACH_TIME_MS * (attempts - 1)));
}

function maxAttempts({ code }: ThreadboxError, effect: Effect["do"]): number {
  const { retry } = catalogEntry(code);
  // A connection to the database that broke under the effect looks the same, and what was acknowledged must not be given up for it.
  if (code === "internal") return MAX_ATTEMPTS_NOW;
  if (retry === "never") return 0;
  if (effect === "acknowledge") return MAX_ATTEMPTS_EYES;
  // They outlast an outage of the vendor.
  const isOutage = code === "surface.unavailable" && (POSTS.has(effect) || OF_PULL_REQUESTS.has(effect));
  return retry === "later" || isOutage ? MAX_ATTEMPTS_LATER : MAX_ATTEMPTS_NOW;
}

/** What was seen last may be the last thing that happens to a pull request. */
const OF_PULL_REQUESTS: ReadonlySet<Effect["do"]> = new Set<Effect["do"]>([
  "look-at-pull-request",
  "show-card",
  "report",
]);

/** What an effect that was given up means for the session. Null where nothing hangs on it. */
export function givenUp(effect: Effect, session: Session, error: ThreadboxError): SessionEvent | null {
  const { code, detail } = error;
  switch (effect.do) {
    case "check":
      return { type: "turned-away", mention: effect.mention, text: uncheckedText(error) };
    case "start-sandbox":
      return code === "sandbox.lost" ? { type: "sandbox.lost", detail } : { type: "sandbox.failed", code, detail };
    case "sleep":
      // A sandbox that is gone must not be asked again after every idle time.
      return code === "sandbox.lost" ? { type: "sandbox.lost", detail } : { type: "sleep.failed" };
    case "send-turn":
      return code === "sandbox.lost"
        ? { type: "sandbox.lost", detail }
        : { type: "turn.rejected", turn: effect.turn, code, detail };
    case "steer":
      return { type: "steered", turn: effect.turn, ask: effect.ask, disposition: "later" };
    case "answer-question":
      if (!effect.mention) return null;
      return { type: "answer.over", turn: effect.turn, question: effect.question, mention: effect.mention };
    case "ask":
      return { type: "question.unseen", turn: effect.turn, question: effect.question.id };
    case "abort":
      return session.turn?.id === effect.turn ? { type: "sandbox.lost", detail } : null;
    case "allow-push":
      return effect.no ? null : { type: "push.unanswered", turn: effect.turn, failure: unknownRights(error) };
    case "look-at-pull-request":
      return { type: "pull-request.unseen" };
    case "mend":
      return { type: "mend.asked", fault: effect.fault };
    case "open-pull-request":
      return { type: "pull-request.failed", turn: effect.turn, code, detail };
    case "answer":
      return toldOf(session, effect);
    case "acknowledge":
    case "refuse":
    case "say":
    case "help":
    case "settle":
    case "claim":
    case "leave":
    case "fork":
    case "show-card":
    case "report":
    case "wake-me":
      return null;
    default:
      return effect satisfies never;
  }
}

/** What cannot be found out is never taken for a yes: the daemon is told so, and keeps the work. */
const unknownRights = ({ code, detail }: ThreadboxError) =>
  code === "git.unauthorized"
    ? { code, detail }
    : {
        code: "push.not-allowed",
        detail: `I could not find out whether you may push still, so I pushed nothing (${detail}).`,
      };

/** What can pass by itself has the remedy of a post, which is sent again. A mention that was turned away is not: its author has to ask. */
function uncheckedText({ code, detail, remedy }: ThreadboxError): string {
  const passes = catalogEntry(code).retry !== "never";
  return passes ? `${detail}. ${catalogEntry("surface.unknown").remedy}` : `${detail} ${remedy}`;
}
