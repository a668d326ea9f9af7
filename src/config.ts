/**
 * The environment as a checked value; the only reader of `process.env`. Every problem is listed at once, each with its remedy.
 * `.env.example` names the same variables; a test compares the two.
 */
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { apiTokens } from "./api-tokens.ts";
import { AGENT_NAME } from "./core/agents.ts";
import { ThreadboxError } from "./errors.ts";
import { readOptionalFile } from "./optional-file.ts";

const text = z.string().trim().min(1).optional();
const url = (remedy: string) => z.url({ error: remedy }).optional();
/** Two halves that are easily swapped when they are copied. */
const token = (other: string, remedy: string) =>
  z
    .string()
    .trim()
    .refine((value) => !value.startsWith(other), { error: remedy })
    .optional();

/** Keys of 32 bytes in base64, with commas between them. */
function keys() {
  const error = "keys of 32 bytes in base64, with commas between them; `openssl rand -base64 32` makes one";
  const isKey = (key: string): boolean => /^[A-Za-z0-9+/_-]{43}=?$/.test(key);
  const list = z.string().transform((value) => value.split(",").map((key) => key.trim()));
  return list.refine((all) => all.every(isKey), { error }).optional();
}

const Environment = z.object({
  PORT: z.coerce.number({ error: "a port number, such as 3000" }).int().min(0).max(65_535).default(3000),
  HOST: z.string().trim().default("127.0.0.1"),
  PUBLIC_URL: url("the address under which people reach this bot, such as https://threadbox.example.com"),
  THREADBOX_HOME: z.string().trim().default(".threadbox"),
  THREADBOX_NAME: z
    .string()
    .regex(/^[\w-]{1,35}$/, { error: "letters, digits, - and _, at most 35" })
    .default("threadbox"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, {
      error: "a Postgres URL, such as postgres://user:password@host/database; leave it out for the embedded one",
    })
    .optional(),
  METRICS_TOKEN: text,
  API_TOKENS: apiTokens(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url("where traces are sent over OTLP/HTTP, such as http://127.0.0.1:4318"),
  LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error", "silent"], { error: "debug, info, warn, error or silent" })
    .default("info"),
  THREADBOX_PROVIDER: z.enum(["local", "modal"], { error: "local or modal" }).default("local"),
  THREADBOX_AGENT: z
    .string()
    .regex(AGENT_NAME, { error: "the name of one of the agents in threadbox.yml, such as pi" })
    .optional(),
  THREADBOX_MODEL: text,
  SLACK_BOT_TOKEN: z
    .string()
    .startsWith("xoxb-", { error: "starts with xoxb-; copy it from OAuth & Permissions of your Slack app" })
    .optional(),
  SLACK_SIGNING_SECRET: text,
  SLACK_APP_TOKEN: z
    .string()
    .startsWith("xapp-", {
      error: "starts with xapp-; make one with connections:write under Basic Information of your Slack app",
    })
    .optional(),
  SLACK_CLIENT_ID: text,
  SLACK_CLIENT_SECRET: text,
  THREADBOX_SECRET_KEYS: keys(),
  SLACK_API_URL: url("Slack's API, or an emulator's: https://slack.com/api/"),
  GITHUB_APP_ID: z
    .string()
    .regex(/^\d+$/, { error: "a number; it stands on the settings page of your GitHub App" })
    .optional(),
  GITHUB_PRIVATE_KEY: text,
  GITHUB_WEBHOOK_SECRET: text,
  GITHUB_WEBHOOK_SECRET_PREVIOUS: text,
  GITHUB_CLIENT_ID: text,
  GITHUB_CLIENT_SECRET: text,
  GITHUB_TOKEN: text,
  GITHUB_API_URL: url("GitHub's API, such as https://api.github.com").default("https://api.github.com"),
  GITHUB_URL: url("where repositories are cloned from, such as https://github.com").default("https://github.com"),
  MODAL_TOKEN_ID: token("as-", "this is the token's second part; the first one begins with ak-"),
  MODAL_TOKEN_SECRET: token("ak-", "this is the token's first part; the second one begins with as-"),
  MODAL_SERVER_URL: url("the address of Modal's servers; leave it out for Modal's own").refine(isSafeForTokens, {
    error:
      "begins with https://, because http would show the token to everybody on the way; leave it out for Modal's own",
  }),
  ANTHROPIC_API_KEY: text,
  OPENAI_API_KEY: text,
  ANTHROPIC_BASE_URL: url("the base URL of the model's API, without /v1"),
  OPENAI_BASE_URL: url("the base URL of the model's API, with /v1"),
  THREADBOX_AGENT_LOGINS: text,
});

/** Modal's SDK goes without encryption where it is told http; an emulator on this machine may have that. */
function isSafeForTokens(address: string | undefined): boolean {
  return !address?.startsWith("http:") || /^http:\/\/(?:127\.0\.0\.1|localhost)[:/]/.test(address);
}

/** Every variable that is read; `.env.example` has the same. */
export const VARIABLES = Object.keys(Environment.shape) as (keyof typeof Environment.shape)[];

/** The bot as it was asked for. What is not set up is null. */
export interface Config {
  port: number;
  host: string;
  publicUrl: string | null;
  /** Absolute. */
  home: string;
  name: string;
  databaseUrl: string | null;
  /** Lets others than this machine read the metrics. */
  metricsToken: string | null;
  /** Programs that may ask at /api/mentions; what each may stands in threadbox.yml. */
  apiClients: { name: string; token: string }[];
  /** Where traces go; none are made without. */
  otlpEndpoint: string | null;
  logLevel: string;
  provider: "local" | "modal";
  /** By its name in threadbox.yml; the first of those there, when it is left out. */
  agent: string | undefined;
  model: string | undefined;
  slack: SlackConfig | null;
  /** What secrets of others are sealed with in the database, the newest first. */
  secretKeys: Uint8Array[];
  github: GitHubConfig | null;
  modal: ModalConfig | null;
  /** Folder with the login files of agents, `claude.json` for one. Absolute. */
  agentLogins: string | null;
  models: { anthropicApiKey?: string; openaiApiKey?: string; anthropicBaseUrl?: string; openaiBaseUrl?: string };
}

export interface SlackConfig {
  /** Of the one workspace. Null where each brings its own: then there is `oauth`. */
  botToken: string | null;
  oauth: SlackOAuth | null;
  signingSecret: string | undefined;
  appToken: string | undefined;
  apiUrl: string | undefined;
}

/** For several workspaces, each of which installs the app by itself. */
export interface SlackOAuth {
  clientId: string;
  clientSecret: string;
}

export interface GitHubConfig {
  auth: { appId: string; privateKey: string } | { token: string };
  webhookSecret: string | undefined;
  /** The one before, for a while. */
  previousWebhookSecret: string | undefined;
  /** By which people say who they are there. */
  oauth?: { clientId: string; clientSecret: string };
  apiUrl: string;
  url: string;
}

export interface ModalConfig {
  tokenId: string;
  tokenSecret: string;
  serverUrl: string | undefined;
}

/** An environment as it comes: text, unchecked. */
export type Variables = Record<string, string | undefined>;

/** The environment of this process over the `.env` of the working folder, when there is one: what is really set wins. */
export function environment(folder = process.cwd()): Variables {
  return { ...parseEnv(readOptionalFile(join(folder, ".env")) ?? ""), ...process.env };
}

/** Throws `config.invalid` with one line for each problem. Empty variables count as absent: that is how people switch them off. */
export function readConfig(variables: Variables): Config {
  const problems = configProblems(variables);
  if (problems.length > 0) {
    const lines = problems.map(({ variable, remedy }) => `  ${variable}: ${remedy}`);
    throw new ThreadboxError(
      "config.invalid",
      `Cannot start, fix these in .env or the environment:\n${lines.join("\n")}`,
    );
  }
  return toConfig(Environment.parse(given(variables)));
}

/**
 * Modal's SDK takes the address of its servers from the environment of the process alone, and our `.env` is not in there. Has to be
 * called before its client is made.
 */
export function tellModalSdk({ modal }: Pick<Config, "modal">): void {
  if (modal?.serverUrl) process.env.MODAL_SERVER_URL = modal.serverUrl;
}

export interface ConfigProblem {
  variable: string;
  /** What it should be, and where to get it. */
  remedy: string;
}

/** Everything that is wrong at once, so that nobody fixes one thing only to be told of the next. */
export function configProblems(variables: Variables): ConfigProblem[] {
  const present = given(variables);
  const issues = Environment.safeParse(present).error?.issues ?? [];
  const alone = issues.map((issue) => ({ variable: issue.path.join("."), remedy: issue.message }));
  const all = [...alone, ...together(present)];
  // Two reasons for one variable are met by the same line in .env.
  return all.filter(({ variable }, at) => all.findIndex((one) => one.variable === variable) === at);
}

const given = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""));

