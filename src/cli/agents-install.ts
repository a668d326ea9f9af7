/** `threadbox agents install`: puts configured agents where local sandboxes find them, in the versions of threadbox.yml. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type ConfiguredAgent, type Installation, installationOf, isBroughtAlong } from "../agent-packages.ts";
import type { Config } from "../config.ts";
import { readTeamSettings } from "../repositories.ts";
import { agentsFolder, installAgent } from "../sandboxes/local-agents.ts";
import { installedPackages } from "../sandboxes/local-programs.ts";
import { teamFile } from "../team-file.ts";
import { type AgentLook, lookAtAgents, remedyFor } from "./agents-look.ts";
import { command, run } from "./command.ts";
import { Interrupted, Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import { openSteps } from "./sandbox-steps.ts";
import { readSettings } from "./settings.ts";
import { onInterrupt } from "./signals.ts";

export function agentsInstallCommand(): Command {
  return command({
    name: "install",
    summary:
      "Install agents of threadbox.yml with npm, for the sandboxes of this machine; all of them, when none is named.",
    examples: [
      ["agents install", "all that are listed"],
      ["agents install claude codex", "these two"],
      ["agents install --json", "print what was done as JSON"],
    ],
  })
    .argument("[names...]", "as threadbox.yml calls them")
    .action((names: string[], _options: object, self: Command) => {
      // `--json` is an option of the command above it too, which takes it wherever it stands.
      const options: { json?: boolean } = self.optsWithGlobals();
      return run(options, (output) => install(names, output));
    });
}

type Did = "installed" | "was-there" | "comes-with-threadbox" | "brought-by-others";

async function install(names: string[], output: Output): Promise<number> {
  const { config } = readSettings();
  const team = readTeamSettings(teamFile(), config.github?.url);
  const wanted = chosen(names, team.agents);
  if (config.provider !== "local")
    throw new Refused(
      `Sandboxes are at ${config.provider}, whose image has the agents of threadbox.yml.`,
      "Nothing is to be installed here; a bot that starts builds the image when that has changed.",
    );
  const did = await whileNotInterrupted((signal) => installAll(config, wanted, signal));
  const looks = await lookAtAgents(config, wanted);
  const all = looks.map((look, at) => ({
    ...look,
    did: did[at],
    remedy: look.is === "there" ? null : remedyFor(look),
  }));
  for (const one of all) output.say(lineOf(one));
  const ok = all.every(({ remedy }) => remedy === null);
  const listed = all.map(({ agent: { name }, found, path, did: how, remedy }) => ({
    name,
    found,
    path,
    did: how,
    remedy,
  }));
  output.result({ ok, folder: agentsFolder(config.home), agents: listed });
  return ok ? 0 : 1;
}

function lineOf({
  agent,
  found,
  wanted,
  path,
  did,
  remedy,
}: AgentLook & { did: Did | undefined; remedy: string | null }): string {
  const called = [agent.name, found ?? wanted].filter((word) => word !== null).join(" ");
  if (remedy) return `${called}: ${remedy}`;
  return `${called} ${WORDS[did ?? "was-there"]}${path ? `: ${path}` : ""}`;
}

const WORDS: Record<Did, string> = {
  installed: "is installed",
  "was-there": "was there already",
  "comes-with-threadbox": "comes with Threadbox",
  "brought-by-others": "is not installed by Threadbox",
};

function chosen(names: string[], agents: ConfiguredAgent[]): ConfiguredAgent[] {
  const known = agents.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Refused(
      `threadbox.yml has no agent ${unknown.join(", ")}.`,
      `It has ${known.join(", ")}; others are added under \`agents\` (docs/agents.md).`,
    );
  return names.length === 0 ? agents : agents.filter(({ name }) => names.includes(name));
}

async function installAll(config: Config, agents: ConfiguredAgent[], signal: AbortSignal): Promise<Did[]> {
  const steps = openSteps();
  const did: Did[] = [];
  try {
    for (const agent of agents) {
      const installation = installationOf(agent, process);
      const how = isBroughtAlong(agent) ? "comes-with-threadbox" : await already(config.home, installation);
      did.push(how ?? "installed");
      if (how) continue;
      steps.step(`installing ${agent.name} with npm: ${installation.packages.join(", ")}`);
      await installAgent(config.home, installation, { said: steps.said, signal });
    }
  } finally {
    steps.end();
  }
  return did;
}

/** Null: npm has something to do. */
async function already(home: string, { packages, program }: Installation): Promise<Did | null> {
  if (packages.length === 0) return "brought-by-others";
  const installed = Object.entries(await installedPackages(home)).map(([name, version]) => `${name}@${version}`);
  const isLinked = existsSync(join(agentsFolder(home), "bin", program));
  return isLinked && packages.every((one) => installed.includes(one)) ? "was-there" : null;
}

async function whileNotInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const left = new AbortController();
  const giveBack = onInterrupt(() => left.abort());
  try {
    return await work(left.signal);
  } catch (thrown) {
    throw left.signal.aborted ? new Interrupted() : thrown;
  } finally {
    giveBack();
  }
}
