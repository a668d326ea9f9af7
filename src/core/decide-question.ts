/**
 * Questions of the agent: asked in the turn's thread, one at a time; answered by whoever may ask; decided by the daemon, which hears
 * every answer and knows the time. So a question is over only when the daemon says so, or its turn is.
 */
import { ONLY_FILES } from "./attachments.ts";
import type { Command } from "./command.ts";
import { mayBeToldIn } from "./confidence.ts";
import { threadKey } from "./correlation.ts";
import { cutAt } from "./cut.ts";
import type { Effect, SessionEvent } from "./decision.ts";
import { utcMoment } from "./moment.ts";
import { titleOf } from "./naming.ts";
import { type Plan, plan, then } from "./plan.ts";
import {
  ALLOW,
  type AskedQuestion,
  DENY,
  type DecidedQuestion,
  decisionText,
  type OpenQuestion,
  type Question,
  type QuestionDecision,
} from "./question.ts";
import type { Mention, Person, Session, Thread, Turn } from "./types.ts";

/** More are an agent that goes round in circles: the thread is spared the others, and what counts otherwise counts for them at once. */
const MAX_QUESTIONS = 20;
/** Of the questions that are over, those that somebody may still press a button of. */
const MAX_REMEMBERED = 5;
/** What the daemon takes, less a line. */
const MAX_ANSWER_CHARS = 9_900;

type Of<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;

/** The agent asks. What it asks meanwhile waits, so that a plain reply answers one question and no other. */
export function asked(session: Session, event: Of<"question.asked">): Plan {
  const { turn } = session;
  const { question } = event;
  if (turn?.phase.is !== "running" || !isOf(turn, event) || isKnown(session, question.id)) return plan(session);
  const count = (turn.questionCount ?? 0) + 1;
  const counted = { ...turn, questionCount: count };
  if (count > MAX_QUESTIONS) return plan({ ...session, turn: counted }, withoutPeople(turn, question));
  if (!turn.question) return open(session, counted, question);
  return plan({ ...session, turn: { ...counted, questions: [...(turn.questions ?? []), question] } });
}

/** Its message stands in the thread. */
export function shown(session: Session, { question, ref }: Of<"question.shown">): Plan {
  const { turn, answered: decided = [] } = session;
  if (turn?.question?.id === question)
    return plan({ ...session, turn: { ...turn, question: { ...turn.question, ref } } });
  return plan({ ...session, answered: decided.map((one) => (one.id === question ? { ...one, ref } : one)) });
}

/** It cannot be posted, and nobody would answer what nobody sees: the agent does not wait until its time is up. */
export function unseen({ turn, ...rest }: Session, event: Of<"question.unseen">): Plan {
  const session = { ...rest, turn };
  const question = turn?.question;
  if (turn?.phase.is !== "running" || turn.id !== event.turn || question?.id !== event.question) return plan(session);
  return question.given ? plan(session) : plan(session, withoutPeople(turn, question));
}

/** Leave that nobody could be asked for is not given, whatever the sandbox says should count then. */
const withoutPeople = ({ id: turn }: Turn, { id, otherwise, permission }: Question): Effect => ({
  ...{ do: "answer-question", turn, question: id, mention: null },
  answer: permission ? DENY : otherwise?.trim() || ON_ITS_OWN,
});

const ON_ITS_OWN = "Nobody could be asked. Go on with your best judgement, and say what you assumed.";

/** The daemon's word on it. */
export function answered(session: Session, event: Of<"question.answered">): Plan {
  const { turn } = session;
  if (!turn || !isOf(turn, event)) return plan(session);
  const waiting = (turn.questions ?? []).filter(({ id }) => id !== event.question);
  const told: Session = { ...session, turn: { ...turn, questions: waiting } };
  if (turn.question?.id !== event.question) return plan(told);
  const decision = decisionOf(turn.question, event);
  return then(close(told, turn, decision), (current) => {
    const [next, ...questions] = waiting;
    if (!next || current.turn?.phase.is !== "running") return plan(current);
    return open(current, { ...current.turn, questions }, next);
  });
}