type Read = z.infer<typeof Environment>;

/** What no variable can say about itself: which ones need each other. */
function together(read: Variables): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const missing = (variable: string, remedy: string) => problems.push({ variable, remedy });
  const isForSeveral = Boolean(read.SLACK_CLIENT_ID || read.SLACK_CLIENT_SECRET);
  if (isForSeveral) problems.push(...ofSeveralWorkspaces(read));
  if (isForSeveral && !isSafeForTokens(read.PUBLIC_URL))
    missing("PUBLIC_URL", "begins with https:// with SLACK_CLIENT_ID: Slack sends people back to no other address");
  if (!isForSeveral && !read.SLACK_BOT_TOKEN && (read.SLACK_SIGNING_SECRET || read.SLACK_APP_TOKEN))
    missing(
      "SLACK_BOT_TOKEN",
      "needed with the other Slack variables; copy it from OAuth & Permissions of your Slack app",
    );
  if (!isForSeveral && read.SLACK_BOT_TOKEN && !read.SLACK_SIGNING_SECRET && !read.SLACK_APP_TOKEN)
    missing(
      "SLACK_SIGNING_SECRET",
      "needed to check what Slack sends (Basic Information of your Slack app); or SLACK_APP_TOKEN for Socket Mode",
    );
  if (Boolean(read.GITHUB_APP_ID) !== Boolean(read.GITHUB_PRIVATE_KEY))
    missing(
      read.GITHUB_APP_ID ? "GITHUB_PRIVATE_KEY" : "GITHUB_APP_ID",
      "GITHUB_APP_ID and GITHUB_PRIVATE_KEY go together",
    );
  if (read.GITHUB_APP_ID && !read.GITHUB_WEBHOOK_SECRET)
    missing("GITHUB_WEBHOOK_SECRET", "needed to check what GitHub sends; the secret of your App's webhook");
  if (Boolean(read.GITHUB_CLIENT_ID) !== Boolean(read.GITHUB_CLIENT_SECRET))
    missing(
      read.GITHUB_CLIENT_ID ? "GITHUB_CLIENT_SECRET" : "GITHUB_CLIENT_ID",
      "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET go together; both stand on the settings page of your GitHub App",
    );
  if (read.GITHUB_CLIENT_ID && !read.GITHUB_APP_ID)
    missing(
      "GITHUB_APP_ID",
      "needed with GITHUB_CLIENT_ID: people connect their accounts to a GitHub App, not to a token",
    );
  if (read.GITHUB_CLIENT_ID && !read.PUBLIC_URL)
    missing("PUBLIC_URL", "needed with GITHUB_CLIENT_ID: GitHub sends people back to this bot's address");
  if (read.THREADBOX_PROVIDER === "modal")
    for (const variable of ["MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"] as const)
      if (!read[variable])
        missing(
          variable,
          "needed with THREADBOX_PROVIDER=modal; make one at modal.com/settings/tokens or with `modal token new`",
        );
  return problems;
}

