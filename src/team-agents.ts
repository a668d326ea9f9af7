/** `agents` of threadbox.yml: which coding agents the team has, in which versions; and which of them works where nobody says. */
import { z } from "zod";
import { CATALOGUE, type ConfiguredAgent } from "./agent-packages.ts";
import type { Config } from "./config.ts";
import { AGENT_NAME } from "./core/agents.ts";
import { ThreadboxError } from "./errors.ts";
import { EnvName, OneLine } from "./team-sandbox-sections.ts";
import { AGENT_KINDS, type AgentKind } from "./wire/agents.ts";

/** A range or a tag would be another agent tomorrow, on some of the machines. */
const EXACT = /^\d+\.\d+\.\d+(?:-[\dA-Za-z.-]+)?$/;
const EXACT_PACKAGE = /^(?:@[a-z\d][\w.-]*\/)?[a-z\d][\w.-]*@\d+\.\d+\.\d+(?:-[\dA-Za-z.-]+)?$/;
/** By the last word of its name: CLAUDE_CODE_MAX_OUTPUT_TOKENS is none. */
const SECRET_NAME = /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD)$/i;

const Listed = z.strictObject({
  name: z
    .string()
    .regex(AGENT_NAME, { error: "one word of letters, digits, dots, - and _, at most 40" })
    .optional()
    .describe("What people say in `agent=`; the kind, when it is left out."),
  kind: z
    .enum(AGENT_KINDS, { error: `has to be one of: ${AGENT_KINDS.join(", ")}` })
    .optional()
    .describe(
      "Which agent it is; the name, when it is left out. acp: any command that speaks the Agent Client Protocol.",
    ),
  version: z
    .string()
    .regex(EXACT, { error: `an exact version, such as ${CATALOGUE.claude.version}` })
    .optional()
    .describe("Exact version; the one that Threadbox is tested with, when it is left out."),
  command: z
    .array(z.string().min(1))
    .nonempty({ error: "the command line that speaks ACP, such as [gemini, --acp]" })
    .optional()
    .describe("Of an acp agent: the command line that speaks the protocol over its standard streams."),
  packages: z
    .array(
      z.string().regex(EXACT_PACKAGE, {
        error: "an npm package with its exact version, such as @google/gemini-cli@0.61.0",
      }),
    )
    .optional()
    .describe("Of an acp agent: npm packages that bring the command; none, where something else does."),
  model: z.string().min(1).optional().describe("Model of this agent, where nobody chooses another one."),
  env: z
    .record(EnvName, z.string().regex(OneLine, { error: "has to be one line" }), {
      error: (issue) => (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined),
    })
    .optional()
    .describe("Environment of its process. No secrets here."),
});
type Listed = z.infer<typeof Listed>;

export const Agents = z
  .array(Listed)
  .nonempty({ error: "name one, or leave it out for pi" })
  .superRefine((listed, context) => {
    for (const { path, message } of listed.flatMap((one, at) => [...alone(one, at), ...besideOthers(one, at, listed)]))
      context.addIssue({ code: "custom", path, message });
  })
  .describe(
    "Coding agents that people can choose from; the first works where nobody does. pi alone, when it is left out.",
  );

/** What the section cannot say about itself alone: repositories and channels name their agents. */
export function agentProblems(file: {
  agents?: Listed[] | undefined;
  repositories: { agent?: string | undefined }[];
  slack: { agents?: { agent?: string | undefined }[] | undefined };
}): Problem[] {
  const agents = file.agents ? toAgents(file.agents) : PI_ALONE;
  const isUnknown = (agent: string | undefined): boolean =>
    agent !== undefined && !agents.some(({ name }) => name === agent);
  const of = (named: { agent?: string | undefined }[], ...path: string[]): Problem[] =>
    named.flatMap(({ agent }, at) =>
      isUnknown(agent) ? [{ path: [...path, at, "agent"], message: unknownAgent(agents) }] : [],
    );
  return [...of(file.repositories, "repositories"), ...of(file.slack.agents ?? [], "slack", "agents")];
}

interface Problem {
  path: PropertyKey[];
  message: string;
}

