/** The life of a turn: begun, sent, steered, stopped, ended, published, answered. */
import { anew } from "./anew.ts";
import { afterTurn, isRaisedSince } from "./budget.ts";
import { turnOver } from "./cards.ts";
import { branchKey, githubPullRequestKey, threadKey } from "./correlation.ts";
import { repliesApart, repliesOf } from "./decide-review.ts";
import type { Effect, SessionEvent } from "./decision.ts";
import { warningText } from "./limits.ts";
import { titleOf } from "./naming.ts";
import { newsText } from "./news.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ask, Failure, Ms, Person, PullRequest, Session, Thread, Turn, TurnResult } from "./types.ts";

/** A sandbox may die under a turn once; the second time the turn has failed. */
const MAX_ATTEMPTS = 2;

/** One for each turn that pushed. Nobody hears of what happens to older ones. */
const MAX_HEADS = 20;

/** Starts a turn with these asks, on whatever state the sandbox is in. */
export function begin(before: Session, asks: [Ask, ...Ask[]], now: Ms): Plan {
  const { session, told, after } = anew(before, asks[0].thread);
  const turn: Turn = {
    id: asks[0].id,
    thread: asks[0].thread,
    asks,
    phase: { is: "waiting" },
    startedAt: now,
    ...(after ? { after } : {}),
    attempt: 1,
  };
  const timer: Effect = { do: "wake-me", when: "warned", turn: turn.id };
  return then(plan({ ...session, turn }, ...told, timer), (current) => proceed(current, now));
}

/** Brings a waiting turn on its way: starts the sandbox, or sends the turn where one is ready. */
export function proceed(session: Session, now: Ms): Plan {
  const { turn, sandbox } = session;
  if (turn?.phase.is !== "waiting") return plan(session);
  switch (sandbox.is) {
    case "ready": {
      const { wished = { agent: session.agent, model: session.model } } = turn;
      const sending: Turn = { ...turn, wished, phase: { is: "sending" } };
      return plan({ ...session, turn: sending }, { do: "send-turn", turn: turn.id });
    }
    case "none":
    case "asleep": {
      const from = sandbox.is === "asleep" ? sandbox.token : null;
      const starting: Session = { ...session, sandbox: { is: "starting", since: now, from } };
      const told: Effect[] =
        sandbox.is === "none" && sandbox.expired ? [{ do: "say", thread: turn.thread, text: EXPIRED }] : [];
      return plan(starting, ...told, { do: "start-sandbox", from });
    }
    case "starting":
    case "falling-asleep":
      return plan(session);
    default:
      return sandbox satisfies never;
  }
}

const EXPIRED =
  "This thread was quiet for so long that the files of its sandbox were deleted, with what was not pushed. I start a new one from the branch.";

/** Another ask while a turn is under way: joins it before it is sent, is passed on to the agent after. */
export function askNow(session: Session, ask: Ask): Plan {
  const { turn } = session;
  if (!turn) return plan(session);
  // The words of an earlier attempt are fixed.
  if (turn.phase.is === "waiting" && turn.attempt > 1) return plan({ ...session, turn: withJoined(turn, ask) });
  if (turn.phase.is === "waiting") return plan({ ...session, turn: { ...turn, asks: [...turn.asks, ask] } });
  return plan(session, { do: "steer", turn: turn.id, ask });
}

/** What became of an ask that was passed on: part of the turn now, or too late for it. */
export function steered(session: Session, event: Extract<SessionEvent, { type: "steered" }>, now: Ms): Plan {
  const { turn } = session;
  if (event.disposition === "later") {
    if (!turn) return begin(session, [event.ask], now);
    return plan({ ...session, turn: without(turn, event.ask), queue: withLate(session.queue, event.ask) });
  }
  if (turn?.id !== event.turn) return plan(session);
  return plan({ ...session, turn: withJoined(turn, event.ask) });
}

