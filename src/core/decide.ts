/**
 * The whole of a session's behaviour: what happened, in; what to do about it, out.
 *
 *   mention --> checking --may not--> refused
 *                  |  ^ \--unconnected--> connecting --connected--> checking again
 *                  |  may, and no limit is reached
 *                  v
 *   turn:   (none) --ask--> waiting --ready--> sending --accepted--> running --ended--> [publishing] --> answered --> (next in queue, or none)
 *                              |                  |                     |  ^                               |
 *                              | stop             | stop, overdue       |  +-- ask: steered into it         | told, and something was pushed
 *                              v                  v                     v                                  v
 *                          answered <------ended-- stopping <--stop, overdue, over its budget           report
 *
 *   pull request:  (none) --opened, linked--> open --stirred, turn over--> look --seen--> open: its card is shown; a commit of ours that
 *                                                                                 |       fails: mend, a mention of our own (`mend.ts`)
 *                                                                                 v
 *                                                      over: the sandbox sleeps; the next ask begins on a new branch (`anew.ts`)
 *
 *                      +--+ full: waits for a place
 *                      v  |
 *   sandbox: none --> starting --> ready --idle, ending--> falling-asleep --> asleep
 *                      ^  |failed    |lost       ^ pull request over            |
 *                      |  v          v                                          |
 *                      +- none, or asleep when it had been woken <--------------+ (the next ask, or the turn that it is
 *                         carried over with at the end of its life, starts it again)
 *
 * Pure: time comes in as `now`, effects go out as data, ids are counted. Events that come too late (a timer of a turn that is
 * over, an answer of a sandbox that was replaced) leave the session as it is.
 */
import { attached } from "./attachments.ts";
import { cardShown, lookDue, reviewCame, reviewComing, seen, stirred, unlooked } from "./cards.ts";
import { follows } from "./change.ts";
import { connected, pushAsked, unconnected } from "./decide-identity.ts";
import { admitted, limited, mentioned, turnedAway } from "./decide-mention.ts";
import { answered, asked, overWithTurn, shown, tooLate, unseen } from "./decide-question.ts";
import {
  asleep,
  ending,
  idle,
  outdated,
  placeAgain,
  sandboxDestroyed,
  sandboxExpired,
  sandboxFailed,
  sandboxLost,
  sandboxReady,
  sandboxWaits,
  sleepFailed,
} from "./decide-sandbox.ts";
import {
  accepted,
  branchPushed,
  ended,
  overBudget,
  overdue,
  published,
  rejected,
  steered,
  warned,
} from "./decide-turn.ts";
import type {
  CardEvent,
  Decision,
  PeopleEvent,
  QuestionEvent,
  SandboxEvent,
  SessionEvent,
  TurnEvent,
} from "./decision.ts";
import { remembering } from "./memory.ts";
import { mendAsked } from "./mend.ts";
import { inNewPlace, titleGiven } from "./places.ts";
import { type Plan, plan, then } from "./plan.ts";
import { silent } from "./silence.ts";
import type { Ms, Session, Thread } from "./types.ts";

/** See the header. The same event on the same session gives the same effects with the same ids. */
export function decide(session: Session, event: SessionEvent, now: Ms): Decision {
  const { session: reacted, effects } = overWithTurn(session, react(session, event, now));
  const next = remembering(session, event, reacted);
  const numbered = effects.map((effect, index) => ({ id: `${session.id}/${session.effects + index}`, effect }));
  return { session: { ...next, effects: session.effects + effects.length }, effects: numbered };
}

/** By what the event is about: each of these takes its own and passes the others on, and the last has none to pass on. */
function react(session: Session, event: SessionEvent, now: Ms): Plan {
  switch (event.type) {
    case "mentioned":
      return then(reviewCame(session, event.mention, now), (current) => mentioned(current, event.mention));
    case "review.coming":
      return reviewComing(session, event.review, now);
    case "attached":
      return attached(session, event);
    case "admitted":
      return admitted(session, event, now);
    case "turned-away":
      return turnedAway(session, event);
    case "limited":
      return limited(session, event);
    case "unconnected":
      return unconnected(session, event, now);
    case "connected":
      return connected(session, event.member, now);
    case "push.asked":
    case "push.unanswered":
      return pushAsked(session, event);
    default:
      return ofThread(session, event, now);
  }
}

