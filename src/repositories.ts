/**
 * `threadbox.yml`: which repositories the bot works on, and who may ask where. Everything that is not a secret and not of the machine.
 * The JSON schema that editors read (`threadbox.schema.json`) is made from the same object.
 */
import { z } from "zod";
import type { ConfiguredAgent } from "./agent-packages.ts";
import type { Config } from "./config.ts";
import { parseCommand } from "./core/command.ts";
import { canonicalGitUrl, isGitUrl } from "./core/correlation.ts";
import type { Limits } from "./core/limits.ts";
import type { Ms, Repository } from "./core/types.ts";
import { ThreadboxError } from "./errors.ts";
import { readOptionalFile } from "./optional-file.ts";
import type { SandboxSettings } from "./sandboxes/settings.ts";
import { Agents, agentProblems, PI_ALONE, toAgents } from "./team-agents.ts";
import { PricesSection } from "./team-budgets.ts";
import { ChannelAgents } from "./team-channel-agents.ts";
import { DEFAULT_TURN_MINUTES, LimitsSection, toLimits } from "./team-limits.ts";
import { PermissionsSection, type TeamPermissions, toPermissions, toSilence } from "./team-permissions.ts";
import { Retention, retentionMs } from "./team-retention.ts";
import { DEFAULTS, Image, Modal, ofRepository, sandboxProblems } from "./team-sandbox-sections.ts";
import { toSandboxSettings } from "./team-sandboxes.ts";
import { Schedule } from "./team-schedules.ts";
import { inWords } from "./team-words.ts";
import { yamlOf } from "./team-yaml.ts";
import type { AgentRequest } from "./wire/routes.ts";

/** Logins can be given up and taken by somebody else. */
const ids = (what: string) =>
  z.array(
    z.string().regex(/^\d+$/, {
      error: `has to be the number of ${what} on GitHub, in quotes: gh api users/NAME --jq .id tells it`,
    }),
  );

const Listed = z.strictObject({
  name: z.string().min(1).describe("What people call it: owner/name."),
  url: z
    .string()
    .min(1)
    .refine(isGitUrl, "is no git URL, such as https://host/path.git, git@host:path or file:///path")
    .optional()
    .describe("git URL; https://github.com/<name>.git when it is left out."),
  base: z
    .string()
    .min(1)
    .optional()
    .describe("Branch that work starts from and pull requests go to; the remote's default branch when it is left out."),
  setup: z.string().min(1).optional().describe("Shell command that prepares a fresh clone, such as `npm ci`."),
  channels: z
    .array(z.string())
    .optional()
    .describe("Slack channel ids whose threads are about this repository, where nobody says otherwise."),
  label: z
    .string()
    .min(1)
    .optional()
    .describe("Label on an issue or a pull request that starts a turn; `threadbox` when it is left out."),
  assignee: z
    .string()
    .min(1)
    .optional()
    .describe("GitHub account whose assignment to an issue or a pull request starts a turn, besides the App's own."),
  people: ids("the account")
    .optional()
    .describe("Numeric ids of GitHub accounts that may ask here, instead of github.people; nobody when it is empty."),
  pullRequests: z
    .strictObject({
      draft: z.boolean().optional().describe("Are they opened as drafts? No, when it is left out."),
      template: z
        .boolean()
        .optional()
        .describe("Is the repository's own template for pull requests filled in? Yes, when it is left out."),
    })
    .optional()
    .describe("How the bot opens pull requests on GitHub."),
  agent: z.string().optional().describe("Coding agent for this repository, by its name in `agents`."),
  model: z.string().min(1).optional().describe("Model for this repository, such as anthropic/claude-sonnet-4-5."),
  permissions: PermissionsSection.optional().describe("As `permissions` below: these rules come before those."),
  fixChecks: z
    .boolean()
    .optional()
    .describe(
      "Are failed checks and conflicts on what the bot pushed mended by itself? As `github.fixChecks` says, when it is left out.",
    ),
  verifiedCommits: z
    .boolean()
    .optional()
    .describe("As `github.verifiedCommits`, for this repository alone, where that says nothing or otherwise."),
  ...ofRepository,
});

