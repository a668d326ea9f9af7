/** Something is to be done: what, how and in which repository; then it begins, joins what goes on, or waits for what is missing. */
import { withOptions, withWish } from "./agent-choice.ts";
import { ONLY_FILES } from "./attachments.ts";
import { changed, isChangeable } from "./change.ts";
import { type Command, type Options, parseCommand } from "./command.ts";
import { correctedInPlace, correctionText, isOf } from "./correct.ts";
import { threadKey } from "./correlation.ts";
import { askNow, begin } from "./decide-turn.ts";
import type { SessionEvent } from "./decision.ts";
import { titleOf } from "./naming.ts";
import { type Plan, plan } from "./plan.ts";
import { listOf } from "./status.ts";
import type { Ask, Mention, Ms, Person, Session, Thread } from "./types.ts";

/** How many asks may wait in a session. The queue is shown when it is full; more would only hide that nobody reads the answers. */
const MAX_QUEUED = 10;

/** Something is to be done; or it is said how to do, or corrected, what waits for that. */
export function order(
  session: Session,
  mention: Mention,
  event: Extract<SessionEvent, { type: "admitted" }>,
  now: Ms,
): Plan {
  const { verb, text: said } = saidIn(mention);
  const { options, text } = wishOf(session, mention);
  const other = session.turn && isChangeable(session) && options.repo ? otherThan(session, event) : null;
  if (other) {
    const ask = said === "" ? null : askOf(mention, event.author, said);
    return changed(session, { repository: other, mention, by: event.author, ask }, now);
  }
  const chosen = choose(session, event, options, { text, mention });
  const waits = session.undecided?.ask;
  const isEdit = mention.corrects !== undefined;
  // It is for whoever asked first; but the turn is counted where it was let in.
  const ask =
    waits && (said === "" || (isEdit && isOf(mention)(waits)))
      ? // Meanwhile they may have said who they are on GitHub.
        { ...waits, id: mention.id, text, author: waits.author.id === event.author.id ? event.author : waits.author }
      : askOf(mention, event.author, said);
  if ("problem" in chosen) {
    // A choice and no words: whoever made it too late is told so alone.
    if (session.work && said === "" && options.repo)
      return plan(session, { do: "refuse", mention, text: chosen.problem });
    return undecided(session, { ask, options }, mention.thread, chosen);
  }
  const { undecided: _, ...decided } = chosen.session;
  if (isEdit && !waits && said)
    return (
      correctedInPlace(decided, mention, said) ?? take(decided, { ...ask, text: correctionText(said) }, false, now)
    );
  if (ask.text) return take(decided, ask, verb === "queue" || isAside(mention), now);
  // A second click in the list under the question: it is done already, and the progress names it.
  if (decided.turn && options.repo) return plan(decided);
  return plan(decided, { do: "say", thread: mention.thread, text: "Noted. What shall I do?" });
}

/** On GitHub people go on talking under what the agent works on: what does not name us does not change the work under way. */
const isAside = ({ thread, addressed }: Mention): boolean => thread.surface === "github" && !addressed;

/** Whoever says it in other words takes the place of what they said; what another person waits for does not go without a word. */
export function displaced({ undecided: before }: Session, after: Session, by: Person): Plan {
  const asks = [...(after.undecided ? [after.undecided.ask] : []), ...(after.turn?.asks ?? [])];
  const waits = before?.ask;
  if (!waits || waits.author.id === by.id || asks.some(({ message }) => message === waits.message)) return plan(after);
  const text = `${by.name} asked for something else here before a repository was chosen, so I do not begin "${titleOf(waits.text)}". Say it again if it still counts.`;
  return plan(after, { do: "say", thread: waits.thread, text });
}

/** What somebody wants done, and how: whoever says only how says it of what was asked before. */
export function wishOf({ undecided }: Session, mention: Mention): { options: Options; text: string } {
  const { options, text } = saidIn(mention);
  if (text !== "" || !undecided) return { options, text };
  return { options: withOptions(undecided.options, options), text: undecided.ask.text };
}

function saidIn(mention: Mention): { verb: Command["verb"]; options: Options; text: string } {
  const command = commandOf(mention);
  return "options" in command ? command : { verb: command.verb, options: {}, text: "" };
}

/** What was asked waits for the answer; what is asked instead of an answer takes its place. */
function undecided(
  session: Session,
  waits: NonNullable<Session["undecided"]>,
  thread: Thread,
  { problem, choices }: { problem: string; choices?: string[] },
): Plan {
  const waiting = choices && waits.ask.text ? { ...session, undecided: waits } : session;
  return plan(waiting, { do: "say", thread, text: problem, ...(choices ? { choices } : {}) });
}

