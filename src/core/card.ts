/** What people see of a session's pull request in the threads that follow it: how it stands now, and when somebody has to do something. Pure. */
import type { Changes } from "../wire/events.ts";
import type { Ms, Person, Thread } from "./types.ts";

/** A pull request as it stood when it was looked at. */
export interface Card {
  number: number;
  url: string;
  /** Foreign text: everybody who may write there can change it. */
  title: string;
  /** What people call it: `acme/api`. */
  repository: string;
  state: "open" | "merged" | "closed";
  draft: boolean;
  /** The commit that the checks are about. */
  head: string;
  /** The branch that it goes to. */
  base?: string;
  /** It cannot be merged as it is; `at` is the commit that the base stands at. `unknown` while GitHub computes whether it can. */
  conflict?: { at: string } | "unknown";
  changes: Changes;
  /** Null where nobody lets us see them. */
  checks: Checks | null;
  /** The last word of each person who may write there, oldest first. */
  reviews: Review[];
  /** GitHub's time of its last change. Checks do not count as one. */
  updatedAt: Ms;
}

export interface Checks {
  passed: number;
  failed: number;
  /** Begun or waiting. */
  running: number;
  /** Names of some of those that failed: foreign text. */
  failing: string[];
}

export interface Review {
  id: number;
  by: string;
  says: "approved" | "changes-requested";
  url: string;
}

/** What a session keeps of it. */
export interface CardState {
  seen?: Card;
  lookedAt?: Ms;
  /** `armed`: a timer will begin it. `again`: something happened since it began. */
  look?: { is: "armed" | "under-way"; since: Ms; again?: true };
  /** The last look showed it as it was before; the next one is believed. */
  doubted?: true;
  /** Where it stands. */
  places: { thread: Thread; ref: string }[];
  /** What people were told that they have to do something about, the last of it. */
  told: string[];
  /** Who spoke to the agent on GitHub in the last turn: it has worked on what they had to say. */
  heard?: string[];
  /** Who asked for the work last, where they can be called. */
  asked?: { thread: Thread; author: Person };
  /** What the session has tried by itself to put it right. */
  mending?: Mending;
  /** How many looks in a row GitHub had not computed whether it can be merged. */
  unsettled?: number;
}

/** Which session is to mend what it pushed; `fault` tells one fault from another. */
export interface Mends {
  session: string;
  fault: string;
}

export interface Mending {
  /** Faults that it was woken for, the last of them: once for each. */
  tried: string[];
  /** Since a person's turn pushed something. */
  tries: number;
  /** All of them, ever; tells one from another. */
  count: number;
  /** On its way to the session. */
  asking?: string;
  /** People were asked to go on. */
  gaveUp?: true;
}

/** News of a pull request that a person has to do something about, said once. */
export interface Concern {
  /** The same news has the same key. */
  key: string;
  /** Markdown, one line. */
  text: string;
  /** Whose review it is. */
  by?: string;
}

/** Nobody has to do anything about what is merged or closed, nor about checks while others may still fail. */
export function concernsOf({ state, checks, reviews, head, ...card }: Card): Concern[] {
  if (state !== "open") return [];
  const name = linkTo(card);
  const failed = hasFailed(checks)
    ? [{ key: checksKey(head), text: `Checks failed on ${name}: ${failingText(checks)}. ${REMEDY}` }]
    : [];
  const asked = reviews.filter(({ says }) => says === "changes-requested");
  return [
    ...failed,
    ...asked.map(({ id, by, url }) => ({
      ...{ key: `review:${id}`, by },
      text: `${by} asks for changes on [${card.repository}#${card.number}](${url}). ${REMEDY}`,
    })),
  ];
}

export const REMEDY = "Write here what I shall do about it.";

/** Whichever of them it was. */
export const checksKey = (head: string): string => `checks:${head}`;

export const linkTo = ({ repository, number, url }: Pick<Card, "repository" | "number" | "url">): string =>
  `[${repository}#${number}](${url})`;

/** Not while others run: they may fail as well. */
export const hasFailed = (checks: Checks | null): checks is Checks =>
  checks !== null && checks.failed > 0 && checks.running === 0;

const MAX_NAMED = 3;
const MAX_NAME_CHARS = 60;

export function failingText({ failing, failed }: Checks): string {
  const named = failing.slice(0, MAX_NAMED).map((name) => `\`${spelled(name)}\``);
  const more = failed - named.length;
  if (named.length === 0) return `${failed}`;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

/** What could end the code, or begin a link, is left out. */
export const spelled = (name: string): string =>
  name
    .replace(/[`[\]]/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_NAME_CHARS) || "?";

/** Whether people would see the same. A database gives fields back in another order. */
export const looksLike = (one: Card, other: Card): boolean => facesOf(one) === facesOf(other);

const facesOf = ({ number, url, title, repository, state, draft, head, changes, checks, reviews }: Card): string =>
  JSON.stringify([
    ...[number, url, title, repository, state, draft, head],
    ...[changes.files, changes.insertions, changes.deletions],
    ...[checks && [checks.passed, checks.failed, checks.running, checks.failing]],
    ...reviews.map(({ id, by, says }) => [id, by, says]),
  ]);