/** The daemon did not take an answer. Whoever gave it is told why, once that is known. */
export function tooLate(session: Session, { question, mention }: Of<"answer.over">): Plan {
  const { turn, answered: decided = [] } = session;
  const given = turn?.question?.id === question ? turn.question.given : undefined;
  if (turn?.question && given?.mention.id === mention.id)
    return plan({ ...session, turn: { ...turn, question: { ...turn.question, given: { ...given, over: true } } } });
  // Handed over once more after a restart, it was taken the first time.
  if (decided.some((one) => one.id === question && one.mention === mention.id)) return plan(session);
  return plan(session, refusal(session, mention, question));
}

/** Null where it is no answer. `command` is how the mention reads: what is one stays one, and so does the choice of a repository. */
export function answerIn(session: Session, mention: Mention, by: Person, command: Command): Plan | null {
  const { turn } = session;
  const isHere = turn?.phase.is === "running" && threadKey(turn.thread) === threadKey(mention.thread);
  const question = isHere ? turn.question : undefined;
  const isTaken = question?.given !== undefined && !question.given.over;
  if (mention.answers) {
    const { question: id } = mention.answers;
    if (turn && question?.id === id && !isTaken) return give(session, turn, question, { mention, by });
    return plan(session, refusal(session, mention, id));
  }
  if (!turn || !question || isTaken || mention.corrects !== undefined) return null;
  if (command.verb !== "ask" || (command.text === "" && command.options.repo !== undefined)) return null;
  return give(session, turn, question, { mention, by });
}

/** What is still open when its turn has ended, or begins once more, is over with it. */
export function overWithTurn({ turn }: Session, after: Plan): Plan {
  if (!turn?.question) return after;
  const { turn: now } = after.session;
  if (now?.id === turn.id && now.attempt === turn.attempt) return after;
  const isAgain = now?.id === turn.id;
  const closed = close(after.session, turn, { is: isAgain ? "lost" : endOf(turn) });
  // First it is settled, then the end of the turn is told.
  return { session: closed.session, effects: [...closed.effects, ...after.effects] };
}

const endOf = ({ phase }: Turn): "stopped" | "ended" =>
  phase.is === "stopping" && !phase.failure && !phase.overdue ? "stopped" : "ended";

/** For `status`; empty when nothing is asked. In another place than it was asked in a question has no words. */
export function waitingLine({ turn }: Session, to: Thread): string {
  if (!turn?.question) return "";
  const { expiresAt, text } = turn.question;
  const words = mayBeToldIn(turn.thread, to) ? `: "${titleOf(text)}"` : "";
  return ` It waits for an answer until ${utcMoment(expiresAt)}${words}.`;
}

const isOf = (turn: Turn, event: { turn: string; attempt: number }): boolean =>
  turn.id === event.turn && turn.attempt === event.attempt;

const isKnown = ({ turn, answered: decided = [] }: Session, id: string): boolean =>
  [turn?.question, ...(turn?.questions ?? []), ...decided].some((one) => one?.id === id);

function open(session: Session, turn: Turn, question: Question): Plan {
  const { id, thread } = turn;
  return plan(
    { ...session, turn: { ...turn, question } },
    { do: "ask", turn: id, thread, question: askedIn(session, turn, question) },
  );
}

const askedIn = (
  { title }: Session,
  { id: turn, asks }: Turn,
  { id, text, options, otherwise, expiresAt, permission }: Question,
): AskedQuestion => ({
  ...{ id, text, options, otherwise, expiresAt, turn, title },
  ...(permission ? { permission } : {}),
  askers: asks.map(({ author }) => author),
});

