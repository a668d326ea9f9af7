/** A mention on its way to a turn: checked first, then read as a command, then asked, steered, queued or answered at once. */
import { breaker, isToEverybody } from "./breaker.ts";
import { follows } from "./change.ts";
import { type Command, parseCommand } from "./command.ts";
import { mayBeToldIn } from "./confidence.ts";
import { isUnderWay, withdrawn } from "./correct.ts";
import { raised } from "./decide-budget.ts";
import { unawaited } from "./decide-identity.ts";
import { answerIn } from "./decide-question.ts";
import { leave, linked } from "./decide-thread.ts";
import { stop } from "./decide-turn.ts";
import type { SessionEvent } from "./decision.ts";
import { forked } from "./fork.ts";
import { withTip } from "./head.ts";
import { isStale, mendRefused, unmended } from "./mend.ts";
import { menuClosed } from "./menu.ts";
import { askOf, commandOf, displaced, elsewhereText, isElsewhere, order, take } from "./order.ts";
import { type Plan, plan, then } from "./plan.ts";
import { numbered, reviewAgain } from "./review.ts";
import { statusText, textOf } from "./status.ts";
import type { Ask, Mention, Ms, Person, Session } from "./types.ts";

/** How many may wait in a session until it is known who their authors are, while nobody can be asked about people. */
const MAX_CHECKING = 50;

/** Something was said: whether its author may ask is found out first. */
export function mentioned(session: Session, mention: Mention): Plan {
  const { verb } = parseCommand(mention.text);
  // An edit belongs to what was heard; whether it was is for `isTooLate` to say.
  const isNew = mention.corrects === undefined;
  // Pressed or filled in: however it reads, it is an answer and nothing else.
  const isAnswer = mention.answers !== undefined;
  // Found by a key that is another session's by now.
  if (mention.mends && mention.mends.session !== session.id) return plan(session);
  const mayBeOverheard = !isAnswer && !mention.mends && isNew && !mention.addressed;
  const isMuted = mayBeOverheard && session.muted && verb !== "stop" && verb !== "unmute";
  if ((verb === "aside" && !isAnswer) || isMuted || isTooLate(session, mention)) return plan(session);
  // A stop is heard all the same; only not for ever either.
  if (session.checking.length >= (verb === "stop" ? 2 : 1) * MAX_CHECKING)
    return plan(session, {
      ...{ do: "refuse", mention },
      text: `I cannot find out who may ask here at the moment, and ${MAX_CHECKING} messages wait for that already. I leave this one; say it again later.`,
    });
  const heard = numbered(session, mention);
  return plan(
    { ...heard.session, checking: [...session.checking, heard.mention] },
    { do: "check", mention: mention.id },
  );
}

/** Its author may not ask, or nobody can tell. */
export function turnedAway(session: Session, event: Extract<SessionEvent, { type: "turned-away" }>): Plan {
  const [mention, rest] = takeChecked(session, event.mention);
  if (!mention) return plan(session);
  const { text, connects } = event;
  if (mention.mends) return mendRefused(rest, mention.mends, text);
  if (isOverheard(session, mention)) return plan(rest);
  const refused = connects ? { mention: { ...mention, author: connects }, connect: true as const } : { mention };
  return plan(rest, { do: "refuse", text, ...refused });
}

/** People talk among themselves on GitHub, where everybody may; but who answers a question of the agent is told why that does not count. */
const isOverheard = ({ turn }: Session, { thread, addressed }: Mention): boolean =>
  thread.surface === "github" && !addressed && !turn?.question;

/** Its author may ask, only not now: everybody in the thread may know that, and somebody there may be who can help. */
export function limited(session: Session, event: Extract<SessionEvent, { type: "limited" }>): Plan {
  const [mention, rest] = takeChecked(session, event.mention);
  if (mention?.mends) return mendRefused(rest, mention.mends, event.text);
  return mention ? plan(rest, { do: "say", thread: mention.thread, text: event.text }) : plan(session);
}

