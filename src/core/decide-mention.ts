/** A mention on its way to a turn: checked first, then read as a command, then asked, steered, queued or answered at once. */
import { ONLY_FILES } from "./attachments.ts";
import { changed, follows, isChangeable } from "./change.ts";
import { type Command, type Options, parseCommand } from "./command.ts";
import { mayBeToldIn } from "./confidence.ts";
import { correctedInPlace, correctionText, isOf, isUnderWay, withdrawn } from "./correct.ts";
import { threadKey } from "./correlation.ts";
import { unawaited } from "./decide-identity.ts";
import { answerIn, waitingLine } from "./decide-question.ts";
import { leave, linked } from "./decide-thread.ts";
import { askNow, begin, stop } from "./decide-turn.ts";
import type { SessionEvent } from "./decision.ts";
import { forked } from "./fork.ts";
import { waitingText } from "./limits.ts";
import { titleOf } from "./naming.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ask, Mention, Ms, Person, Session, Thread } from "./types.ts";

/** How many asks may wait in a session. The queue is shown when it is full; more would only hide that nobody reads the answers. */
export const MAX_QUEUED = 10;

/** How many may wait in a session until it is known who their authors are, while nobody can be asked about people. */
const MAX_CHECKING = 50;

/** Something was said: whether its author may ask is found out first. */
export function mentioned(session: Session, mention: Mention): Plan {
  const { verb } = parseCommand(mention.text);
  // An edit belongs to what was heard; whether it was is for `isTooLate` to say.
  const isNew = mention.corrects === undefined;
  // Pressed or filled in: however it reads, it is an answer and nothing else.
  const isAnswer = mention.answers !== undefined;
  const isOverheard = !isAnswer && session.muted && isNew && !mention.addressed && verb !== "stop" && verb !== "unmute";
  if ((verb === "aside" && !isAnswer) || isOverheard || isTooLate(session, mention)) return plan(session);
  // A stop is heard all the same; only not for ever either.
  if (session.checking.length >= (verb === "stop" ? 2 : 1) * MAX_CHECKING)
    return plan(session, {
      ...{ do: "refuse", mention },
      text: `I cannot find out who may ask here at the moment, and ${MAX_CHECKING} messages wait for that already. I leave this one; say it again later.`,
    });
  return plan({ ...session, checking: [...session.checking, mention] }, { do: "check", mention: mention.id });
}

/** Its author may not ask, or nobody can tell. */
export function turnedAway(session: Session, event: Extract<SessionEvent, { type: "turned-away" }>): Plan {
  const [mention, rest] = takeChecked(session, event.mention);
  if (!mention) return plan(session);
  const { text, connects } = event;
  const refused = connects ? { mention: { ...mention, author: connects }, connect: true as const } : { mention };
  return plan(rest, { do: "refuse", text, ...refused });
}

/** Its author may ask, only not now: everybody in the thread may know that, and somebody there may be who can help. */
export function limited(session: Session, event: Extract<SessionEvent, { type: "limited" }>): Plan {
  const [mention, rest] = takeChecked(session, event.mention);
  return mention ? plan(rest, { do: "say", thread: mention.thread, text: event.text }) : plan(session);
}

/** Its author may ask: it is marked as seen, and done. */
export function admitted(session: Session, event: Extract<SessionEvent, { type: "admitted" }>, now: Ms): Plan {
  const [mention, rest] = takeChecked(session, event.mention);
  if (!mention) return plan(session);
  if (isTooLate(rest, mention)) return plan(rest);
  // Said in another thread meanwhile: nobody has asked whether its author may write there.
  if (isElsewhereNow(session, event)) return plan(session, { do: "check", mention: mention.id });
  if (mention.corrects !== undefined && mention.text === "")
    return follows(rest, mention.thread, mention) ?? withdrawn(rest, mention, event.author, now);
  // An operator's word from elsewhere has no message in the thread that could be marked as seen.
  // Neither has a button: the question itself shows that it was pressed.
  const here = mention.author.surface === mention.thread.surface && mention.answers === undefined;
  const seen = here ? plan(rest, { do: "acknowledge", thread: mention.thread, message: mention.message }) : plan(rest);
  return then(seen, (current) => obey(current, mention, event, now));
}

/** What went on in another session may be under way there. */
function isElsewhereNow({ work }: Session, { workedOn, choice }: Extract<SessionEvent, { type: "admitted" }>): boolean {
  if (!work || workedOn === undefined || workedOn === work.repository.id) return false;
  return choice.is !== "chosen" || choice.work.repository.id !== work.repository.id;
}

const isTooLate = (session: Session, mention: Mention): boolean =>
  mention.corrects !== undefined && !session.moved && !isUnderWay(session, mention);

function takeChecked(session: Session, id: string): [Mention | undefined, Session] {
  const mention = session.checking.find((one) => one.id === id);
  return [mention, { ...session, checking: session.checking.filter((one) => one.id !== id) }];
}

