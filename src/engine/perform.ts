/**
 * One effect -> one call to the outside -> the event that it produced (null where nothing follows from it).
 * Every call is safe to repeat: `again` says that an earlier attempt may have got through.
 */
import type { Effect, SessionEvent } from "../core/decision.ts";
import { keysOf } from "../core/intake.ts";
import type { Session } from "../core/types.ts";
import { look } from "./cards.ts";
import { catchUp } from "./catch-up.ts";
import { check } from "./check.ts";
import type { Write } from "./claim.ts";
import { allowPush } from "./identity.ts";
import { mend } from "./mend.ts";
import type { EngineDeps } from "./ports.ts";
import { draftOf } from "./publish.ts";
import { handOverAnswer } from "./questions.ts";
import { daemonOf, sandboxOf } from "./reach.ts";
import { report } from "./report.ts";
import { passOn, sendTurn } from "./send.ts";
import { type Performing, speak } from "./speak.ts";
import { startSandbox } from "./start.ts";
import { timerOf } from "./timers.ts";

/** Throws a ThreadboxError whose code says whether to try again. */
export async function perform(deps: EngineDeps, effect: Effect, performing: Performing): Promise<SessionEvent | null> {
  const { session, write } = performing;
  switch (effect.do) {
    case "check":
      return check(deps, session, effect.mention, write);
    case "answer-question":
      return handOverAnswer(deps, session, effect);
    case "start-sandbox":
      return startSandbox(deps, session, effect.from, write);
    case "sleep":
      return sleep(deps, session, write);
    case "send-turn":
      return sendTurn(deps, session, effect.turn, write);
    case "steer":
      return passOn(deps, session, effect);
    case "abort":
      if (session.sandbox.is === "ready") await daemonOf(deps, session).abort({ turn: effect.turn });
      return null;
    case "allow-push":
      await allowPush(deps, session, effect);
      return null;
    case "claim": {
      const { key, takes = false } = effect;
      return (await write((tx) => deps.store.claimKey(tx, session.id, key, takes))) ? null : { type: "key.taken", key };
    }
    case "leave":
      await leave(deps, session, effect, write);
      return null;
    case "open-pull-request":
      return openPullRequest(deps, session, effect.turn);
    case "report":
      await report(deps, session, effect.turn);
      return null;
    case "look-at-pull-request":
      return look(deps, session);
    case "mend":
      return mend(deps, session, effect, performing.again);
    case "wake-me":
      await armTimer(deps, session, effect);
      return null;
    default:
      return speak(deps, effect, performing);
  }
}

/** Done again, it finds nothing left to let go of, and what was said anew is known by its `dedupe`. */
async function leave(
  deps: EngineDeps,
  session: Session,
  { mention, anew, again = [] }: Extract<Effect, { do: "leave" }>,
  write: Write,
): Promise<void> {
  await write((tx) => deps.store.unclaim(tx, session.id, keysOf({ incoming: { mention } })));
  // Said anew it is an order of its own, also where an edit has made it one: nothing is left that it could correct.
  const { id: _, lookup: _known, corrects: _here, ...said } = mention;
  if (anew) await deps.inbox.receive({ ...said, text: anew, addressed: true, dedupe: `${said.dedupe}/anew` });
  for (const asked of again) await deps.inbox.receive(asked);
}

async function sleep(deps: EngineDeps, session: Session, write: Write): Promise<SessionEvent> {
  const name = sandboxOf(session);
  await catchUp(deps, session, write);
  const token = await deps.provider.sleep(name);
  await write((tx) => deps.store.forgetSandbox(tx, name)); // where it came out of the stock
  return { type: "slept", token };
}

async function openPullRequest(deps: EngineDeps, session: Session, turn: string): Promise<SessionEvent | null> {
  const draft = await draftOf(deps, session);
  if (!draft)
    return {
      type: "pull-request.failed",
      turn,
      code: "github.pull-request-failed",
      detail: "There is no repository on GitHub to open it in.",
    };
  return { type: "pull-request.opened", turn, pullRequest: await deps.forge.openPullRequest(draft) };
}

async function armTimer(
  { jobs, settings, clock }: EngineDeps,
  session: Session,
  effect: Extract<Effect, { do: "wake-me" }>,
): Promise<void> {
  const { event, inMs } = timerOf(settings, session, effect, clock.now());
  await jobs.timer({ session: session.id, event }, inMs);
}