/** `threadbox.yml` as it is written. */
export const File = z.strictObject({
  repositories: z
    .array(Listed)
    .refine((listed) => new Set(listed.map(({ name }) => name)).size === listed.length, "two of them have one name")
    .default([]),
  slack: z
    .strictObject({
      users: z
        .array(z.string())
        .optional()
        .describe("Slack user ids that may ask; everybody of the workspace when it is left out."),
      channels: z
        .array(z.string())
        .optional()
        .describe("Channel ids where the bot answers; all that it is in when it is left out."),
      agents: ChannelAgents.optional(),
      guests: z.boolean().optional().describe("May guests ask? No, when it is left out."),
      external: z
        .boolean()
        .optional()
        .describe("May people of other workspaces ask (Slack Connect)? No, when it is left out."),
      identity: z
        .enum(["required", "off"], { error: "required or off" })
        .optional()
        .describe(
          "Does whoever asks for work on a repository on GitHub have to connect their account, and to have write access? `required` where GITHUB_CLIENT_ID is set, otherwise `off`.",
        ),
      permalinks: z
        .enum(["never", "public"])
        .optional()
        .describe(
          "Does a pull request link to the thread that it was asked in? From public channels, or never (the default).",
        ),
      install: z
        .array(z.string().regex(/^(?:[TE]\w+|\*)$/, "is the id of a workspace (T…) or an organisation (E…), or *"))
        .optional()
        .describe("With SLACK_CLIENT_ID: who may install the app, by id, or *; nobody, when it is left out."),
    })
    .default({}),
  github: z
    .strictObject({
      bots: z
        .array(z.string().regex(/^\d+$/))
        .optional()
        .describe("Numeric ids of GitHub bots that may ask; none, when it is left out."),
      organisations: ids("the organisation or account")
        .optional()
        .describe(
          "Numeric ids of owners whose repositories may use the bot; all where it is installed when it is left out, none when it is empty.",
        ),
      people: ids("the account")
        .optional()
        .describe(
          "Numeric ids of accounts that may ask, of those that may write; all of them when it is left out, nobody when it is empty.",
        ),
      apps: ids("the App")
        .optional()
        .describe(
          "Numeric ids of GitHub Apps whose comments in a person's name count as that person's; none when it is left out.",
        ),
      fixChecks: z
        .boolean()
        .optional()
        .describe(
          "Are failed checks and conflicts on what the bot pushed mended by itself, three times for each pull request? Yes, when it is left out.",
        ),
      workflows: z
        .boolean()
        .optional()
        .describe(
          "May what is pushed change `.github/workflows`? Needs the App's permission Workflows. No, when it is left out: such a turn fails.",
        ),
      verifiedCommits: z
        .boolean()
        .optional()
        .describe(
          "Are commits made through GitHub's API, one for each turn, so that it signs them? No, when it is left out.",
        ),
    })
    .default({}),
  api: z
    .strictObject({
      clients: z
        .record(
          z.string().regex(/^[a-z\d][a-z\d-]{0,19}$/, "is a name of a-z, 0-9 and -, at most 20"),
          z.strictObject({
            repositories: z
              .array(z.string())
              .describe("Names of repositories of this file that it may ask for work on; none, when it is left out."),
          }),
        )
        .optional()
        .describe("What each client of /api/mentions may do, by its name in API_TOKENS; nothing, when it is left out."),
    })
    .default({}),
  schedules: z
    .array(Schedule)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "two of them have one name")
    .default([]),
  permissions: PermissionsSection.optional().describe(
    "What agents may do without asking; everything, when it is left out.",
  ),
  agents: Agents.optional(),
  image: Image.default({}).describe("What is in a Modal sandbox beside the daemon and the agent."),
  modal: Modal.default({}).describe("Sandboxes at Modal; used with THREADBOX_PROVIDER=modal."),
  limits: LimitsSection.prefault({}),
  prices: PricesSection,
  retention: Retention.default({}),
});
/** What an editor cannot check. */
const Checked = File.superRefine((file, context) => {
  for (const [index, { repository, text }] of file.schedules.entries()) {
    const isKnown = file.repositories.some(({ name }) => name === repository);
    const path = (field: string) => ["schedules", index, field];
    if (!isKnown)
      context.addIssue({ code: "custom", path: path("repository"), message: "is not among the repositories" });
    const { verb, ...said } = parseCommand(text);
    if (verb !== "ask" || ("options" in said && Object.keys(said.options).length > 0))
      context.addIssue({
        code: "custom",
        path: path("text"),
        message: "says what to do, without options or words for the bot itself",
      });
  }
  for (const [client, { repositories }] of Object.entries(file.api.clients ?? {}))
    for (const [index, name] of repositories.entries())
      if (!file.repositories.some((listed) => listed.name === name))
        context.addIssue({
          code: "custom",
          path: ["api", "clients", client, "repositories", index],
          message: `${name} is not among the repositories`,
        });
  for (const { path, message } of [...sandboxProblems(file), ...agentProblems(file)])
    context.addIssue({ code: "custom", path, message });
});
export type File = z.infer<typeof File>;

