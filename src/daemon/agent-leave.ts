/** What becomes of an agent's wish for leave to use a tool: answered by a rule, or put to people. */
import type { Permissions } from "../wire/routes.ts";
import { type AgentQuestion, ALLOW, DENY } from "./agents/agent.ts";
import { decide } from "./permissions.ts";

type Wish = NonNullable<AgentQuestion["permission"]>;

export type Leave =
  /** `denied`: why, where it is a no. */
  { is: "decided"; answer: string; denied?: Wish & { rule: string } } | { is: "open"; question: AgentQuestion };

/** Without rules everything is allowed; what is no wish for leave is always for people. */
export function leaveFor(question: AgentQuestion, permissions: Permissions | undefined, cwd: string): Leave {
  const { permission } = question;
  if (!permission) return { is: "open", question };
  const verdict = permissions ? decide(permissions, { ...permission, cwd }) : null;
  if (!verdict || verdict.decide === "allow") return { is: "decided", answer: ALLOW };
  const seen = { tool: permission.tool, subject: visible(permission.subject) };
  const { rule } = verdict;
  if (verdict.decide === "deny") return { is: "decided", answer: ruledOut(rule), denied: { ...seen, rule } };
  const text = `Allow ${seen.tool}: ${seen.subject}`;
  return { is: "open", question: { ...question, text, options: [ALLOW, DENY], otherwise: DENY, permission: seen } };
}

/** A person's answer, as the agent is told it. Nobody's (null) is a no, and each agent has its own words for that. */
export function leaveGiven(question: AgentQuestion, answer: string | null): string | null {
  if (!question.permission || answer === null || answer === ALLOW) return answer;
  return answer === DENY ? `${DENIED} ${INSTEAD}` : `${DENIED} They said: ${answer}`;
}

const INSTEAD = "Do not try to get it done in another way; go on without it, and say so in your answer.";
const DENIED = "The people you work for did not allow this.";
const ruledOut = (rule: string): string =>
  `Not allowed here: a rule of the people you work for denies it (${rule}). ${INSTEAD}`;

/** Controls, and letters that take room and show nothing: Hangul fillers, an empty pattern of Braille. */
const INVISIBLE = /(?![\n\t])[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gu;

/** What people say yes to they have to see: nothing that turns the line round, hides in it, or pushes its end out of sight. */
function visible(subject: string): string {
  return subject
    .replace(INVISIBLE, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`)
    .replace(/[^\S\n]{20,}/g, `${" ".repeat(20)}…`)
    .replace(/\n\s*\n\s*\n/g, "\n\n");
}