/** Of several that came too late the first one goes first. */
function withLate(queue: Ask[], ask: Ask): Ask[] {
  return [...queue.filter(({ late }) => late), { ...ask, late: true }, ...queue.filter(({ late }) => !late)];
}

function withJoined(turn: Turn, ask: Ask): Turn {
  const { asks, joined = [] } = without(turn, ask);
  return { ...turn, asks: [...asks, ask], joined: [...joined, ask.id] };
}

function without(turn: Turn, { id }: Ask): Turn {
  const { joined = [] } = turn;
  if (!joined.includes(id)) return turn;
  return { ...turn, asks: turn.asks.filter((one) => one.id !== id), joined: joined.filter((one) => one !== id) };
}

/** The daemon has the turn. What an earlier attempt was told besides is told again; a daemon that has heard it knows so. */
export function accepted(
  before: Session,
  { turn: id, worker }: Extract<SessionEvent, { type: "turn.accepted" }>,
): Plan {
  if (before.turn?.id !== id || before.turn.phase.is === "waiting") return plan(before);
  const who = worker ? { worker } : {};
  const turn: Turn = { ...before.turn, ...who };
  const session: Session = { ...before, ...who, turn };
  // It is being stopped already, by somebody who was faster; the agent has its words all the same.
  if (turn.phase.is !== "sending") return plan(session);
  const told = turn.asks.filter((ask) => turn.joined?.includes(ask.id));
  return plan(
    { ...session, turn: { ...turn, phase: { is: "running" } } },
    ...told.map((ask): Effect => ({ do: "steer", turn: id, ask })),
  );
}

/** The daemon could not be given the turn. One that waits again is on its way to another sandbox. */
export function rejected(session: Session, event: Extract<SessionEvent, { type: "turn.rejected" }>, now: Ms): Plan {
  if (session.turn?.id !== event.turn || session.turn.phase.is === "waiting") return plan(session);
  return finish(session, failed(event.code, event.detail), now);
}

/** A person's stop: where it was said, by whom, and when. */
export interface Stop {
  thread: Thread;
  by: Person;
  at: Ms;
  /** It has ended something already, and the thread was told. */
  isTold?: boolean;
}

/** What waits is dropped too: each ask is told so, by the answer or by a line of its own. */
export function stop(session: Session, stopping: Stop, now: Ms): Plan {
  const { undecided, ...decided } = session;
  const { turn } = session;
  const { thread, by, isTold = false } = stopping;
  const waits = undecided && !isYounger(undecided.ask, stopping) ? [undecided.ask] : [];
  const dropped = [...session.queue.filter((ask) => !isYounger(ask, stopping)), ...waits];
  const told = dropped.map(
    (ask): Effect => ({
      do: "say",
      thread: ask.thread,
      text: `Stopped by ${by.name} before it began: "${titleOf(ask.text)}".`,
    }),
  );
  const queue = session.queue.filter((ask) => isYounger(ask, stopping));
  const emptied = plan({ ...(waits.length > 0 ? decided : session), queue }, ...told);
  if (!turn && (isTold || told.length > 0)) return emptied;
  if (!turn) return then(emptied, (current) => plan(current, { do: "say", thread, text: "Nothing is running." }));
  if (isYounger(turn.asks[0], stopping))
    return then(emptied, (current) => plan(current, { do: "say", thread, text: TOO_LATE_TO_STOP }));
  return then(emptied, (current) => {
    switch (turn.phase.is) {
      case "waiting":
        return finish(current, { outcome: "stopped", answer: "", stoppedBy: by.name }, now);
      case "sending":
      case "running":
        return plan(
          { ...current, turn: { ...turn, phase: { is: "stopping", by: by.name, overdue: false } } },
          { do: "abort", turn: turn.id },
        );
      case "stopping":
        return plan(current);
      case "publishing":
        return plan(current, { do: "say", thread, text: "It is done already; the answer is on its way." });
      default:
        return turn.phase satisfies never;
    }
  });
}