function give(
  session: Session,
  turn: Turn,
  question: OpenQuestion,
  { mention, by }: { mention: Mention; by: Person },
): Plan {
  const answer = chosen(question, mention);
  const { given: before, id } = question;
  const late = before ? [refusal(session, before.mention, id)] : [];
  const given = { mention, by, answer };
  return plan(
    { ...session, turn: { ...turn, question: { ...question, given } } },
    ...late,
    ...([{ do: "answer-question", turn: turn.id, question: id, answer, mention }] as const),
  );
}

/** What is written is compared with the options as people write: in any case, or by its number in the list. */
function chosen({ options, permission }: Question, { answers, text }: Mention): string {
  const pressed = answers?.option === undefined ? undefined : options[answers.option];
  if (pressed !== undefined) return pressed;
  // A file alone has none, and the daemon takes no answer without words.
  const said = text.trim() || ONLY_FILES;
  const named = options.find((option) => plain(option) === plain(said));
  const isYes = permission && named === undefined && YES.has(plain(said));
  if (isYes) return ALLOW;
  const [, number] = /^#?(\d{1,2})[.)]?$/.exec(said) ?? [];
  const answer = named ?? options[Number(number ?? 0) - 1] ?? said;
  return cutAt(answer, MAX_ANSWER_CHARS);
}

/** How people give leave; whatever else they say is a no. */
const YES = new Set(["yes", "y", "ok", "okay", "yes please", "allow it", "allowed", "go ahead", "do it"]);

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[.!]+$/, "");

function decisionOf({ given }: OpenQuestion, { by, answer }: Of<"question.answered">): QuestionDecision {
  if (by === "deadline") return { is: "expired", answer };
  if (by === "stop" || answer === null) return { is: "stopped" };
  const isGiven = given !== undefined && (given.answer === answer || !given.over);
  return { is: "answered", answer, by: isGiven ? given.by.name : null };
}

/** `turn` is as it was while the question was open; the session may be further. */
function close(session: Session, turn: Turn, decision: QuestionDecision): Plan {
  const { question } = turn;
  if (!question) return plan(session);
  const { id, expiresAt, ref, given } = question;
  const counted = decision.is === "answered" && decision.by !== null ? given : undefined;
  const decided: DecidedQuestion = {
    ...{ id, decision, expiresAt },
    ...(ref === undefined ? {} : { ref }),
    ...(counted ? { mention: counted.mention.id } : {}),
  };
  const answered = [...(session.answered ?? []), decided].slice(-MAX_REMEMBERED);
  const closed: Session = { ...session, answered, turn: session.turn && withoutQuestion(session.turn, turn) };
  const late = given?.over && !counted ? [refusal(closed, given.mention, id)] : [];
  const { thread } = turn;
  const settle: Effect = {
    do: "settle",
    turn: turn.id,
    thread,
    question: askedIn(session, turn, question),
    decision,
  };
  return plan(closed, settle, ...late);
}

function withoutQuestion(now: Turn, before: Turn): Turn {
  if (now.id !== before.id) return now;
  const { question: _, questions, ...rest } = now;
  return now.attempt === before.attempt && questions ? { ...rest, questions } : rest;
}

const refusal = (session: Session, mention: Mention, question: string): Effect => ({
  do: "refuse",
  mention,
  text: whyNot(session, question),
});

function whyNot({ turn, answered: decided = [] }: Session, question: string): string {
  const given = turn?.question?.id === question ? turn.question.given : undefined;
  if (given && !given.over) return alreadyText(given.by.name, given.answer);
  const known = decided.find(({ id }) => id === question);
  if (!known) return "That question is over; I could not hand your answer to the agent.";
  const { decision, expiresAt } = known;
  if (decision.is === "answered") return alreadyText(decision.by, decision.answer);
  return `That question is over. ${decisionText(decision, utcMoment(expiresAt))}`;
}

const alreadyText = (by: string | null, answer: string): string =>
  `That was answered already${by === null ? "" : ` by ${by}`}: ${titleOf(answer)}`;
