/** The machine of a session: it comes, it goes to sleep, it is lost; the turn that waits for it goes on accordingly. */
import { again, failed, finish, next, proceed } from "./decide-turn.ts";
import type { SessionEvent } from "./decision.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ms, SandboxState, Session } from "./types.ts";

/** Its daemon answers: the turn that waits for it is sent. */
export function sandboxReady(session: Session, url: string, now: Ms): Plan {
  if (session.sandbox.is !== "starting") return plan(session);
  const ready: Session = { ...session, sandbox: { is: "ready", since: now, url, from: session.sandbox.from } };
  return session.turn ? proceed(ready, now) : next(ready, now);
}

/** It could not be started, and the turn that waited has failed. */
export function sandboxFailed(
  session: Session,
  event: Extract<SessionEvent, { type: "sandbox.failed" }>,
  now: Ms,
): Plan {
  if (session.sandbox.is !== "starting") return plan(session);
  const down: Session = { ...session, sandbox: restOf(session.sandbox, now) };
  return down.turn ? finish(down, failed(down.turn, event.code, event.detail, now), now) : plan(down);
}

/** With a token it was woken from it can be woken again, as it was then; otherwise it starts from what was pushed. */
export function sandboxLost(session: Session, detail: string, now: Ms): Plan {
  switch (session.sandbox.is) {
    case "none":
    case "asleep":
      return plan(session);
    case "starting": {
      const told = plan(
        { ...session, sandbox: { is: "none" } },
        { do: "say", thread: session.turn?.thread ?? session.thread, text: LOST },
      );
      return then(told, (current) => proceed(current, now));
    }
    case "falling-asleep":
      return proceed({ ...session, sandbox: { is: "none" } }, now);
    case "ready":
      return again({ ...session, sandbox: restOf(session.sandbox, now) }, detail, now);
    default:
      return session.sandbox satisfies never;
  }
}

const LOST = "The sandbox of this thread is gone, with what was not pushed. I start a new one from the branch.";

function restOf(sandbox: { from: string | null }, now: Ms): SandboxState {
  return sandbox.from === null ? { is: "none" } : { is: "asleep", since: now, token: sandbox.from };
}

/** Nobody asked for a while. A turn that has begun since keeps it awake. */
export function idle(session: Session, since: Ms, now: Ms): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "ready" || sandbox.since !== since || session.turn) return plan(session);
  return plan(
    { ...session, sandbox: { is: "falling-asleep", since: now, url: sandbox.url, from: sandbox.from } },
    { do: "sleep" },
  );
}

/** It sleeps, and an ask that came meanwhile wakes it at once. */
export function asleep(session: Session, token: string, now: Ms): Plan {
  if (session.sandbox.is !== "falling-asleep") return plan(session);
  return proceed({ ...session, sandbox: { is: "asleep", since: now, token } }, now);
}

/** It stays awake, and is asked again after the next idle time. */
export function sleepFailed(session: Session, now: Ms): Plan {
  const { sandbox } = session;
  if (sandbox.is !== "falling-asleep") return plan(session);
  const awake: Session = { ...session, sandbox: { is: "ready", since: now, url: sandbox.url, from: sandbox.from } };
  return awake.turn ? proceed(awake, now) : next(awake, now);
}
