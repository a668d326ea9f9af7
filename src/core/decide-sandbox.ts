/** The machine of a session: it comes, it goes to sleep, it is lost; the turn that waits for it goes on accordingly. */
import { again, failed, finish, next, proceed } from "./decide-turn.ts";
import type { Effect, SessionEvent } from "./decision.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ms, Running, SandboxState, Session, Turn } from "./types.ts";

/** Its daemon answers: the turn that waits for it is sent. */
export function sandboxReady(
  session: Session,
  { running, from }: Extract<SessionEvent, { type: "sandbox.ready" }>,
  now: Ms,
): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "starting") return plan(session);
  const ready: Session = {
    ...session,
    sandbox: { is: "ready", since: now, from: sandbox.from, ...running },
    waited: { for: from, ms: now - sandbox.since },
  };
  return then(plan(ready, ...endingTimer(running)), (current) =>
    current.turn ? proceed(current, now) : next(current, now),
  );
}

const endingTimer = ({ endsAt }: Pick<Running, "endsAt">): Effect[] =>
  endsAt === null ? [] : [{ do: "wake-me", when: "ending", endsAt }];

/** It could not be started, and the turn that waited has failed. */
export function sandboxFailed(
  session: Session,
  event: Extract<SessionEvent, { type: "sandbox.failed" }>,
  now: Ms,
): Plan {
  if (session.sandbox.is !== "starting") return plan(session);
  const down: Session = { ...session, sandbox: restOf(session.sandbox, now) };
  return down.turn ? finish(down, failed(event.code, event.detail), now) : plan(down);
}

/** As many run as may: it is asked again soon, as long as a turn waits for it. */
export function sandboxWaits(session: Session, running: number, now: Ms): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "starting") return plan(session);
  if (!session.turn) return plan({ ...session, sandbox: restOf(sandbox, now) });
  return plan(
    { ...session, sandbox: { ...sandbox, full: running } },
    { do: "wake-me", when: "place", since: sandbox.since },
  );
}

/** There may be a place now. */
export function placeAgain(session: Session, since: Ms, now: Ms): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "starting" || sandbox.since !== since || sandbox.full === undefined) return plan(session);
  if (!session.turn) return plan({ ...session, sandbox: restOf(sandbox, now) });
  return plan(session, { do: "start-sandbox", from: sandbox.from });
}

/** With a token it was woken from it can be woken again, as it was then; otherwise it starts from what was pushed. */
export function sandboxLost(
  session: Session,
  { detail, attempt }: Extract<SessionEvent, { type: "sandbox.lost" }>,
  now: Ms,
): Plan {
  // Read from the machine that the turn was carried over from; the next one is on its way.
  if (attempt !== undefined && session.turn?.attempt !== attempt) return plan(session);
  switch (session.sandbox.is) {
    case "none":
    case "asleep":
      return plan(session);
    case "starting": {
      const told = plan({ ...session, sandbox: { is: "none" } }, tellLoss(session, null));
      return then(told, (current) => proceed(current, now));
    }
    case "falling-asleep":
      return proceed({ ...session, sandbox: restOf(session.sandbox, now) }, now);
    case "ready": {
      const next = again({ ...session, sandbox: restOf(session.sandbox, now) }, detail, now);
      // A turn that ends with it says so in its answer.
      const goesOn = next.session.turn !== null && next.session.turn.attempt !== session.turn?.attempt;
      return goesOn ? { ...next, effects: [tellLoss(session, session.sandbox.from), ...next.effects] } : next;
    }
    default:
      return session.sandbox satisfies never;
  }
}

/** A turn that ran in it is stopped: whoever ends the machine does not want the work to go on in another one. */
export function sandboxDestroyed(session: Session, by: string, now: Ms): Plan {
  const { turn } = session;
  const without: Session = { ...session, sandbox: { is: "none" } };
  if (!turn || turn.phase.is === "waiting") return proceed(without, now);
  if (turn.phase.is === "publishing") return plan(without);
  return finish(without, { outcome: "stopped", answer: "", stoppedBy: by }, now);
}

/** Told when somebody speaks to it again; until then it would only wake people. */
export function sandboxExpired(session: Session, token: string): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "asleep" || sandbox.token !== token) return plan(session);
  return plan({ ...session, sandbox: { is: "none", expired: true } });
}

/** `from`: what it was last woken from. */
const tellLoss = ({ turn, thread }: Session, from: string | null): Effect => ({
  do: "say",
  thread: turn?.thread ?? thread,
  text: from === null ? LOST : LOST_SINCE,
});

const LOST = "The sandbox of this thread is gone, with what was not pushed. I start a new one from the branch.";
const LOST_SINCE =
  "The sandbox of this thread is gone, with what was done in it since it last woke up and was not pushed. I go on from what it had then.";

function restOf(sandbox: { from: string | null }, now: Ms): SandboxState {
  return sandbox.from === null ? { is: "none" } : { is: "asleep", since: now, token: sandbox.from };
}

/** Nobody asked for a while. A turn that has begun since keeps it awake. */
export function idle(session: Session, since: Ms, now: Ms): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "ready" || sandbox.since !== since || session.turn) return plan(session);
  return plan({ ...session, sandbox: { ...sandbox, is: "falling-asleep", since: now } }, { do: "sleep" });
}

/**
 * Its provider will end it soon. Its files are kept in time, and a turn that runs goes on in the sandbox that is woken from them:
 * the daemon ends the attempt, and the next one begins with the files and the agent's conversation of the first.
 */
export function ending(session: Session, endsAt: Ms, now: Ms): Plan {
  const { sandbox, turn } = session;
  if (sandbox.is !== "ready" || sandbox.endsAt !== endsAt) return plan(session);
  // As good as over: the timer comes again in a moment.
  if (turn?.phase.is === "stopping") return plan(session, ...endingTimer(sandbox));
  return renewed(session, sandbox, now);
}

/** What wakes up is given a fresh daemon, so the turn that the old one does not take goes on there. */
export function outdated(session: Session, id: string, now: Ms): Plan {
  const { sandbox, turn } = session;
  if (sandbox.is !== "ready" || turn?.id !== id || turn.phase.is !== "sending") return plan(session);
  return renewed(session, sandbox, now);
}

function renewed(session: Session, sandbox: Running & { from: string | null }, now: Ms): Plan {
  const { turn } = session;
  const falling: SandboxState = { ...sandbox, is: "falling-asleep", since: now };
  return plan({ ...session, turn: turn && carriedOver(turn), sandbox: falling }, { do: "sleep" });
}

/** Opening a pull request needs no sandbox. */
const carriedOver = (turn: Turn): Turn =>
  turn.phase.is === "publishing" ? turn : { ...turn, phase: { is: "waiting" }, attempt: turn.attempt + 1 };

/** It sleeps, and an ask that came meanwhile wakes it at once. */
export function asleep(session: Session, token: string, now: Ms): Plan {
  if (session.sandbox.is !== "falling-asleep") return plan(session);
  return proceed({ ...session, sandbox: { is: "asleep", since: now, token } }, now);
}

/** It stays awake, and is asked again after the next idle time. */
export function sleepFailed(session: Session, now: Ms): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "falling-asleep") return plan(session);
  const awake: Session = { ...session, sandbox: { ...sandbox, is: "ready", since: now } };
  return then(plan(awake, ...endingTimer(sandbox)), (current) =>
    current.turn ? proceed(current, now) : next(current, now),
  );
}
