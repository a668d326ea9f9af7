/** Which agent works on a turn, by everything that is set up here, and how its daemon is told so. */
import {
  type AgentWish,
  type ChosenAgent,
  channelAgent,
  chooseAgent,
  unusual,
  usualWorker,
  type Worker,
} from "../core/agent-choice.ts";
import { lifeOf } from "../core/memory.ts";
import type { Repository, Session } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { AgentRequest } from "../wire/routes.ts";
import type { EngineSettings } from "./ports.ts";

export type AgentSettings = Pick<EngineSettings, "agent" | "model" | "agents" | "channelAgents">;

/** Of a session; a thread of its own it need not have. */
export type Wishing = AgentWish & Partial<Pick<Session, "thread" | "preferred">>;

/** Throws `agent.unknown` where the one that the thread works with is not set up any more. */
export function agentOf(
  settings: AgentSettings,
  { thread, preferred, ...said }: Wishing,
  repository: Repository | null,
): ChosenAgent {
  const { agent, model, agents, channelAgents = [] } = settings;
  const { agent: wished, model: wishedModel } = said;
  const wishes = {
    ...{ thread: { agent: wished, model: wishedModel }, repository: repository ?? {}, person: preferred },
    ...{ channel: thread && channelAgent(thread, channelAgents), bot: { agent, model } },
  };
  const chosen = chooseAgent(wishes, agents);
  if (chosen.agent === null) throw new ThreadboxError("agent.unknown", chosen.detail);
  return chosen;
}

export function forDaemon({ agent: { name, kind, command }, model }: ChosenAgent): AgentRequest {
  return { kind, ...(name === kind ? {} : { name }), ...(model ? { model } : {}), ...(command ? { command } : {}) };
}

export function workerOf(
  settings: AgentSettings,
  { agent: { name, kind }, model }: ChosenAgent,
  session: Session,
): Worker {
  const worker = { agent: name, kind, life: lifeOf(session), ...(model ? { model } : {}) };
  const called = calledHere(settings, worker);
  return { ...worker, ...(called === null ? {} : { called }) };
}

/** Null where everybody expects it. */
export const calledHere = (settings: AgentSettings, worker: Pick<Worker, "agent" | "model">): string | null =>
  unusual(worker, usualWorker(settings, settings.agents));
