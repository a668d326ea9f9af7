/** The configured agents as they are where sandboxes run: which is there, in which version, with which key; and what to do about the rest. */
import { readAgentLogins } from "../agent-logins.ts";
import { type ConfiguredAgent, installationOf, isBroughtAlong, keysOf, type ModelKey } from "../agent-packages.ts";
import type { Config } from "../config.ts";
import { type FoundProgram, findPrograms, installedPackages } from "../sandboxes/local-programs.ts";
import { standardAgent } from "../team-agents.ts";

export interface AgentLook {
  agent: ConfiguredAgent;
  /** The one that works where nobody chooses. */
  isStandard: boolean;
  /** Exact; null where threadbox.yml leaves it to somebody else. */
  wanted: string | null;
  /** Null: not found, it does not say, or it was not looked for. */
  found: string | null;
  path: string | null;
  /** Variables of which it takes one; null: its own, which the bot does not hand over. */
  keys: readonly ModelKey[] | null;
  /** Its own login counts as well; null: nobody here knows. */
  hasKey: boolean | null;
  hasLogin: boolean;
  is: "there" | "in-image" | "in-repository" | "missing" | "outdated" | "silent";
}

/** Kinds of agents whose login is in the folder for that. Throws `config.invalid` for a folder that a bot would not start with. */
export const kindsWithLogin = ({ agentLogins }: Pick<Config, "agentLogins">): string[] =>
  agentLogins === null ? [] : Object.keys(readAgentLogins(agentLogins).logins);

/** At Modal nothing is asked: a build of the image that lacks one fails. */
export async function lookAtAgents(
  config: Config,
  agents: ConfiguredAgent[],
  logins = kindsWithLogin(config),
): Promise<AgentLook[]> {
  const standard = standardAgent(config.agent, agents);
  const looks = agents.map((agent) => ({ agent, isStandard: agent === standard, ...keysFor(agent, config, logins) }));
  if (config.provider !== "local")
    return looks.map((look) => ({ ...look, wanted: wantedOf(look.agent), found: null, path: null, is: "in-image" }));
  const programs = agents.map((agent) => installationOf(agent, process).program);
  const [installed, found] = await Promise.all([installedPackages(config.home), findPrograms(config, programs)]);
  return looks.map((look, at) => ({ ...look, ...judged(look.agent, found[at] ?? null, installed) }));
}

const KEYS = { ANTHROPIC_API_KEY: "anthropicApiKey", OPENAI_API_KEY: "openaiApiKey" } as const;

function keysFor(
  agent: ConfiguredAgent,
  { models }: Config,
  logins: string[],
): Pick<AgentLook, "keys" | "hasKey" | "hasLogin"> {
  const keys = keysOf(agent);
  const hasLogin = logins.includes(agent.kind);
  const hasKey = keys && (hasLogin || keys.some((key) => models[KEYS[key]] !== undefined));
  return { keys, hasKey, hasLogin };
}

/** Of the first package, where it has several: the others are what that one needs beside it. */
export function wantedOf({ version, packages: [first] }: ConfiguredAgent): string | null {
  return version ?? first?.slice(first.lastIndexOf("@") + 1) ?? null;
}

function judged(
  agent: ConfiguredAgent,
  program: FoundProgram | null,
  installed: Record<string, string>,
): Pick<AgentLook, "wanted" | "found" | "path" | "is"> {
  const { kind, packages, command } = agent;
  const wanted = wantedOf(agent);
  const { path = null, version: found = null } = program ?? {};
  const told = { wanted, found, path };
  // A script of the repository's own is there once that is cloned.
  if (!program && /^[^/]+\//.test(command?.[0] ?? "")) return { ...told, is: "in-repository" };
  if (!program) return { ...told, is: "missing" };
  // What an `acp` command answers to --version nobody knows; what npm has installed for it is known.
  const isInstalled = packages.every((wish) => {
    const at = wish.lastIndexOf("@");
    return installed[wish.slice(0, at)] === wish.slice(at + 1);
  });
  if (kind === "acp") return { ...told, is: isInstalled ? "there" : "outdated" };
  if (found === null) return { ...told, is: "silent" };
  return { ...told, is: found === wanted ? "there" : "outdated" };
}

/** One line each; null for what is fine. */
export function remedyFor({ is, agent, keys, hasKey }: AgentLook): string | null {
  const install = `threadbox agents install ${agent.name}`;
  if (is === "silent")
    return isBroughtAlong(agent) ? "Install the packages again: npm ci" : `Install it again: ${install}`;
  if (is === "missing" && isBroughtAlong(agent)) return "Install the packages again: npm ci";
  if (is === "missing" && agent.kind === "acp" && agent.packages.length === 0)
    return `Put ${agent.command?.[0]} where local sandboxes find it (docs/agents.md), or name its packages in threadbox.yml.`;
  if (is === "missing" || is === "outdated") return `Install it: ${install}`;
  return hasKey || !keys ? null : `Set ${keys.join(" or ")} in .env.`;
}