const TOO_LATE_TO_STOP =
  "This `stop` came to me late: what runs now was asked for after it. Write `stop` again to end that as well.";

/** A vendor may deliver a stop hours late, and it ends nothing that was asked for since. Only one clock can tell: that of one surface. */
export const isYounger = (ask: Pick<Ask, "author" | "at"> | undefined, { by, at }: Stop): boolean =>
  ask !== undefined && ask.author.surface === by.surface && ask.at > at;

/** Most of the wall time of a turn is over: whoever waits for it can still do something. */
export function warned(session: Session, event: Extract<SessionEvent, { type: "warned" }>, now: Ms): Plan {
  const { turn } = session;
  if (turn?.id !== event.turn || turn.warned) return plan(session);
  const timer: Effect = { do: "wake-me", when: "overdue", turn: turn.id };
  const armed = plan({ ...session, turn: { ...turn, warned: true } }, timer);
  if (turn.phase.is === "stopping" || turn.phase.is === "publishing") return armed;
  const text = warningText(turn.startedAt, event.limitMs, now);
  return then(armed, (current) => plan(current, { do: "say", thread: turn.thread, text }));
}

/** The wall time of a turn is up. */
export function overdue(session: Session, event: Extract<SessionEvent, { type: "overdue" }>, now: Ms): Plan {
  const { turn } = session;
  if (turn?.id !== event.turn) return plan(session);
  const failure = whyOverdue(session, event.detail);
  if (turn.phase.is === "waiting") return finish(session, { outcome: "timed-out", answer: "", failure }, now);
  return endFromHere(session, turn, { by: "the time limit", overdue: true, failure });
}

function whyOverdue({ sandbox }: Session, detail = TOO_LONG): Failure {
  if (sandbox.is !== "starting" || sandbox.full === undefined) return { code: "turn.timed-out", detail };
  return { code: "limit.sandboxes", detail: `No sandbox became free in time; ${sandbox.full} were in use.` };
}

/** It has used more than a turn may. */
export function overBudget(session: Session, event: Extract<SessionEvent, { type: "over-budget" }>): Plan {
  const { turn } = session;
  if (turn?.id !== event.turn || turn.attempt !== event.attempt || isRaisedSince(session, event)) return plan(session);
  const { code, detail } = event;
  return endFromHere(session, turn, { by: "the budget", overdue: false, failure: { code, detail } });
}

function endFromHere(session: Session, turn: Turn, why: { by: string; overdue: boolean; failure: Failure }): Plan {
  if (turn.phase.is !== "running" && turn.phase.is !== "sending") return plan(session);
  return plan({ ...session, turn: { ...turn, phase: { is: "stopping", ...why } } }, { do: "abort", turn: turn.id });
}

/** Our branch is on the remote: what is said about it there is said to this session. */
export function branchPushed(session: Session, event: Extract<SessionEvent, { type: "branch.pushed" }>): Plan {
  if (!session.work || session.work.branch !== event.branch) return plan(session);
  const key = branchKey(session.work.repository.id, event.branch);
  const { heads: before = [] } = session;
  const heads = event.already
    ? before
    : [...before.filter((head) => head !== event.commit), event.commit].slice(-MAX_HEADS);
  return plan({ ...session, pushed: true, heads }, { do: "claim", key });
}

/** The daemon's last word on a turn. */
export function ended(session: Session, event: Extract<SessionEvent, { type: "turn.ended" }>, now: Ms): Plan {
  const { turn } = session;
  if (turn?.id !== event.turn || turn.attempt !== event.attempt || turn.phase.is === "publishing") return plan(session);
  const result = repliesApart(turn, named(turn, event.result));
  if (!wantsPullRequest(session, result)) return finish(session, result, now);
  return plan(
    { ...session, turn: { ...turn, phase: { is: "publishing", result } } },
    { do: "open-pull-request", turn: turn.id },
  );
}

