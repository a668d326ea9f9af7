/** What a bot runs on and how to switch each part, for the lines that people see at the start. Pure. */
import { keysOf } from "./agent-packages.ts";
import type { Config } from "./config.ts";
import { usualWorker } from "./core/agent-choice.ts";
import type { TeamAgent } from "./core/agents.ts";
import type { TeamSettings } from "./repositories.ts";
import { chosenAgent } from "./team-agents.ts";
import { takesOf } from "./wire/agents.ts";

export interface AboutLine {
  what: string;
  is: string;
  /** How to have it otherwise. */
  change: string;
}

/** `database` says where that is, without a password. */
export function aboutLines(
  config: Config,
  team: TeamSettings,
  running: { surfaces: string[]; database: string },
): AboutLine[] {
  const { agents } = team;
  const chosen = chosenAgent(config, agents);
  const usual = usualWorker({ ...config, agent: chosen.name }, agents);
  const repositories = team.repositories.map(({ name }) => name).join(", ");
  return [
    {
      what: "surfaces",
      is: running.surfaces.join(", "),
      change: "SLACK_* and GITHUB_* variables, see .env.example",
    },
    { what: "provider", is: config.provider, change: "THREADBOX_PROVIDER" },
    { what: "agent", is: agentText(usual.agent, agents), change: "THREADBOX_AGENT, or agent= in a message" },
    {
      what: "model",
      is: `${usual.model ?? "the agent's default"}${keyText(config, chosen)}`,
      change: "ANTHROPIC_API_KEY or OPENAI_API_KEY; THREADBOX_MODEL, or model= in a message",
    },
    { what: "database", is: running.database, change: "DATABASE_URL" },
    { what: "repositories", is: repositories || "none", change: "threadbox.yml" },
  ];
}

/** Others only where there are any. */
function agentText(usual: string, agents: readonly TeamAgent[]): string {
  const others = agents.map(({ name }) => name).filter((name) => name !== usual);
  return others.length > 0 ? `${usual} (also: ${others.join(", ")})` : usual;
}

/** Of the keys that this agent can work with. What an `acp` agent wants nobody here knows. */
function keyText({ models, agentLogins }: Config, agent: TeamAgent): string {
  const values = { ANTHROPIC_API_KEY: models.anthropicApiKey, OPENAI_API_KEY: models.openaiApiKey };
  const keys = keysOf(agent);
  const key = keys?.find((name) => values[name]);
  if (key) return ` with ${key}`;
  if (agentLogins !== null && takesOf(agent.kind).login) return " with its login";
  return keys ? ", NO KEY YET" : ", with a key of its own";
}