/** Null when neither says it. */
function kindOf({ name, kind }: Listed): AgentKind | null {
  return kind ?? AGENT_KINDS.find((one) => one === name) ?? null;
}

const nameOf = (listed: Listed): string | null => listed.name ?? kindOf(listed);

function alone(listed: Listed, at: number): Problem[] {
  const kind = kindOf(listed);
  const problems: Problem[] = [];
  const wrong = (field: string, message: string) => problems.push({ path: [at, field], message });
  if (kind === null)
    wrong("kind", `is missing: ${AGENT_KINDS.join(", ")}; acp is any command that speaks that protocol`);
  if (kind === "acp" && !listed.command) wrong("command", "is missing: what speaks ACP, such as [gemini, --acp]");
  if (kind === "acp" && listed.version) wrong("version", "an acp agent has its versions in `packages`");
  for (const field of ["command", "packages"] as const)
    if (kind !== "acp" && kind !== null && listed[field]) wrong(field, `is for acp agents; ${kind} brings its own`);
  for (const name of Object.keys(listed.env ?? {}).filter((variable) => SECRET_NAME.test(variable)))
    problems.push({ path: [at, "env", name], message: "sounds like a secret; docs/agents.md says where those go" });
  return problems;
}

/** A machine has each package, and each program, once. */
function besideOthers(listed: Listed, at: number, all: Listed[]): Problem[] {
  const before = all.slice(0, at);
  const problems: Problem[] = [];
  const wrong = (field: string, message: string) => problems.push({ path: [at, field], message });
  const name = nameOf(listed);
  if (name !== null && before.some((other) => nameOf(other)?.toLowerCase() === name.toLowerCase()))
    wrong("name", `two of them are called ${name}`);
  const kind = kindOf(listed);
  const twin = before.find((other) => kind !== null && kind !== "acp" && kindOf(other) === kind);
  if (kind && kind !== "acp" && twin && versionOf(kind, twin) !== versionOf(kind, listed))
    wrong("version", `every ${kind} of a machine is the same; give ${nameOf(twin)} and ${name} one version`);
  for (const wanted of listed.packages ?? []) {
    const other = before
      .flatMap(({ packages = [] }) => packages)
      .find((one) => bare(one) === bare(wanted) && one !== wanted);
    if (other) wrong("packages", `a machine has one version of ${bare(wanted)}: ${other} or ${wanted}`);
  }
  return problems;
}

const versionOf = (kind: Exclude<AgentKind, "acp">, { version }: Listed): string => version ?? CATALOGUE[kind].version;
const bare = (packageName: string): string => packageName.slice(0, packageName.lastIndexOf("@"));

/** Where threadbox.yml says nothing of them. */
export const PI_ALONE: ConfiguredAgent[] = toAgents([{ name: "pi" }]);

/** Complete, in the order of the file. */
export function toAgents(listed: Listed[]): ConfiguredAgent[] {
  return listed.map((one) => {
    const kind = kindOf(one) ?? "pi"; // never: it has been checked
    const { command, model, packages = [], env = {} } = one;
    return {
      name: one.name ?? kind,
      kind,
      version: kind === "acp" ? null : versionOf(kind, one),
      packages,
      env,
      ...(model ? { model } : {}),
      ...(command ? { command } : {}),
    };
  });
}

/** The one of THREADBOX_AGENT, or the first. Null: nothing is called so. */
export function standardAgent(agent: Config["agent"], agents: ConfiguredAgent[]): ConfiguredAgent | null {
  return (agent === undefined ? agents[0] : agents.find(({ name }) => name === agent)) ?? null;
}

export const unknownAgent = (agents: ConfiguredAgent[]): string =>
  `one of the agents in threadbox.yml: ${agents.map(({ name }) => name).join(", ")}`;

/** Throws `config.invalid` when THREADBOX_AGENT names none of them. */
export function chosenAgent({ agent }: Pick<Config, "agent">, agents: ConfiguredAgent[]): ConfiguredAgent {
  const found = standardAgent(agent, agents);
  if (found) return found;
  throw new ThreadboxError(
    "config.invalid",
    `Cannot start, fix this in .env or the environment:\n  THREADBOX_AGENT: ${unknownAgent(agents)}`,
  );
}
