/**
 * The wide events of the engine: one for each thing that came in, was decided, was done or came to its end, always with the same ids. Log,
 * metrics and traces are three listeners to them; the engine itself counts nothing and measures nothing else.
 */
import type { Decision, Effect, NumberedEffect, SessionEvent } from "../core/decision.ts";
import type { Verdict } from "../core/feedback.ts";
import type { Receipt } from "../core/incoming.ts";
import type { Mention, Ms, Session, StartedFrom, SurfaceName, TurnResult } from "../core/types.ts";
import type { Usage } from "../wire/events.ts";

/** Told after what it says is stored; `at` is when it was over. `bot` is null for a command of an operator. */
export type Happening = { at: Ms; bot: string | null } & (
  | {
      type: "inbound.handled";
      what: "mention" | "link";
      surface: SurfaceName;
      dedupe: string;
      receipt: Receipt;
      /** From its arrival to the commit, after which whoever sent it is answered. */
      durationMs: Ms;
    }
  | ({ type: "session.decided"; event: SessionEvent["type"]; effects: string[]; ids: string[] } & Ids)
  | ({ type: "turn.started"; since: Ms; repository: string | null } & Ids & { turn: string })
  | ({
      type: "turn.ended";
      durationMs: Ms;
      outcome: Outcome;
      code: string | null;
      usage: Usage | null;
      agent?: string | null;
    } & Ids & {
        turn: string;
      })
  /** A turn's answer is where it was asked for, or nobody could be told it. */
  | ({ type: "mention.answered"; since: Ms; outcome: Outcome; delivered: boolean } & Ids & { mention: string })
  /** A mention came to its end without a turn of its own. */
  | ({ type: "mention.settled"; since: Ms; how: Settled } & Ids & { mention: string })
  | ({ type: "sandbox.started"; sandbox: string; from: StartedFrom; waitedMs: Ms } & Ids)
  | ({ type: "effect.done" } & Attempted)
  | ({
      type: "effect.failed";
      outcome: "again" | "given-up";
      code: string;
      detail: string;
      retryInMs: Ms | null;
      cause: unknown;
    } & Attempted)
  /** One bot's reading of one attempt of a turn is over. */
  | ({ type: "stream.followed"; attempt: number; durationMs: Ms; entries: number } & Ids & { turn: string })
  /** Somebody said what they think of an answer, and it is news. */
  | ({ type: "feedback.given"; surface: SurfaceName; value: Verdict } & Ids & { turn: string })
  | { type: "session.taken-over"; session: string }
  | { type: "holder.failed"; session: string; detail: string; cause: unknown }
);

export type Tell = (happening: Happening) => void;

type Outcome = TurnResult["outcome"];

/** `joined`: it is part of another turn. `obeyed`: a command that needs none, or something that was refused in words. */
type Settled = "aside" | "turned-away" | "limited" | "joined" | "obeyed";

interface Ids {
  session: string;
  turn: string | null;
  mention: string | null;
}

interface Attempted extends Ids {
  effect: Effect["do"];
  id: string;
  attempt: number;
  durationMs: Ms;
}

/** What one decision was, in the order in which it came about. */
export function happeningsOf(
  before: Session,
  event: SessionEvent,
  decision: Decision,
  by: { at: Ms; bot: string | null },
): Happening[] {
  const { session, effects } = decision;
  const ids: Ids = {
    session: session.id,
    turn: "turn" in event ? event.turn : ((session.turn ?? before.turn)?.id ?? null),
    mention: mentionOf(event),
  };
  const decided: Happening = {
    ...{ type: "session.decided", ...by, ...ids, event: event.type },
    ...{ effects: effects.map(({ effect }) => effect.do), ids: effects.map(({ id }) => id) },
  };
  const happened: Happening[] = [decided];
  if (event.type === "sandbox.ready" && session.waited && session.waited !== before.waited) {
    const { name: sandbox } = event.running;
    happened.push({ type: "sandbox.started", ...by, ...ids, sandbox, from: event.from, waitedMs: session.waited.ms });
  }
  for (const { effect } of effects)
    if (effect.do === "answer") happened.push({ type: "turn.ended", ...by, ...ids, ...ending(effect, before, by.at) });
  const { turn } = session;
  if (turn && turn.id !== before.turn?.id) {
    const since = turn.asks[0]?.at ?? turn.startedAt;
    const repository = session.work?.repository.name ?? null;
    happened.push({ type: "turn.started", ...by, ...ids, turn: turn.id, since, repository });
  }
  const settled = settledBy(before, event, decision);
  if (settled) happened.push({ type: "mention.settled", ...by, ...ids, ...settled });
  return happened;
}

