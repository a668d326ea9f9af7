/**
 * What the agent asks people. Each `question.asked` in the journal gets exactly one `question.answered`:
 *
 *   open --POST /answer--> by person
 *        --deadline------> by deadline, with what counts otherwise
 *        --the turn is stopped or ends, the daemon dies--> by stop
 */
import { AgentEvent, MAX_OPTIONS } from "../wire/events.ts";
import type { AnswerRequest, AnswerResponse } from "../wire/routes.ts";
import type { AgentQuestion } from "./agents/agent.ts";
import type { DaemonClock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import { cutEnd, cutMiddle, MAX_OPTION_CHARS, MAX_QUESTION_CHARS } from "./limits.ts";
import type { DaemonLog } from "./log.ts";
import type { Redactor } from "./redactor.ts";

export interface QuestionsParts {
  journal: Journal;
  redactor: Redactor;
  clock: DaemonClock;
  log: DaemonLog;
  /** How long people have. */
  deadlineMs: number;
}

/** Of a turn. An extension that asks in a loop would fill the journal, and then the bot's database. */
const MAX_ASKED = 100;

type Asked = Extract<AgentEvent, { type: "question.asked" }>;
type Answered = Extract<AgentEvent, { type: "question.answered" }>;
/** Null: nobody answered in time. */
type Tell = (answer: string | null) => void;

interface Open {
  asked: Asked;
  /** The agent's own wording of each option that people were shown. */
  wording: Map<string, string>;
  /** Those too that people were not shown as options. */
  all: string[];
  tell: Tell;
  cancelDeadline: () => void;
}

export class Questions {
  readonly #parts: QuestionsParts;
  readonly #open = new Map<string, Open>();
  /** How many a turn has asked that people heard of. */
  readonly #asked = new Map<string, number>();

  constructor(parts: QuestionsParts) {
    this.#parts = parts;
  }

  /** `tell` is called once, unless the turn ends before. */
  ask(turn: string, question: AgentQuestion, tell: Tell): void {
    const { journal, redactor, clock, log } = this.#parts;
    const count = (this.#asked.get(turn) ?? 0) + 1;
    if (count > MAX_ASKED) {
      tell(null);
      return;
    }
    this.#asked.set(turn, count);
    const deadlineMs = Math.min(this.#parts.deadlineMs, question.withinMs ?? Number.POSITIVE_INFINITY);
    const { wording, ...shown } = shownOf(question, redactor);
    const event = { type: "question.asked", turn, question: question.question, ...shown, deadlineMs };
    const parsed = AgentEvent.safeParse(event);
    const isOdd = question.question.length > MAX_QUESTION_CHARS || this.#open.has(question.question);
    if (!parsed.success || parsed.data.type !== "question.asked" || isOdd) {
      log.warn("question.malformed", { turn, issues: parsed.error?.issues.map((issue) => issue.path.join(".")) });
      tell(null);
      return;
    }
    const asked = parsed.data;
    journal.append(asked);
    const cancelDeadline = clock.after(deadlineMs, () => {
      this.#close(asked, asked.otherwise, "deadline");
      tell(null);
    });
    this.#open.set(asked.question, { asked, wording, all: question.options, tell, cancelDeadline });
  }

  answer({ question, answer }: AnswerRequest): AnswerResponse["outcome"] {
    const open = this.#open.get(question);
    if (!open) return this.#isAnsweredBy(question, answer) ? "answered" : "over";
    const meant = meaningOf(answer, open.asked.options);
    this.#close(open.asked, meant, "person");
    open.tell(open.wording.get(meant) ?? meaningOf(meant, open.all));
    return "answered";
  }

  /** The turn is being stopped, or over: nobody waits any more. */
  stop(turn: string): void {
    this.#asked.delete(turn);
    for (const { asked } of [...this.#open.values()]) if (asked.turn === turn) this.#close(asked, null, "stop");
  }

  /** What an earlier process left open. */
  recover(turn: string): void {
    const { journal } = this.#parts;
    for (const asked of journal.openQuestions(turn)) this.#close(asked, null, "stop");
  }

  #close({ turn, question }: Asked, answer: string | null, by: Answered["by"]): void {
    this.#open.get(question)?.cancelDeadline();
    this.#open.delete(question);
    this.#parts.journal.append({ type: "question.answered", turn, question, answer, by });
  }

  /** The same answer twice is one, also when a restart lies between the two. */
  #isAnsweredBy(question: string, answer: string): boolean {
    const { journal, redactor } = this.#parts;
    const known = journal.question(question);
    if (known.answered?.by !== "person") return false;
    return redactor.blank(meaningOf(answer, known.asked?.options ?? [])) === known.answered.answer;
  }
}

/** As people get to see it. Blanked before it is cut, or half a secret would stay behind. */
function shownOf({ text, options, otherwise, permission }: AgentQuestion, { blank }: Redactor) {
  // Of a command the end matters as much as its beginning.
  const cut = permission ? cutMiddle : cutEnd;
  const wording = new Map<string, string>();
  const rest: string[] = [];
  for (const option of options) {
    const label = cutEnd(oneLine(blank(option)), MAX_OPTION_CHARS);
    if (label === "" || wording.get(label) === option) continue;
    if (wording.size < MAX_OPTIONS && !wording.has(label)) wording.set(label, option);
    else rest.push(blank(option).trim());
  }
  const more = rest.length > 0 ? `\n\nOr: ${rest.join(" · ")}` : "";
  const [label] = [...wording].find(([, option]) => option === otherwise) ?? [otherwise && blank(otherwise).trim()];
  return {
    text: cut((blank(text).trim() || NO_WORDS) + more, MAX_QUESTION_CHARS),
    options: [...wording.keys()],
    otherwise: label ? cutEnd(label, MAX_QUESTION_CHARS) : null,
    ...(permission
      ? {
          permission: {
            tool: cutEnd(blank(permission.tool), MAX_OPTION_CHARS),
            subject: cut(blank(permission.subject), MAX_QUESTION_CHARS),
          },
        }
      : {}),
    wording,
  };
}

/** For a dialog that has nothing but options. */
const NO_WORDS = "Which one?";

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** "yes!" is the option "Yes"; everything else is what it says. */
function meaningOf(words: string, options: string[]): string {
  const plain = (text: string) =>
    oneLine(text)
      .toLowerCase()
      .replace(/[.!]+$/, "");
  return options.find((option) => plain(option) === plain(words)) ?? words.trim();
}