/** What the bot takes out of it. */
export interface TeamSettings {
  repositories: Repository[];
  /** Label by repository name. */
  labels: Record<string, string>;
  /** Whether GitHub signs the commits, by repository name, where that is said of it. */
  verifiedCommits?: Record<string, boolean>;
  /** The account whose assignment asks, by repository name. */
  assignees?: Record<string, string>;
  /** Who may ask there, by repository name. */
  people?: Record<string, string[]>;
  slack: File["slack"];
  github: File["github"];
  /** None, when they are left out. */
  schedules?: Schedule[] | undefined;
  /** Nobody may anything, when it is left out. */
  api?: File["api"] | undefined;
  idleAfterMs: number;
  turnLimitMs: number;
  /** None when it is left out. */
  limits?: Limits | undefined;
  /** Agents may do everything, when it is left out. */
  permissions?: TeamPermissions | undefined;
  /** How long nothing may come from an agent; as long as the turn lasts, when it is left out. */
  silence?: AgentRequest["silence"];
  /** What models cost here; the list's prices, when they are left out. */
  prices?: File["prices"];
  /** Thirty days when it is left out. */
  retentionMs?: Ms | undefined;
  sandboxes: SandboxSettings;
  agents: ConfiguredAgent[];
  /** False when there is no threadbox.yml. */
  found: boolean;
}

/** Reads the file; an absent one is an empty one. Throws `config.invalid` with every problem of a malformed one. */
export function readTeamSettings(path: string, githubUrl = "https://github.com"): TeamSettings {
  const text = readOptionalFile(path);
  const parsed = Checked.safeParse(text === null ? {} : (yamlOf(path, text) ?? {}), { error: inWords });
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".") || "(file)"}: ${issue.message}`);
    throw new ThreadboxError("config.invalid", `Cannot start, fix these in ${path}:\n${lines.join("\n")}`);
  }
  const { repositories, slack, github, api, schedules, limits, prices, retention, agents } = parsed.data;
  return {
    repositories: repositories.map((listed) => toRepository(listed, githubUrl)),
    labels: Object.fromEntries(repositories.flatMap(({ name, label }) => (label ? [[name, label]] : []))),
    verifiedCommits: Object.fromEntries(
      repositories.flatMap(({ name, verifiedCommits }) =>
        verifiedCommits === undefined ? [] : [[name, verifiedCommits]],
      ),
    ),
    assignees: Object.fromEntries(repositories.flatMap(({ name, assignee }) => (assignee ? [[name, assignee]] : []))),
    people: Object.fromEntries(repositories.flatMap(({ name, people }) => (people ? [[name, people]] : []))),
    slack,
    github,
    api,
    schedules,
    idleAfterMs: (limits.idleAfterMinutes ?? DEFAULTS.idleAfterMinutes) * 60_000,
    turnLimitMs: (limits.turnMinutes ?? DEFAULT_TURN_MINUTES) * 60_000,
    limits: toLimits(limits),
    permissions: toPermissions(parsed.data),
    silence: toSilence(limits),
    prices,
    retentionMs: retentionMs(retention),
    sandboxes: toSandboxSettings(parsed.data),
    agents: agents ? toAgents(agents) : PI_ALONE,
    found: text !== null,
  };
}

/** Whether there is nothing to work on but the demo's repository: a file may be there for agents and limits alone. With GitHub any can be named. */
export const isForTrial = (
  { found, repositories }: Pick<TeamSettings, "found" | "repositories">,
  { github }: Pick<Config, "github">,
): boolean => !found || (repositories.length === 0 && github === null);

/** What may be pushed to GitHub, and how. A repository that nobody has listed goes by what is said of all. */
export const commitRules = ({
  github,
  verifiedCommits = {},
}: Pick<TeamSettings, "github" | "verifiedCommits">): {
  workflows: boolean;
  verified(repository: Repository): boolean;
} => ({
  workflows: github.workflows ?? false,
  verified: ({ name }) => verifiedCommits[name] ?? github.verifiedCommits ?? false,
});

/** A plain git remote is named by its canonical URL; GitHub's own id is found out when the bot starts. */
function toRepository(
  { name, url, base, setup, channels, pullRequests, agent, model, fixChecks }: z.infer<typeof Listed>,
  githubUrl: string,
): Repository {
  const remote = url ?? `${githubUrl}/${name}.git`;
  return {
    id: canonicalGitUrl(remote),
    name,
    url: remote,
    base: base ?? "",
    ...(setup ? { setup } : {}),
    ...(channels ? { channels } : {}),
    ...(pullRequests ? { pullRequests } : {}),
    ...(agent ? { agent } : {}),
    ...(model ? { model } : {}),
    ...(fixChecks === undefined ? {} : { fixChecks }),
  };
}
