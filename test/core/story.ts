/** Material for tests of the pure core: people, threads, mentions, and a session brought to a state by telling it what happened. */
import { decide, newSession } from "../../src/core/decide.ts";
import type { Effect, SessionEvent } from "../../src/core/decision.ts";
import type { Mention, Person, Repository, Session, Thread, TurnResult, Work } from "../../src/core/types.ts";

export const NOW = 1_000_000;
export const alice: Person = {
  surface: "slack",
  id: "U1",
  name: "alice",
  git: { name: "Alice", email: "alice@example.com" },
};
export const bob: Person = { surface: "slack", id: "U2", name: "bob" };
export const slackThread: Thread = { surface: "slack", team: "T1", channel: "C1", threadTs: "1.1" };
export const pullRequestThread: Thread = {
  surface: "github",
  repo: { id: 7, owner: "acme", name: "api" },
  number: 5,
  is: "pr",
  installation: 1,
};
export const plain: Repository = {
  id: "https://git.example.com/acme/api",
  name: "acme/api",
  url: "https://git.example.com/acme/api.git",
  base: "main",
};
export const onGitHub: Repository = { ...plain, id: "7", github: { owner: "acme", name: "api", installation: 1 } };
export const work: Work = { repository: plain, branch: "threadbox/fix-test-s0001", own: true };
export const done: TurnResult = { outcome: "done", answer: "Fixed.", durationMs: 5 };

export function mention(id: string, text: string, change: Partial<Mention> = {}): Mention {
  return {
    id,
    dedupe: `slack:T1/C1/${id}`,
    keys: ["slack:thread:T1/C1/1.1"],
    thread: slackThread,
    author: alice,
    text,
    addressed: true,
    at: NOW,
    message: id,
    ...change,
  };
}

/** Both halves of a mention that may be asked. */
export function says(
  id: string,
  text: string,
  change: Partial<Mention> = {},
  repository: Repository = plain,
): SessionEvent[] {
  const said = mention(id, text, change);
  return [
    { type: "mentioned", mention: said },
    { type: "admitted", mention: id, author: said.author, choice: { is: "chosen", work: { ...work, repository } } },
  ];
}

export interface Told {
  session: Session;
  /** What the last event asked for. */
  effects: Effect[];
  /** What all events together asked for. */
  all: Effect[];
}

/** Tells a new session what happened, in order. */
export function tell(...events: (SessionEvent | SessionEvent[])[]): Told {
  let session = newSession("s0001", slackThread, "the test fails", NOW);
  let effects: Effect[] = [];
  const all: Effect[] = [];
  for (const event of events.flat()) {
    const decision = decide(session, event, NOW);
    session = decision.session;
    effects = decision.effects.map((numbered) => numbered.effect);
    all.push(...effects);
  }
  return { session, effects, all };
}

/** Of a machine that nobody ends but us. */
export const ready: SessionEvent = {
  type: "sandbox.ready",
  running: { name: "threadbox-s0001", url: "http://127.0.0.1:1", endsAt: null },
  from: "cold",
};
export const accepted = (turn: string): SessionEvent => ({ type: "turn.accepted", turn });
export const ended = (turn: string, result: TurnResult = done, attempt = 1): SessionEvent => ({
  type: "turn.ended",
  turn,
  attempt,
  result,
});

/** The names of effects, which is what most tests are about. */
export const names = (effects: Effect[]): string[] =>
  effects.map((effect) => (effect.do === "wake-me" ? `wake-me ${effect.when}` : effect.do));
