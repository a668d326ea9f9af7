/** What people are told of what goes on and of what waits, no model involved. */
import { mayBeToldIn } from "./confidence.ts";
import { waitingLine } from "./decide-question.ts";
import { waitingText } from "./limits.ts";
import { titleOf } from "./naming.ts";
import type { Ask, Mention, Ms, Session, Thread } from "./types.ts";

/** What `status` answers: one or two lines. */
export function statusText(session: Session, to: Thread, now: Ms): string {
  const waiting = session.queue.length > 0 ? ` Waiting: ${listOf(session.queue, to)}.` : "";
  const where = session.work ? ` on \`${session.work.repository.name}\`, branch \`${session.work.branch}\`` : "";
  if (!session.turn)
    return `Nothing is running${where}${workerText(session)}. The sandbox is ${SANDBOX_WORDS[session.sandbox.is]}.${heldUp(session, to)}`;
  const doing = named(session.turn, session.turn.asks[0]?.subject ?? textOf(session.turn.asks), to);
  if (session.sandbox.is === "starting" && session.sandbox.full !== undefined)
    return `${waitingText(session.sandbox.full)}${where}: ${doing}.${waiting}`;
  const minutes = Math.floor((now - session.turn.startedAt) / 60_000);
  return `Working${where}${workerText(session.turn)} for ${minutes < 1 ? "less than a minute" : `${minutes} min`}: ${doing}.${waitingLine(session, to)}${waiting}`;
}

/** Empty where it is what everybody expects. */
const workerText = ({ worker }: Pick<Session, "worker">): string => (worker?.called ? `, with ${worker.called}` : "");

/** What was asked and cannot begin before somebody has said something more. */
function heldUp({ undecided, connecting = [] }: Session, to: Thread): string {
  const words = ({ thread, text }: Ask | Mention): string => named({ thread }, text, to);
  const repository = undecided ? [` It waits until somebody says which repository: ${words(undecided.ask)}.`] : [];
  const people = connecting.map(
    (mention) => ` It waits until ${mention.author.name} connects GitHub: ${words(mention)}.`,
  );
  return [...repository, ...people].join("");
}

const SANDBOX_WORDS = {
  none: "not started yet",
  starting: "starting",
  ready: "ready",
  "falling-asleep": "falling asleep",
  asleep: "asleep and wakes with the next message",
} as const;

/** All that was asked. */
export const textOf = (asks: Ask[]): string => asks.map((ask) => ask.text).join("\n\n");

/** Asks by their titles. */
export const listOf = (asks: Ask[], to?: Thread): string => asks.map((ask) => named(ask, ask.text, to)).join(", ");

/** In another place than it was asked in it may have no words. */
const named = ({ thread }: Pick<Ask, "thread">, text: string, to: Thread = thread): string =>
  mayBeToldIn(thread, to) ? `"${titleOf(text)}"` : "something that was asked elsewhere";
