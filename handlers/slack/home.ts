/**
 * App Home: shown when somebody opens it and after whatever they do in it. What they do is stored before Slack is acknowledged; the page
 * itself comes after that, and where it cannot be shown the log says so and nothing else happens.
 */
import type { types } from "@slack/bolt";
import type { Clock } from "../../src/clock.ts";
import type { HomeRecords, HomeTurn } from "../../src/core/home.ts";
import type { Identities, Member, Membership } from "../../src/core/identity.ts";
import type { Inbox } from "../../src/core/incoming.ts";
import { type AtMost, startOfDay } from "../../src/core/limits.ts";
import type { Repository } from "../../src/core/types.ts";
import { toThreadboxError } from "../../src/errors.ts";
import type { Where } from "../../src/installation.ts";
import type { Log } from "../../src/log.ts";
import {
  type HomeContent,
  type ListedTurn,
  MAX_MINE,
  MAX_OF_WORKSPACE,
  renderHome,
} from "../../src/surfaces/slack-home.ts";
import type { HomeAct } from "./home-actions.ts";
import { spoken } from "./spoken.ts";

/** What is given where App Home is wanted. */
export interface HomePorts {
  records: HomeRecords;
  /** Left out where nobody can connect GitHub. */
  identities?: Identities | undefined;
  repositories: readonly Repository[];
  /** Names of the agents that can be chosen. */
  agents: readonly string[];
  /** Of a workspace. */
  turnsPerDay: AtMost;
  /** The page of a session, or null where nobody could open it. */
  page(session: string): string | null;
}

export interface HomeDeps extends HomePorts {
  inbox: Inbox;
  publish(user: string, view: types.HomeView, at: Where): Promise<void>;
  /** False where that cannot be found out. */
  isAdmin(person: Membership, at: Where): Promise<boolean>;
  clock: Clock;
  log: Log;
}

export interface Home {
  /** Begins to show it, and does not wait until it is. */
  show(person: Membership, at: Where): void;
  /** Resolves when it is stored. */
  act(act: HomeAct, at: Where): Promise<void>;
  /** Names of those that can be chosen. */
  readonly agents: readonly string[];
  /** Resolves when nothing is being shown any more. */
  idle(): Promise<void>;
}

export function slackHome(deps: HomeDeps): Home {
  const showing = new Set<Promise<void>>();
  const show: Home["show"] = (person, at) => {
    const shown = publish(deps, person, at).catch((thrown: unknown) => {
      const { code, detail } = toThreadboxError(thrown);
      deps.log.warn({ person: person.id, code, detail }, "slack.home-not-shown");
    });
    showing.add(shown);
    void shown.finally(() => showing.delete(shown));
  };
  return {
    show,
    agents: deps.agents,
    async act(act, at) {
      await carryOut(deps, act);
      if (act.do !== "nothing") show(act.by, at);
    },
    async idle() {
      await Promise.all(showing);
    },
  };
}

async function carryOut(deps: HomeDeps, act: HomeAct): Promise<void> {
  switch (act.do) {
    case "prefer":
      await deps.records.prefer(act.by, act.change);
      deps.log.info({ person: act.by.id, ...act.change }, "slack.preferred");
      return;
    case "stop":
      return stop(deps, act);
    case "disconnect":
      return deps.identities?.disconnect(act.by);
    case "nothing":
      return;
    default:
      return act satisfies never;
  }
}

/** As if they had written `stop` in that thread. What is on the page may be over since, and then nothing else must be stopped for it. */
async function stop(
  { records, inbox, log }: HomeDeps,
  { by, ts, turn }: Extract<HomeAct, { do: "stop" }>,
): Promise<void> {
  const thread = await records.threadOf(turn);
  if (thread?.surface !== "slack" || thread.team !== by.team) {
    log.info({ turn, person: by.id, skipped: "turn-over" }, "slack.ignored");
    return;
  }
  const { team, channel, threadTs } = thread;
  const { mention } = spoken({
    ...{ team, channel, threadTs, message: threadTs, by: { id: by.id, name: by.name } },
    ...{ text: "stop", way: `action/${ts}/${by.id}`, ts },
  });
  const { is } = await inbox.receive(mention);
  log.info({ turn, person: by.id, dedupe: mention.dedupe, receipt: is }, "slack.received");
}

async function publish(deps: HomeDeps, person: Membership, at: Where): Promise<void> {
  await deps.publish(person.id, renderHome(await contentOf(deps, person, at)), at);
}

async function contentOf(deps: HomeDeps, person: Membership, at: Where): Promise<HomeContent> {
  const { records, identities, repositories, agents } = deps;
  const listed = (turns: HomeTurn[]): ListedTurn[] => turns.map((turn) => ({ ...turn, page: deps.page(turn.session) }));
  const [running, last, preferences, github, admin] = await Promise.all([
    records.running(person, MAX_MINE).then(listed),
    records.last(person, MAX_MINE).then(listed),
    records.preferencesOf(person),
    identities && githubOf(identities, { ...person, name: person.id }),
    deps.isAdmin(person, at).then((isAdmin) => (isAdmin ? forAdmins(deps, person.team, listed) : undefined)),
  ]);
  return {
    running,
    last,
    preferences,
    repositories,
    agents,
    ...(github ? { github } : {}),
    ...(admin ? { admin } : {}),
  };
}

async function githubOf(identities: Identities, member: Member): Promise<NonNullable<HomeContent["github"]>> {
  return (await identities.of(member)) ?? { connectUrl: await identities.connectUrl(member) };
}

async function forAdmins(
  { records, clock, turnsPerDay }: HomeDeps,
  team: string,
  listed: (turns: HomeTurn[]) => ListedTurn[],
): Promise<HomeContent["admin"]> {
  const [running, today] = await Promise.all([
    records.runningIn(team, MAX_OF_WORKSPACE).then(listed),
    records.dayOf(team, startOfDay(clock.now())),
  ]);
  return { running, today, turnsPerDay };
}