/** What an app that several workspaces install cannot be without, and what it cannot have. */
function ofSeveralWorkspaces(read: Variables): ConfigProblem[] {
  const needed: Record<string, string> = {
    SLACK_CLIENT_ID: "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together (Basic Information of your Slack app)",
    SLACK_CLIENT_SECRET: "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together (Basic Information of your Slack app)",
    SLACK_SIGNING_SECRET: "needed to check what Slack sends (Basic Information of your Slack app)",
    PUBLIC_URL: "needed with SLACK_CLIENT_ID: Slack sends people back to it when they install the app",
    THREADBOX_SECRET_KEYS:
      "needed with SLACK_CLIENT_ID: seals the workspaces' tokens; `openssl rand -base64 32` makes one",
  };
  const unwanted: Record<string, string> = {
    SLACK_BOT_TOKEN:
      "leave it out with SLACK_CLIENT_ID: each workspace brings a token of its own when it installs the app",
    SLACK_APP_TOKEN: "leave it out with SLACK_CLIENT_ID: Slack has no Socket Mode for apps that others may install",
  };
  const of = (table: Record<string, string>, isWrong: (variable: string) => boolean): ConfigProblem[] =>
    Object.entries(table).flatMap(([variable, remedy]) => (isWrong(variable) ? [{ variable, remedy }] : []));
  return [...of(needed, (variable) => !read[variable]), ...of(unwanted, (variable) => Boolean(read[variable]))];
}

