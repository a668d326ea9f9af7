/** A question of the agent to people: what it is, how it was decided, and the words for that on every surface. Plain data, as all of `types.ts`. */
import type { Mention, Ms, Person } from "./types.ts";

export { ALLOW, DENY } from "../wire/agents.ts";
export { MAX_OPTIONS } from "../wire/events.ts";

export interface Question {
  /** Given by the daemon; means nothing but itself. */
  id: string;
  /** The agent's words, in Markdown. */
  text: string;
  /** May be empty: then it is answered in words. */
  options: string[];
  /** What counts when nobody answers in time. */
  otherwise: string | null;
  /** It asks for leave to do that; the options are `ALLOW` and `DENY`, and other words are a no with a reason. */
  permission?: { tool: string; subject: string };
  expiresAt: Ms;
}

/** The agent waits for its answer. */
export interface OpenQuestion extends Question {
  /** Its message in the thread, once that is posted. */
  ref?: string;
  /** An answer on its way to the agent. */
  given?: GivenAnswer;
}

interface GivenAnswer {
  mention: Mention;
  by: Person;
  answer: string;
  /** The daemon did not take it; why not is known once it tells how the question was decided. */
  over?: true;
}

/** `by` is null where an answer did not come through us. `lost`: its sandbox went, and the turn begins once more. */
export type QuestionDecision =
  | { is: "answered"; answer: string; by: string | null }
  | { is: "expired"; answer: string | null }
  | { is: "stopped" }
  | { is: "ended" }
  | { is: "lost" };

/** What a turn knows of its agent's questions. */
export interface Asking {
  /** What the agent waits for. */
  question?: OpenQuestion;
  /** What it asked besides, each to be asked when the one before is over. */
  questions?: Question[];
  /** How many it asked in all. */
  questionCount?: number;
}

/** What a session remembers of a question that is over, for whoever still answers it. */
export interface DecidedQuestion {
  id: string;
  decision: QuestionDecision;
  expiresAt: Ms;
  ref?: string;
  /** The mention whose answer counted. */
  mention?: string;
}

/** With what a surface needs to show it. */
export interface AskedQuestion extends Question {
  turn: string;
  /** The session's. */
  title: string;
  /** Whom to ping. */
  askers: Person[];
}

export interface SettledQuestion extends AskedQuestion {
  decision: QuestionDecision;
  /** Its message; null where its name was not recorded: then the marker tells. */
  ref: string | null;
}

/** Goes out with its message, and finds it again. */
export const questionMarker = ({ turn, id }: Pick<AskedQuestion, "turn" | "id">): string => `${turn}/question/${id}`;

/** How it was decided, in one line. `until` is its last moment, as the surface spells moments. */
export function decisionText(decision: QuestionDecision, until: string): string {
  switch (decision.is) {
    case "answered":
      return `Answered${decision.by === null ? "" : ` by ${decision.by}`}: ${decision.answer}`;
    case "expired":
      return decision.answer === null
        ? `Nobody answered until ${until}; going on without an answer.`
        : `Nobody answered until ${until}; going on with: ${decision.answer}`;
    case "stopped":
      return "The turn was stopped before anybody answered.";
    case "ended":
      return "The turn ended before anybody answered.";
    case "lost":
      return "The sandbox that asked was lost, and the turn begins once more.";
    default:
      return decision satisfies never;
  }
}

/** How to answer, and what happens otherwise; it stands under the options. */
export function howToAnswer({ options, otherwise, permission }: Question, until: string): string {
  if (permission)
    return `Reply here Allow or Deny until ${until}; other words are a no, with that reason. After that it is denied`;
  const how = options.length > 0 ? "Reply here with a number, or in your own words" : "Reply here in your own words";
  const then = otherwise === null ? "I go on without an answer" : `I go on with: ${otherwise}`;
  return `${how}, until ${until}. After that ${then}`;
}