function obey(session: Session, mention: Mention, event: Extract<SessionEvent, { type: "admitted" }>, now: Ms): Plan {
  const command = commandOf(mention);
  const answer = answerIn(session, mention, event.author, command);
  // An answer is words: what is attached to it is told to the agent besides.
  if (answer) return mention.files ? then(answer, (current) => order(current, mention, event, now)) : answer;
  // Whatever it is: a `stop` that stayed here would stop nothing.
  const followed = follows(session, mention.thread, mention);
  if (followed) return followed;
  const say = (text: string): Plan => plan(session, { do: "say", thread: mention.thread, text });
  const stopping = { thread: mention.thread, by: event.author, at: mention.at };
  const gone = (anew: string): Plan =>
    then(unawaited(session, stopping), (current) => leave(current, { mention, by: event.author, anew }, now));
  switch (command.verb) {
    case "aside":
      return plan(session);
    case "help":
      return plan(session, { do: "help", thread: mention.thread });
    case "status":
      return say(statusText(session, mention.thread, now));
    case "stop": {
      const ended = unawaited(session, stopping);
      return then(ended, (current) => stop(current, { ...stopping, isTold: ended.effects.length > 0 }, now));
    }
    case "mute":
      return then(plan({ ...session, muted: true }), (muted) =>
        plan(muted, { do: "say", thread: mention.thread, text: MUTED }),
      );
    case "unmute": {
      const { muted: _, ...heard } = session;
      return plan(heard, { do: "say", thread: mention.thread, text: "I listen again." });
    }
    case "link":
      return event.link ? linked(session, mention.thread, event.link) : plan(session);
    case "unlink":
      return gone("");
    case "fresh":
      return gone(command.anew);
    case "retry":
      if (isElsewhere(session, event, mention)) return say(elsewhereText(session));
      return session.last
        ? take(session, askAgain(mention, session.last, event.author), false, now)
        : say("There is nothing to try again yet.");
    case "fork":
      // Nothing to go on from: then it is about a fork of another kind.
      if (session.work || command.text === "") return forked(session, { ...mention, author: event.author }, command);
      return order(session, { ...mention, text: `queue ${mention.text}` }, event, now);
    case "ask":
    case "queue":
      return then(order(session, mention, event, now), (after) => displaced(session, after, event.author));
    default:
      return command satisfies never;
  }
}

const MUTED = "I leave replies alone here that do not mention me. `unmute` ends that; `stop` is heard in any case.";

/** Something is to be done; or it is said how to do, or corrected, what waits for that. */
function order(session: Session, mention: Mention, event: Extract<SessionEvent, { type: "admitted" }>, now: Ms): Plan {
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
  if (ask.text) return take(decided, ask, verb === "queue", now);
  // A second click in the list under the question: it is done already, and the progress names it.
  if (decided.turn && options.repo) return plan(decided);
  return plan(decided, { do: "say", thread: mention.thread, text: "Noted. What shall I do?" });
}

/** Whoever says it in other words takes the place of what they said; what another person waits for does not go without a word. */
function displaced({ undecided: before }: Session, after: Session, by: Person): Plan {
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
  return { options: { ...undecided.options, ...options }, text: undecided.ask.text };
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
  const named = { ...session, agent: options.agent ?? session.agent, model: options.model ?? session.model };
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
const isElsewhere = (session: Session, event: Extract<SessionEvent, { type: "admitted" }>, { thread }: Mention) =>
  thread.surface === "github" && isOther(session, event);

const isOther = ({ work }: Session, { choice }: Extract<SessionEvent, { type: "admitted" }>): boolean =>
  work !== null && choice.is === "chosen" && choice.work.repository.id !== work.repository.id;

/** Name of the repository that was chosen, where it is not the session's. */
const otherThan = (session: Session, event: Extract<SessionEvent, { type: "admitted" }>): string | null =>
  event.choice.is === "chosen" && isOther(session, event) ? event.choice.work.repository.name : null;

const elsewhereText = ({ work }: Session): string =>
  `This thread works on \`${work?.repository.name}\`. Start a new thread for another repository.`;

function take(session: Session, ask: Ask, later: boolean, now: Ms): Plan {
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

function askOf(mention: Mention, author: Person, text: string): Ask {
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
  };
}

/** What nobody said where it is tried again has no words there: they would name its commit and its pull request. */
function askAgain(mention: Mention, last: Ask[], author: Person): Ask {
  const again = askOf(withFilesOf(mention, last), author, textOf(last));
  const isToldHere = last.every(({ thread }) => mayBeToldIn(thread, mention.thread));
  return isToldHere ? again : { ...again, subject: "What was asked before, once more" };
}

/** Tried again in a new place, it needs what came with it the first time. */
function withFilesOf(mention: Mention, asks: Ask[]): Mention {
  const files = [...asks, mention].flatMap((one) => one.files ?? []);
  return files.length > 0 ? { ...mention, files } : mention;
}

const textOf = (asks: Ask[]): string => asks.map((ask) => ask.text).join("\n\n");

const listOf = (asks: Ask[], to?: Thread): string => asks.map((ask) => named(ask, ask.text, to)).join(", ");

/** In another place than it was asked in it may have no words. */
const named = ({ thread }: Pick<Ask, "thread">, text: string, to: Thread = thread): string =>
  mayBeToldIn(thread, to) ? `"${titleOf(text)}"` : "something that was asked elsewhere";

/** What `status` answers: one or two lines, no model involved. */
export function statusText(session: Session, to: Thread, now: Ms): string {
  const waiting = session.queue.length > 0 ? ` Waiting: ${listOf(session.queue, to)}.` : "";
  const where = session.work ? ` on \`${session.work.repository.name}\`, branch \`${session.work.branch}\`` : "";
  if (!session.turn)
    return `Nothing is running${where}. The sandbox is ${SANDBOX_WORDS[session.sandbox.is]}.${heldUp(session, to)}`;
  const doing = named(session.turn, session.turn.asks[0]?.subject ?? textOf(session.turn.asks), to);
  if (session.sandbox.is === "starting" && session.sandbox.full !== undefined)
    return `${waitingText(session.sandbox.full)}${where}: ${doing}.${waiting}`;
  const minutes = Math.floor((now - session.turn.startedAt) / 60_000);
  return `Working${where} for ${minutes < 1 ? "less than a minute" : `${minutes} min`}: ${doing}.${waitingLine(session, to)}${waiting}`;
}

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
