/** Questions of the agent, on their way from its daemon to people and back. */
import type { Effect, SessionEvent } from "../core/decision.ts";
import { questionMarker } from "../core/question.ts";
import type { Ms, Session } from "../core/types.ts";
import type { JournalEntry } from "../wire/events.ts";
import type { EngineDeps } from "./ports.ts";
import { daemonOf, surfaceOf } from "./reach.ts";

/** A message in Slack holds 12,000 characters, with ten options among them. Who has more to say has files. */
const MAX_TEXT_CHARS = 5_000;
const MAX_OPTION_CHARS = 300;
/** What names it goes into the buttons of Slack, which hold 2,000 characters. */
const MAX_ID_CHARS = 200;
/** No turn lasts that long. */
const MAX_DEADLINE_MS: Ms = 30 * 24 * 3_600_000;
/** Of JavaScript's calendar. A sandbox can tell any time, and one that nobody can spell would stop the session. */
const LAST_MOMENT: Ms = 8_640_000_000_000_000;

/** Null for everything else that a daemon tells. */
export function questionEvent(
  { event, at }: Pick<JournalEntry, "event" | "at">,
  { turn, attempt }: { turn: string; attempt: number },
): SessionEvent | null {
  if (event.type !== "question.asked" && event.type !== "question.answered") return null;
  if (event.turn !== turn || event.question.length > MAX_ID_CHARS) return null;
  const { question: id } = event;
  if (event.type === "question.answered") {
    const { answer, by } = event;
    return { type: "question.answered", turn, attempt, question: id, answer: answer && cut(answer), by };
  }
  const question = {
    ...{ id, text: cut(event.text), options: event.options.map((option) => cut(option, MAX_OPTION_CHARS)) },
    ...{ otherwise: event.otherwise && cut(event.otherwise) },
    ...(event.permission ? { permission: leave(event.permission) } : {}),
    expiresAt: Math.min(Math.max(0, at) + Math.min(event.deadlineMs, MAX_DEADLINE_MS), LAST_MOMENT),
  };
  return { type: "question.asked", turn, attempt, question };
}

const leave = ({ tool, subject }: { tool: string; subject: string }) => ({
  tool: cut(tool, MAX_OPTION_CHARS),
  subject: cut(subject),
});

const cut = (text: string, maxChars = MAX_TEXT_CHARS): string =>
  text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`;

type Of<Do extends Effect["do"]> = Extract<Effect, { do: Do }>;

/** Null when it is over before it could be asked. */
export async function ask(
  deps: EngineDeps,
  { turn: running }: Session,
  { turn, thread, question }: Of<"ask">,
  again: boolean,
): Promise<SessionEvent | null> {
  const isOpen = running?.id === turn && running.question?.id === question.id;
  // What an earlier attempt may have posted is found by its marker when it is settled.
  if (!isOpen) return null;
  const ref = await surfaceOf(deps, thread.surface).ask(thread, question, { marker: questionMarker(question), again });
  return { type: "question.shown", turn, question: question.id, ref };
}

/** Its message may have been posted by a bot that died before it had the name of it: then the marker tells. */
export async function settle(
  deps: EngineDeps,
  { answered = [] }: Session,
  { thread, question, decision }: Of<"settle">,
  again: boolean,
): Promise<null> {
  const ref = answered.find(({ id }) => id === question.id)?.ref ?? null;
  const settled = { ...question, decision, ref };
  await surfaceOf(deps, thread.surface).settle(thread, settled, { marker: questionMarker(question), again });
  return null;
}

/** Handed over twice it is one answer. Whether it counts the daemon tells in its stream. */
export async function handOverAnswer(
  deps: EngineDeps,
  session: Session,
  { turn, question, answer, mention }: Of<"answer-question">,
): Promise<SessionEvent | null> {
  const isThere = session.turn?.id === turn && session.sandbox.is === "ready";
  const outcome = isThere ? (await daemonOf(deps, session).answer({ question, answer })).outcome : "over";
  return outcome === "answered" || !mention ? null : { type: "answer.over", turn, question, mention };
}
