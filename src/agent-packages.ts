/**
 * Which packages an agent is installed from, and which program it then is. The versions are those that the contract suite has passed
 * (`test/agents`); pi's is the one of our own lockfile. Platform packages are named themselves where the package of that name only
 * fetches them in an install script: none of those is run here.
 */
import about from "../package.json" with { type: "json" };
import type { TeamAgent } from "./core/agents.ts";
import { AGENT_TAKES, type AgentKind, KEY_VARIABLES, type KeyOwner } from "./wire/agents.ts";

/** One agent of `threadbox.yml`, complete. */
export interface ConfiguredAgent extends TeamAgent {
  /** Null for an `acp` agent: its packages say which. */
  version: string | null;
  /** npm packages of an `acp` agent, each `name@version`. */
  packages: string[];
  /** Environment of its process. No secrets. */
  env: Record<string, string>;
}

/** As npm's platform packages call them; `process` has both under these names. */
export interface Machine {
  platform: string;
  arch: string;
}

/** Modal's machines. */
export const AT_MODAL: Machine = { platform: "linux", arch: "x64" };

interface Catalogued {
  /** The command. */
  program: string;
  version: string;
  package(machine: Machine): string;
  /** Where the program lies in the package, when that does not tell npm. */
  file?: string;
}

const PI = "@earendil-works/pi-coding-agent";

export const CATALOGUE: Record<Exclude<AgentKind, "acp">, Catalogued> = {
  pi: {
    program: "pi",
    version: about.dependencies[PI],
    package: () => PI,
  },
  claude: {
    program: "claude",
    version: "2.1.329",
    package: ({ platform, arch }) => `@anthropic-ai/claude-code-${platform}-${arch}`,
    file: "claude",
  },
  opencode: {
    program: "opencode",
    version: "1.18.33",
    package: ({ platform, arch }) => `opencode-${platform}-${arch}`,
    file: "bin/opencode",
  },
  codex: {
    program: "codex",
    version: "0.169.0",
    package: () => "@openai/codex",
  },
};

/** What is installed for one agent. */
export interface Installation {
  agent: string;
  /** npm packages, each `name@version`. Empty where somebody else brings the program along. */
  packages: string[];
  /** The command that has to be there afterwards. */
  program: string;
  /** What it answers to `--version`; null where nobody knows whether it answers at all. */
  version: string | null;
  /** `package/path` of the program below `node_modules`, where npm does not link it. */
  file: string | null;
}

export function installationOf(
  { name, kind, version, packages, command }: ConfiguredAgent,
  machine: Machine,
): Installation {
  if (kind === "acp") return { agent: name, packages, program: command?.[0] ?? name, version, file: null };
  const entry = CATALOGUE[kind];
  const its = entry.package(machine);
  const wanted = version ?? entry.version;
  const file = entry.file === undefined ? null : `${its}/${entry.file}`;
  return { agent: name, packages: [`${its}@${wanted}`], program: entry.program, version: wanted, file };
}

/** Several agents of one kind are one installation, which the first of them is named in. */
export function installationsOf(agents: ConfiguredAgent[], machine: Machine): Installation[] {
  const all = agents.map((agent) => installationOf(agent, machine));
  const same = (one: Installation, other: Installation): boolean =>
    one.program === other.program && one.packages.join() === other.packages.join();
  return all.filter((one, at) => all.findIndex((other) => same(one, other)) === at);
}

export type ModelKey = (typeof KEY_VARIABLES)[KeyOwner];

/** Variables of the bot that hold a key it can work with; one of them is enough. Null: nobody here knows what an `acp` agent wants. */
export const keysOf = ({ kind }: Pick<TeamAgent, "kind">): readonly ModelKey[] | null =>
  kind === "acp" ? null : AGENT_TAKES[kind].keys.map((owner) => KEY_VARIABLES[owner]);

/** A local sandbox has it from the bot's own packages, without any installation. */
export const isBroughtAlong = ({ kind, version }: Pick<ConfiguredAgent, "kind" | "version">): boolean =>
  kind === "pi" && version === CATALOGUE.pi.version;