function toConfig(read: Read): Config {
  const models = {
    anthropicApiKey: read.ANTHROPIC_API_KEY,
    openaiApiKey: read.OPENAI_API_KEY,
    anthropicBaseUrl: read.ANTHROPIC_BASE_URL,
    openaiBaseUrl: read.OPENAI_BASE_URL,
  };
  return {
    port: read.PORT,
    host: read.HOST,
    publicUrl: read.PUBLIC_URL?.replace(/\/+$/, "") ?? null,
    home: resolve(read.THREADBOX_HOME),
    name: read.THREADBOX_NAME,
    databaseUrl: read.DATABASE_URL ?? null,
    metricsToken: read.METRICS_TOKEN ?? null,
    apiClients: read.API_TOKENS ?? [],
    otlpEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    logLevel: read.LOG_LEVEL,
    provider: read.THREADBOX_PROVIDER,
    agent: read.THREADBOX_AGENT,
    model: read.THREADBOX_MODEL,
    slack: slackOf(read),
    secretKeys: (read.THREADBOX_SECRET_KEYS ?? []).map((key) => Buffer.from(key, "base64")),
    github: githubOf(read),
    modal: modalOf(read),
    agentLogins: read.THREADBOX_AGENT_LOGINS ? resolve(read.THREADBOX_AGENT_LOGINS) : null,
    models: Object.fromEntries(Object.entries(models).filter(([, value]) => value !== undefined)),
  };
}

function slackOf(read: Read): SlackConfig | null {
  const { SLACK_BOT_TOKEN: botToken = null, SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret } = read;
  const oauth = clientId && clientSecret ? { clientId, clientSecret } : null;
  if (!botToken && !oauth) return null;
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_APP_TOKEN: appToken, SLACK_API_URL: apiUrl } = read;
  return { botToken, oauth, signingSecret, appToken, apiUrl };
}

function githubOf(read: Read): GitHubConfig | null {
  const { GITHUB_WEBHOOK_SECRET: webhookSecret, GITHUB_WEBHOOK_SECRET_PREVIOUS: previousWebhookSecret } = read;
  const rest = { webhookSecret, previousWebhookSecret, apiUrl: read.GITHUB_API_URL, url: read.GITHUB_URL };
  if (read.GITHUB_APP_ID && read.GITHUB_PRIVATE_KEY) {
    // .env files and most secret stores hold one line; keys are written with \n there.
    return {
      auth: { appId: read.GITHUB_APP_ID, privateKey: read.GITHUB_PRIVATE_KEY.replaceAll("\\n", "\n") },
      ...rest,
      ...(read.GITHUB_CLIENT_ID && read.GITHUB_CLIENT_SECRET
        ? { oauth: { clientId: read.GITHUB_CLIENT_ID, clientSecret: read.GITHUB_CLIENT_SECRET } }
        : {}),
    };
  }
  return read.GITHUB_TOKEN ? { auth: { token: read.GITHUB_TOKEN }, ...rest } : null;
}

function modalOf(read: Read): ModalConfig | null {
  const { MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret, MODAL_SERVER_URL: serverUrl } = read;
  return read.THREADBOX_PROVIDER === "modal" && tokenId && tokenSecret ? { tokenId, tokenSecret, serverUrl } : null;
}
