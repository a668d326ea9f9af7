/** What people are told in threads, each of it once: an effect that is repeated finds by its id what stands there already. */
import { helpText } from "../core/command.ts";
import type { Effect, SessionEvent } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import type { PostId } from "../surfaces/surface.ts";
import { showCard } from "./cards.ts";
import type { Write } from "./claim.ts";
import { fork } from "./fork.ts";
import { refuse } from "./identity.ts";
import type { EngineDeps } from "./ports.ts";
import { ask, settle } from "./questions.ts";
import { surfaceOf } from "./reach.ts";
import { replyInline } from "./reply.ts";
import { answerOf, toldOf } from "./report.ts";

export interface Performing {
  /** The session as it is when the effect begins. */
  session: Session;
  /** Goes out with whatever the effect sends. */
  id: string;
  again: boolean;
  /** Whatever is written on the way. */
  write: Write;
}

export type Spoken = Extract<
  Effect,
  { do: "acknowledge" | "refuse" | "say" | "help" | "answer" | "ask" | "settle" | "fork" | "show-card" }
>;

export async function speak(
  deps: EngineDeps,
  effect: Spoken,
  { session, id, again, write }: Performing,
): Promise<SessionEvent | null> {
  const post = { marker: id, again };
  switch (effect.do) {
    case "acknowledge":
      await surfaceOf(deps, effect.thread.surface).acknowledge(effect);
      return null;
    case "refuse":
      return refuse(deps, session, effect, post);
    case "say":
      await (effect.reply ? replyInline(deps, effect, effect.reply, post) : say(deps, effect, post));
      return null;
    case "help":
      await surfaceOf(deps, effect.thread.surface).say(effect.thread, help(deps.settings), post);
      return null;
    case "answer":
      await write((tx) => deps.store.endTurn(tx, effect.turn, effect.result));
      await answered(deps, effect.turn, await answer(deps, session, effect, post), write);
      return toldOf(session, effect);
    case "ask":
      return ask(deps, session, effect, again);
    case "settle":
      return settle(deps, session, effect, again);
    case "fork":
      await fork(deps, session, effect, post);
      return null;
    case "show-card":
      return showCard(deps, session, effect, again);
    default:
      return effect satisfies never;
  }
}

const help = ({ name, agents }: EngineDeps["settings"]): string =>
  helpText(
    name,
    agents.map((one) => one.name),
  );

async function say(
  deps: EngineDeps,
  { thread, text, choices, pings }: Extract<Effect, { do: "say" }>,
  post: PostId,
): Promise<void> {
  const surface = surfaceOf(deps, thread.surface);
  if (pings) await surface.ping(thread, text, pings, post);
  else await surface.say(thread, text, post, choices);
}

async function answer(
  deps: EngineDeps,
  session: Session,
  effect: Extract<Effect, { do: "answer" }>,
  post: PostId,
): Promise<string> {
  const { thread } = effect;
  const told = await answerOf(deps, session, effect, thread.surface);
  return surfaceOf(deps, thread.surface).answer(thread, told, post);
}

/** Where it stands, so that what people do with it can be told from what they do with other messages. */
const answered = ({ store }: EngineDeps, turn: string, ref: string, write: Write): Promise<void> =>
  write((tx) => store.saveAnswerRef(tx, turn, ref));