/** Files without a word are an order to look at them, and no call for help. */
export function commandOf({ text, files }: Mention): Command {
  const command = parseCommand(text);
  if (!files) return command;
  if (command.verb === "help" && text.trim() === "") return { verb: "ask", text: ONLY_FILES, options: {} };
  return command.verb === "ask" && command.text === "" ? { ...command, text: ONLY_FILES } : command;
}

/** What the first ask settles for the session, and what options change in it. */
function choose(
  session: Session,
  event: Extract<SessionEvent, { type: "admitted" }>,
  options: { repo?: string; agent?: string; model?: string },
  { text, mention }: { text: string; mention: Mention },
): { session: Session } | { problem: string; choices?: string[] } {
  if (event.choice.is === "problem" && event.choice.code === "agent.unknown") return { problem: event.choice.detail };
  const named = withWish(session, options);
  const isBegun = session.work && (session.turn || !isChangeable(session));
  if (session.work && (isBegun || !options.repo)) {
    if (isElsewhere(session, event, mention) || (options.repo && isOther(session, event)))
      return { problem: elsewhereText(session) };
    return { session: named };
  }
  if (event.choice.is === "problem") {
    const { detail: problem, choices } = event.choice;
    return choices ? { problem, choices } : { problem };
  }
  const { preferred } = event;
  const title = text ? titleOf(mention.subject ?? text) : session.title;
  return { session: { ...named, work: event.choice.work, title, ...(preferred ? { preferred } : {}) } };
}

/** On GitHub who may ask was checked for the repository that was asked on, and somebody may have linked a thread to another one's. */
export const isElsewhere = (
  session: Session,
  event: Extract<SessionEvent, { type: "admitted" }>,
  { thread }: Mention,
) => thread.surface === "github" && isOther(session, event);

const isOther = ({ work }: Session, { choice }: Extract<SessionEvent, { type: "admitted" }>): boolean =>
  work !== null && choice.is === "chosen" && choice.work.repository.id !== work.repository.id;

/** Name of the repository that was chosen, where it is not the session's. */
const otherThan = (session: Session, event: Extract<SessionEvent, { type: "admitted" }>): string | null =>
  event.choice.is === "chosen" && isOther(session, event) ? event.choice.work.repository.name : null;

/** For whoever wants another repository here. */
export const elsewhereText = ({ work }: Session): string =>
  `This thread works on \`${work?.repository.name}\`. Start a new thread for another repository.`;

/** `later`: not into the turn that goes on. */
export function take(session: Session, ask: Ask, later: boolean, now: Ms): Plan {
  const known = session.threads.some((thread) => threadKey(thread) === threadKey(ask.thread));
  const heard = known ? session : { ...session, threads: [...session.threads, ask.thread] };
  if (!heard.turn) return begin(heard, [ask], now);
  if (!later && heard.turn.phase.is !== "stopping" && heard.turn.phase.is !== "publishing") {
    // What joins a turn that waits for its sandbox waits as well.
    const [, ...joining] = heard.turn.phase.is === "waiting" ? heard.turn.asks : [];
    return joining.length < MAX_QUEUED ? askNow(heard, ask) : full(heard, ask, joining);
  }
  return heard.queue.length < MAX_QUEUED
    ? plan({ ...heard, queue: [...heard.queue, ask] })
    : full(heard, ask, heard.queue);
}

const full = (session: Session, { thread }: Ask, waiting: Ask[]): Plan =>
  plan(session, {
    do: "say",
    thread,
    text: `The queue is full (${MAX_QUEUED}). Wait, or write \`stop\`. Waiting: ${listOf(waiting, thread)}`,
  });

/** A mention as an ask: the words are those of the order in it. */
export function askOf(mention: Mention, author: Person, text: string): Ask {
  return {
    id: mention.id,
    thread: mention.thread,
    author,
    text,
    message: mention.message,
    at: mention.at,
    ...(mention.link ? { link: mention.link } : {}),
    ...(mention.about ? { about: mention.about } : {}),
    ...(mention.files ? { files: mention.files } : {}),
    ...(mention.subject ? { subject: mention.subject } : {}),
    ...(mention.mends ? { mends: mention.mends } : {}),
    ...(mention.review ? { review: mention.review } : {}),
    ...(mention.repository?.tip ? { tip: mention.repository.tip } : {}),
  };
}