/** Its author may ask: it is marked as seen, and done. */
export function admitted(session: Session, event: Extract<SessionEvent, { type: "admitted" }>, now: Ms): Plan {
  const [found, rest] = takeChecked(session, event.mention);
  if (!found) return plan(session);
  const mention = withTip(found, event.tip);
  if (isTooLate(rest, mention)) return plan(rest);
  if (mention.mends && isStale(rest, mention.mends)) return unmended(rest, mention.mends);
  // Said in another thread meanwhile: nobody has asked whether its author may write there.
  if (isElsewhereNow(session, event)) return plan(session, { do: "check", mention: mention.id });
  if (isToEverybody(event.author, mention)) return plan(rest);
  const judged = breaker(rest, event.author, { asks: isAsking(mention, event.author), now });
  if (judged.is === "paused")
    return mention.mends ? mendRefused(rest, mention.mends, BOTS_ALONE) : paused(judged, mention);
  return seen(judged.session, mention, event, now);
}

/** Said once, where it happened. */
const paused = ({ session, text }: { session: Session; text: string | null }, { thread }: Mention): Plan =>
  text === null ? plan(session) : plan(session, { do: "say", thread, text });

/** Nobody has said what a session tells itself: in a person's name it ends no pause of the bots, in a bot's it counts as that bot's. */
const isAsking = (mention: Mention, author: Person): boolean =>
  ASKING.has(commandOf(mention).verb) && (!mention.mends || author.bot === true);

const BOTS_ALONE = "Bots alone have asked here, and too often.";

const ASKING: ReadonlySet<Command["verb"]> = new Set(["ask", "queue", "fork", "fresh", "retry"]);

function seen(rest: Session, mention: Mention, event: Extract<SessionEvent, { type: "admitted" }>, now: Ms): Plan {
  if (mention.corrects !== undefined && mention.text === "")
    return follows(rest, mention.thread, mention) ?? withdrawn(rest, mention, event.author, now);
  // An operator's word from elsewhere has no message in the thread that could be marked as seen.
  // Neither has a button or a menu: what comes of it shows that it was pressed.
  const isPressed = mention.pressed || mention.answers !== undefined;
  const here = mention.author.surface === mention.thread.surface && !isPressed;
  const marked = here
    ? plan(rest, { do: "acknowledge", thread: mention.thread, message: mention.message })
    : plan(rest);
  return then(marked, (current) => obey(current, mention, event, now));
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
    case "raise":
      if (isElsewhere(session, event, mention)) return say(elsewhereText(session));
      return raised(
        session,
        { mention, by: event.author, dollars: command.dollars, refused: event.raise },
        (current, asks) => take(current, askAgain(mention, asks, event.author), false, now),
        now,
      );
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
      return then(
        then(order(session, mention, event, now), (after) => displaced(session, after, event.author)),
        (after) => menuClosed(session, after, { mention, by: event.author }),
      );
    default:
      return command satisfies never;
  }
}

const MUTED = "I leave replies alone here that do not mention me. `unmute` ends that; `stop` is heard in any case.";

/** What nobody said where it is tried again has no words there: they would name its commit and its pull request. */
function askAgain(mention: Mention, last: Ask[], author: Person): Ask {
  const again = { ...askOf(withFilesOf(mention, last), author, textOf(last)), ...reviewAgain(last) };
  const isToldHere = last.every(({ thread }) => mayBeToldIn(thread, mention.thread));
  return isToldHere ? again : { ...again, subject: "What was asked before, once more" };
}

/** Tried again in a new place, it needs what came with it the first time. */
function withFilesOf(mention: Mention, asks: Ask[]): Mention {
  const files = [...asks, mention].flatMap((one) => one.files ?? []);
  return files.length > 0 ? { ...mention, files } : mention;
}
