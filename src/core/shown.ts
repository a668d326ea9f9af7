/** What people are shown of a turn: its progress while it goes on, its answer at the end. */
import type { Tally } from "./attempt-usage.ts";
import type { ForkAnswer } from "./head.ts";
import type { KnownOutcome } from "./test-outcomes.ts";
import type { Ms, Person, PullRequest, TurnResult } from "./types.ts";

/** What is shown while a turn goes on: the stream of the agent, condensed. Folded by `condense.ts`. */
export interface Progress extends Tally {
  turn: string;
  /** The session's, where a surface can call a thread by it. */
  title?: string;
  /** What was asked, where it may be repeated. */
  asked?: string;
  /** Another repository can be chosen still. */
  changeable?: true;
  startedAt: Ms;
  /** One line: what it does now ("Running npm test"). */
  now: string;
  /** The last steps, oldest first; how many are kept is for `condense.ts` to say. */
  steps: Step[];
  /** Steps that fell off the front. */
  earlierSteps: number;
  /** The last thing that the agent said, one paragraph. */
  said: string;
  repository: string | null;
  branch: string | null;
  /** Which budget is nearly used up, and that the turn is stopped then. */
  near?: string;
  tools: number;
  /** The tests that it ran, by their commands. Absent before the turn has begun. */
  tests?: KnownOutcome[];
  ended: TurnResult["outcome"] | null;
  /** The last of what a rule denied it. */
  denied?: string[];
  /** The agent waits for people. */
  waits?: boolean;
  /** When it last changed; silence is measured from here. */
  changedAt: Ms;
}

/** One tool call of the agent, as people see it. */
export interface Step {
  call: string;
  title: string;
  state: "running" | "ok" | "failed";
}

/** A command of the agent that ran tests, and how its last run ended: `ok` is null where that cannot be told. */
export interface TestOutcome {
  command: string;
  ok: boolean | null;
}

/** What the surfaces render as the final message of a turn. */
export interface Answer extends ForkAnswer {
  turn: string;
  session: string;
  title: string;
  result: TurnResult;
  /** One line of remedy for a failure, from the catalog. */
  remedy?: string;
  repository: string | null;
  pullRequest: PullRequest | null;
  /** What was run of tests; empty: none, although something was changed. Absent where there is nothing to say. */
  tests?: TestOutcome[];
  /** Who worked, where that is not what everybody expects. */
  worker?: string | undefined;
  /** Whom to ping. */
  askers: Person[];
  /** The session's page, when PUBLIC_URL is set or the surface is local. */
  page: string | null;
}