/** Who stopped it, or which limit: the daemon knows neither. */
function named<Result extends Ended>(turn: Turn, result: Result): Result {
  if (turn.phase.is !== "stopping" || result.outcome === "done") return result;
  const { by, overdue: isOverdue, failure } = turn.phase;
  if (isOverdue)
    return { ...result, outcome: "timed-out", failure: failure ?? { code: "turn.timed-out", detail: TOO_LONG } };
  return failure ? { ...result, outcome: "failed", failure } : { ...result, outcome: "stopped", stoppedBy: by };
}

const TOO_LONG = "The turn took longer than it may.";

function wantsPullRequest(session: Session, result: TurnResult): boolean {
  return Boolean(result.branch && session.work?.own && session.work.repository.github && !session.pullRequest);
}

/** The pull request is open, or it could not be opened; the answer goes out either way. */
export function published(
  session: Session,
  id: string,
  outcome: { pullRequest: PullRequest } | { failure: { code: string; detail: string } },
  now: Ms,
): Plan {
  const { turn } = session;
  if (turn?.id !== id || turn.phase.is !== "publishing") return plan(session);
  const { result } = turn.phase;
  if ("failure" in outcome) return finish(session, { ...result, failure: outcome.failure }, now);
  const { pullRequest } = outcome;
  const key = githubPullRequestKey(session.work?.repository.id ?? "", pullRequest.number);
  return then(plan({ ...session, pullRequest }, { do: "claim", key }), (current) => finish(current, result, now));
}

/** How a turn ended; how long it took is for `finish` to say. */
type Ended = Omit<TurnResult, "durationMs">;

/**
 * One answer, news for the other threads, and on to what waits. It took as long as people waited for it, however it ended: from its
 * beginning here. The daemon has a time of its own, which leaves out its sandbox, earlier attempts and the pull request.
 */
export function finish(session: Session, ended: Ended, now: Ms): Plan {
  const { turn } = session;
  if (!turn) return plan(session);
  const { agent, model } = turn.worker ?? {};
  const worked = { ...(agent === undefined ? {} : { agent }), ...(model === undefined ? {} : { model }) };
  const result: TurnResult = { ...ended, ...worked, durationMs: now - turn.startedAt };
  const answer: Effect = { do: "answer", turn: turn.id, thread: turn.thread, asks: turn.asks, result };
  const news = session.threads
    .filter((thread) => threadKey(thread) !== threadKey(turn.thread))
    .map((thread): Effect => ({ do: "say", thread, text: newsText(turn, result, thread) }));
  const over: Session = { ...afterTurn(session, result.failure), turn: null, last: turn.asks };
  const done = plan(over, answer, ...news, ...repliesOf(turn, result));
  const looked = then(done, (current) => turnOver(current, turn.asks, result, now));
  return then(looked, (current) => next(current, now));
}

/** The first in the queue, or the clock towards sleep. */
export function next(session: Session, now: Ms): Plan {
  const [first, ...queue] = session.queue;
  if (first) return begin({ ...session, queue }, [first], now);
  if (session.sandbox.is !== "ready") return plan(session);
  return plan({ ...session, sandbox: { ...session.sandbox, since: now } }, { do: "wake-me", when: "idle", since: now });
}

/** The sandbox died under the turn: once more from the start, or failed. */
export function again(session: Session, detail: string, now: Ms): Plan {
  const { turn } = session;
  if (!turn || turn.phase.is === "publishing" || turn.phase.is === "waiting") return proceed(session, now);
  if (turn.phase.is === "stopping") return finish(session, named(turn, { outcome: "stopped", answer: "" }), now);
  if (turn.attempt >= MAX_ATTEMPTS) return finish(session, failed("sandbox.lost", detail), now);
  return proceed({ ...session, turn: { ...turn, phase: { is: "waiting" }, attempt: turn.attempt + 1 } }, now);
}

/** The result of a turn that never came to an end of its own. */
export const failed = (code: string, detail: string): Ended => ({
  outcome: "failed",
  answer: "",
  failure: { code, detail },
});
