/**
 * Which agent works, and with which model: what was said in the thread, then what the repository has, its channel, the person who began it,
 * the bot. The repository stands before the channel and the person, because a repository is worked on in the same way from wherever
 * somebody asks. A model belongs to an agent, so it is never handed to another one that is of another kind. Pure.
 */
import type { AgentKind } from "../wire/agents.ts";
import type { TeamAgent } from "./agents.ts";
import type { Options } from "./command.ts";
import type { Thread } from "./types.ts";

/** What one place says of it. */
export interface AgentWish {
  agent?: string | null | undefined;
  model?: string | null | undefined;
}

/** The places, in the order in which they count. */
export interface AgentWishes {
  /** Said in the thread; counts whatever the agent. */
  thread: AgentWish;
  repository?: AgentWish | undefined;
  channel?: AgentWish | undefined;
  person?: AgentWish | undefined;
  bot: { agent: string; model?: string | undefined };
}

export interface ChosenAgent {
  agent: TeamAgent;
  /** The agent's own default, when it is left out. */
  model: string | undefined;
}

/** Nobody has set up the agent that is named: `detail` says so, and which there are. */
export interface NoAgent {
  agent: null;
  detail: string;
}

/**
 * Places that name an agent which is not there any more say nothing, but for the thread itself and the bot: those who talk there named it,
 * and nothing stands behind the bot's.
 */
export function chooseAgent(wishes: AgentWishes, agents: readonly TeamAgent[]): ChosenAgent | NoAgent {
  const { thread, repository = {}, channel = {}, person = {}, bot } = wishes;
  const named = (name: string | null | undefined): TeamAgent | undefined =>
    name ? agentNamed(agents, name) : undefined;
  if (thread.agent && !named(thread.agent)) return { agent: null, detail: goneText(thread.agent, agents) };
  const usual = named(bot.agent);
  const agent = [thread, repository, channel, person].flatMap((place) => named(place.agent) ?? []).at(0) ?? usual;
  if (!agent) return { agent: null, detail: unknownAgentText(bot.agent, agents) };
  // A model without an agent beside it was meant for the one that works everywhere.
  const meant = [repository, channel, person].flatMap((place): { by: TeamAgent; model: string }[] => {
    const by = place.agent ? named(place.agent) : usual;
    return by && place.model ? [{ by, model: place.model }] : [];
  });
  const own = meant.find(({ by }) => by.name === agent.name)?.model;
  const bots = usual?.name === agent.name ? bot.model : undefined;
  // What was meant for another one of its kind is understood by it, but says less of it than what it is set up with.
  const alike = [...meant, ...(usual && bot.model ? [{ by: usual, model: bot.model }] : [])];
  const kin = alike.find(({ by }) => isAlike(by, agent))?.model;
  return { agent, model: thread.model ?? own ?? agent.model ?? bots ?? kin };
}

/** Behind one protocol stand many programs. */
const isAlike = (one: TeamAgent, other: TeamAgent): boolean =>
  one.kind === other.kind && (one.kind !== "acp" || one.command?.join("\0") === other.command?.join("\0"));

/** However it is spelled. */
export const agentNamed = (agents: readonly TeamAgent[], name: string): TeamAgent | undefined =>
  agents.find((one) => one.name.toLowerCase() === name.toLowerCase());

export const agentNames = (agents: readonly TeamAgent[]): string =>
  agents.map(({ name }) => `\`${name}\``).join(", ") || "none";

/** For whoever names one that nobody has set up. */
export const unknownAgentText = (name: string, agents: readonly TeamAgent[]): string =>
  `There is no agent "${name}". I know: ${agentNames(agents)}.`;

/** For a thread that has worked with it. */
export const goneText = (name: string, agents: readonly TeamAgent[]): string =>
  `The agent "${name}" that this thread works with is not set up here any more. Say \`agent=\` with one of: ${agentNames(agents)}.`;

/** What is said now, over what was said before: whoever names an agent alone has said nothing of its model. */
export function withWish<Before extends AgentWish>(before: Before, { agent, model }: Options): Before {
  if (agent !== undefined) return { ...before, agent, model: model ?? null };
  return model === undefined ? before : { ...before, model };
}

/** The same for options of which the first have not been acted on yet. */
export function withOptions(before: Options, now: Options): Options {
  if (now.agent === undefined) return { ...before, ...now };
  const { model: _, ...kept } = before;
  return { ...kept, ...now };
}

/** Who works on a turn, as it is kept with it. */
export interface Worker {
  agent: string;
  kind: AgentKind;
  model?: string;
  /** Of the sandbox: see `memory.ts`. */
  life: number;
  /** What people are told of it; absent where it is what everybody expects. */
  called?: string;
  /** It had not worked here before, or not last: whose work it was told of. */
  toldOf?: string[];
  /** It had worked here, and lost what it knew with its sandbox. */
  anew?: true;
}

type Named = Pick<Worker, "agent" | "model">;

/** Who works where nobody has said anything. */
export function usualWorker(bot: AgentWishes["bot"], agents: readonly TeamAgent[]): Named {
  const { agent, ...chosen } = chooseAgent({ thread: {}, bot }, agents);
  const model = "model" in chosen ? chosen.model : undefined;
  return { agent: agent?.name ?? bot.agent, ...(model === undefined ? {} : { model }) };
}

/** The agent and its model where that is not what everybody expects; null where it is. */
export function unusual({ agent, model }: Named, usual: Named): string | null {
  if (agent === usual.agent && model === usual.model) return null;
  return model === undefined ? agent : `${agent}, ${model}`;
}

/** What a channel says of it, by its thread. */
export interface ChannelAgent extends AgentWish {
  channels: string[];
}

/** The first that names the channel counts. */
export const channelAgent = (thread: Thread, all: readonly ChannelAgent[]): ChannelAgent | undefined =>
  thread.surface === "slack" ? all.find(({ channels }) => channels.includes(thread.channel)) : undefined;
