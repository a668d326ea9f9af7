/** `threadbox agents`: which coding agents this bot has, and whether each can work. */
import type { Command } from "commander";
import { readTeamSettings } from "../repositories.ts";
import { chosenAgent } from "../team-agents.ts";
import { teamFile } from "../team-file.ts";
import { agentsInstallCommand } from "./agents-install.ts";
import { type AgentLook, lookAtAgents, remedyFor } from "./agents-look.ts";
import { command, run } from "./command.ts";
import { type Output, paint, table } from "./output.ts";
import { readSettings } from "./settings.ts";

export function agentsCommand(): Command {
  return command({
    name: "agents",
    summary: "List the coding agents of threadbox.yml, and install them for local sandboxes.",
    examples: [
      ["agents", "which there are, which are installed, and what is missing"],
      ["agents install", "installs all of them for the sandboxes of this machine"],
      ["agents --json", "the same as JSON"],
    ],
  })
    .action((options: { json?: boolean }) => run(options, agents))
    .addCommand(agentsInstallCommand());
}

export const COLUMNS = ["AGENT", "KIND", "WANTED", "FOUND", "KEY", "STATE", "WHERE"];

async function agents(output: Output): Promise<number> {
  const { config } = readSettings();
  const team = readTeamSettings(teamFile(), config.github?.url);
  const all = team.agents;
  chosenAgent(config, all);
  const looks = await lookAtAgents(config, all);
  const rows = looks.map((look) => [
    look.isStandard ? `${look.agent.name} *` : look.agent.name,
    look.agent.kind,
    look.wanted ?? "-",
    look.found ?? "-",
    look.hasLogin ? "its login" : (look.keys?.join(" or ") ?? "its own"),
    stateOf(look),
    look.path ?? "-",
  ]);
  output.say(table([COLUMNS, ...rows]));
  for (const look of looks) {
    const remedy = remedyFor(look);
    if (remedy) output.say(paint(["yellow"], `${look.agent.name}: ${remedy}`, output.colour));
  }
  if (looks.length > 1) output.say("* works where nobody chooses another with agent=");
  output.result({ provider: config.provider, agents: looks.map(documentOf) });
  return 0;
}

function stateOf(look: AgentLook): string {
  const { is, hasKey } = look;
  if (is === "in-image") return hasKey === false ? "in the image, no key" : "in the image";
  if (is === "in-repository") return "in the repository";
  // Whether it has the key that it wants nobody here knows.
  if (is === "there") return hasKey === null ? "installed" : hasKey ? "ready" : "no key";
  return { missing: "not installed", outdated: "another version", silent: "does not start" }[is];
}

function documentOf(look: AgentLook): object {
  const { agent, isStandard, wanted, found, path, keys, hasKey, hasLogin, is } = look;
  const { name, kind, model = null, command: line = null } = agent;
  const remedy = remedyFor(look);
  return {
    name,
    kind,
    model,
    command: line,
    isStandard,
    wanted,
    found,
    path,
    keys,
    hasKey,
    hasLogin,
    is,
    ready: remedy === null,
    remedy,
  };
}