function ofThread(session: Session, event: Exclude<SessionEvent, PeopleEvent>, now: Ms): Plan {
  switch (event.type) {
    case "renamed":
      return plan({ ...session, title: titleGiven(event.title) || session.title });
    case "moved":
      return plan(inNewPlace(session, event));
    case "key.taken": {
      const text = `Another session holds \`${event.key}\` already; I leave it there.`;
      return plan(session, { do: "say", thread: session.thread, text });
    }
    case "linked": {
      const pullRequest = session.pullRequest ?? event.pullRequest;
      return stirred({ ...session, pullRequest }, now);
    }
    default:
      return ofSandbox(session, event, now);
  }
}

function ofSandbox(session: Session, event: SandboxEvent | TurnEvent | QuestionEvent | CardEvent, now: Ms): Plan {
  switch (event.type) {
    case "sandbox.ready":
      return sandboxReady(session, event, now);
    case "sandbox.failed":
      return sandboxFailed(session, event, now);
    case "sandbox.waits":
      return sandboxWaits(session, event.running, now);
    case "sandbox.lost":
      return sandboxLost(session, event, now);
    case "sandbox.destroyed":
      return sandboxDestroyed(session, event.by, now);
    case "sandbox.expired":
      return sandboxExpired(session, event.token);
    case "slept":
      return asleep(session, event.token, now);
    case "sleep.failed":
      return sleepFailed(session, now);
    case "idle":
      return idle(session, event.since, now);
    case "place":
      return placeAgain(session, event.since, now);
    case "ending":
      return ending(session, event.endsAt, now);
    default:
      return ofTurn(session, event, now);
  }
}

function ofTurn(session: Session, event: TurnEvent | QuestionEvent | CardEvent, now: Ms): Plan {
  switch (event.type) {
    case "turn.accepted":
      return accepted(session, event);
    case "turn.rejected":
      return rejected(session, event, now);
    case "daemon.outdated":
      return outdated(session, event.turn, now);
    case "steered":
      return follows(session, event.ask.thread, event.ask) ?? steered(session, event, now);
    case "turn.ended":
      return ended(session, event, now);
    case "over-budget":
      return overBudget(session, event);
    case "silent":
      return silent(session, event);
    case "warned":
      return warned(session, event, now);
    case "overdue":
      return overdue(session, event, now);
    case "turn.told":
      return plan(session, { do: "report", turn: event.turn });
    case "branch.pushed":
      return branchPushed(session, event);
    case "pull-request.opened":
      return published(session, event.turn, { pullRequest: event.pullRequest }, now);
    case "pull-request.failed":
      return published(session, event.turn, { failure: { code: event.code, detail: event.detail } }, now);
    default:
      return ofQuestion(session, event, now);
  }
}

function ofQuestion(session: Session, event: QuestionEvent | CardEvent, now: Ms): Plan {
  switch (event.type) {
    case "question.asked":
      return asked(session, event);
    case "question.shown":
      return shown(session, event);
    case "question.unseen":
      return unseen(session, event);
    case "question.answered":
      return answered(session, event);
    case "answer.over":
      return tooLate(session, event);
    default:
      return ofCard(session, event, now);
  }
}

function ofCard(session: Session, event: CardEvent, now: Ms): Plan {
  switch (event.type) {
    case "pull-request.stirred":
      return stirred(session, now);
    case "look":
      return lookDue(session, now);
    case "pull-request.seen":
      return seen(session, event, now);
    case "mend.asked":
      return mendAsked(session, event);
    case "pull-request.unseen":
      return unlooked(session, now);
    case "card.shown":
      return cardShown(session, event);
    default:
      return event satisfies never;
  }
}

/** A session as it is before anything happened to it. */
export function newSession(id: string, thread: Thread, title: string, now: Ms): Session {
  return {
    id,
    createdAt: now,
    title,
    thread,
    threads: [thread],
    work: null,
    agent: null,
    model: null,
    pullRequest: null,
    sandbox: { is: "none" },
    waited: null,
    checking: [],
    turn: null,
    queue: [],
    last: null,
    effects: 0,
  };
}
