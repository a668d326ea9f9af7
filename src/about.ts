/** What a bot runs on and how to switch each part, for the lines that people see at the start. Pure. */
import type { Config } from "./config.ts";
import { usualWorker } from "./core/agent-choice.ts";
import type { TeamAgent } from "./core/agents.ts";
import type { TeamSettings } from "./repositories.ts";
import { chosenAgent, PI_ALONE } from "./team-agents.ts";

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
  const { agents = PI_ALONE } = team;
  const usual = usualWorker({ ...config, agent: chosenAgent(config, agents).name }, agents);
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
      is: `${usual.model ?? "the agent's default"}${keyText(config)}`,
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

function keyText({ models }: Config): string {
  if (models.anthropicApiKey) return " with ANTHROPIC_API_KEY";
  return models.openaiApiKey ? " with OPENAI_API_KEY" : ", NO KEY YET";
}
