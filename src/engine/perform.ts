/**
 * One effect -> one call to the outside -> the event that it produced (null where nothing follows from it).
 * Every call is safe to repeat: `again` says that an earlier attempt may have got through.
 */
import { helpText } from "../core/command.ts";
import type { Effect, SessionEvent } from "../core/decision.ts";
import { keysOf } from "../core/intake.ts";
import type { Session } from "../core/types.ts";
import { catalogEntry } from "../errors.ts";
import type { PostId } from "../surfaces/surface.ts";
import { look, showCard } from "./cards.ts";
import { check } from "./check.ts";
import type { Write } from "./claim.ts";
import { fork } from "./fork.ts";
import { allowPush, refuse } from "./identity.ts";
import type { EngineDeps } from "./ports.ts";
import { pullRequestDraft, wayBack } from "./publish.ts";
import { ask, handOverAnswer, settle } from "./questions.ts";
import { daemonOf, pageFor, sandboxOf, surfaceOf } from "./reach.ts";
import { passOn, sendTurn } from "./send.ts";
import { startSandbox } from "./start.ts";
import { testsOf } from "./test-outcomes.ts";
import { timerOf } from "./timers.ts";

export interface Performing {
  /** The session as it is when the effect begins. */
  session: Session;
  /** Goes out with whatever the effect sends. */
  id: string;
  again: boolean;
  /** Whatever is written on the way. */
  write: Write;
}

/** Throws a ThreadboxError whose code says whether to try again. */
export async function perform(
  deps: EngineDeps,
  effect: Effect,
  { session, id, again, write }: Performing,
): Promise<SessionEvent | null> {
  const post = { marker: id, again };
  switch (effect.do) {
    case "check":
      return check(deps, session, effect.mention, write);
    case "acknowledge":
      await surfaceOf(deps, effect.thread.surface).acknowledge(effect);
      return null;
    case "refuse":
      return refuse(deps, session, effect, post);
    case "say":
      await say(deps, effect, post);
      return null;
    case "help":
      await surfaceOf(deps, effect.thread.surface).say(effect.thread, helpText(deps.settings.name), post);
      return null;
    case "answer":
      await write((tx) => deps.store.endTurn(tx, effect.turn, effect.result));
      await answered(deps, effect.turn, await answer(deps, session, effect, post), write);
      return null;
    case "ask":
      return ask(deps, session, effect, again);
    case "settle":
      return settle(deps, session, effect, again);
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
    case "fork":
      await fork(deps, session, effect, post);
      return null;
    case "open-pull-request":
      return openPullRequest(deps, session, effect.turn);
    case "look-at-pull-request":
      return look(deps, session);
    case "show-card":
      return showCard(deps, session, effect, again);
    case "wake-me":
      await armTimer(deps, session, effect);
      return null;
    default:
      return effect satisfies never;
  }
}

async function say(
  deps: EngineDeps,
  { thread, text, choices, pings }: Extract<Effect, { do: "say" }>,
  post: PostId,
): Promise<void> {
  const surface = surfaceOf(deps, thread.surface);
  if (pings && surface.ping) await surface.ping(thread, text, pings, post);
  else await surface.say(thread, text, post, choices);
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
  const token = await deps.provider.sleep(name);
  await write((tx) => deps.store.forgetSandbox(tx, name)); // where it came out of the stock
  return { type: "slept", token };
}

async function answer(
  deps: EngineDeps,
  session: Session,
  effect: Extract<Effect, { do: "answer" }>,
  post: { marker: string; again: boolean },
): Promise<string> {
  const { result } = effect;
  const tests = await testsOf(deps, session, effect);
  return surfaceOf(deps, effect.thread.surface).answer(
    effect.thread,
    {
      turn: effect.turn,
      session: session.id,
      title: session.title,
      result,
      ...(result.failure ? { remedy: catalogEntry(result.failure.code).remedy } : {}),
      repository: session.work?.repository.name ?? null,
      pullRequest: session.pullRequest,
      ...(tests ? { tests } : {}),
      askers: effect.asks.map((ask) => ask.author),
      page: pageFor(deps.settings, session, effect.thread.surface),
    },
    post,
  );
}

/** Where it stands, so that what people do with it can be told from what they do with other messages. */
const answered = ({ store }: EngineDeps, turn: string, ref: string, write: Write): Promise<void> =>
  write((tx) => store.saveAnswerRef(tx, turn, ref));

async function openPullRequest(deps: EngineDeps, session: Session, turn: string): Promise<SessionEvent | null> {
  const thread = await wayBack(deps.surfaces, session.turn?.asks[0], deps.settings.permalinks ?? "never");
  const draft = pullRequestDraft(session, { page: pageFor(deps.settings, session, "github"), thread });
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