function mentionOf(event: SessionEvent): string | null {
  if (event.type === "mentioned") return event.mention.id;
  if (event.type === "admitted" || event.type === "turned-away" || event.type === "limited") return event.mention;
  if (event.type === "unconnected") return event.mention;
  return event.type === "steered" ? event.ask.id : null;
}

function ending({ turn, result }: Extract<Effect, { do: "answer" }>, before: Session, at: Ms) {
  const { outcome, failure, usage = null, agent = null } = result;
  const durationMs = before.turn?.id === turn ? at - before.turn.startedAt : result.durationMs;
  return { turn, outcome, code: failure?.code ?? null, usage, agent, durationMs };
}

function settledBy(
  before: Session,
  event: SessionEvent,
  { session, effects }: Decision,
): { mention: string; since: Ms; how: Settled } | null {
  if (event.type === "mentioned") return settledAtOnce(event.mention, effects);
  if (event.type === "steered")
    return event.disposition === "steered" ? { mention: event.ask.id, since: event.ask.at, how: "joined" } : null;
  if (event.type !== "admitted" && event.type !== "turned-away" && event.type !== "limited") return null;
  const mention = before.checking.find(({ id }) => id === event.mention);
  if (!mention) return null;
  const { id, at: since } = mention;
  if (event.type !== "admitted") return { mention: id, since, how: event.type };
  const passedOn = effects.some(({ effect }) => effect.do === "steer" && effect.ask.id === id);
  if (passedOn || session.turn?.id === id || session.queue.some((ask) => ask.id === id)) return null;
  return { mention: id, since, how: session.turn?.asks.some((ask) => ask.id === id) ? "joined" : "obeyed" };
}

function settledAtOnce({ id, at }: Mention, effects: NumberedEffect[]) {
  if (effects.length === 0) return { mention: id, since: at, how: "aside" as const };
  const isRefused = effects.some(({ effect }) => effect.do === "refuse");
  return isRefused ? { mention: id, since: at, how: "turned-away" as const } : null;
}

/** Which turn and which mention an effect belongs to; what is done for the sake of no turn (falling asleep) has none. */
export function belongsTo(effect: Effect, session: Session): Ids {
  const ids = (turn: string | null, mention: string | null = null): Ids => ({ session: session.id, turn, mention });
  switch (effect.do) {
    case "check":
      return ids(null, effect.mention);
    case "refuse":
    case "leave":
    case "fork":
      return ids(null, effect.mention.id);
    case "answer-question":
      return ids(effect.mention ? null : effect.turn, effect.mention?.id);
    case "acknowledge":
      return ids(null, askedIn(session).find(({ message }) => message === effect.message)?.id ?? null);
    case "steer":
      return ids(effect.turn, effect.ask.id);
    case "start-sandbox":
      return ids(session.turn?.id ?? null);
    case "say":
    case "help":
    case "claim":
    case "look-at-pull-request":
    case "show-card":
      // It may be the last word of a turn that is over.
      return ids(session.turn?.id ?? session.last?.[0]?.id ?? null);
    default:
      return ids("turn" in effect ? effect.turn : null);
  }
}

const askedIn = ({ turn, queue, checking, last }: Session): { id: string; message: string }[] => [
  ...(turn?.asks ?? []),
  ...queue,
  ...checking,
  ...(last ?? []),
];
