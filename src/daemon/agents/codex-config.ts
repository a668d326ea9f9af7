/**
 * How codex is started for us: its settings, in a folder that only this sandbox's codex has, and its environment. The key goes into a
 * 0600 file that codex reads by a command of its settings: it takes a new key without a restart, and its tools do not carry the key in
 * their environment, where any `env` or crash report would print it into a thread.
 */
import { join } from "node:path";
import type { AgentContext } from "./agent.ts";
import { withVersion } from "./base-url.ts";
import { keyFile, openFolder, placeLogin, writeKeys } from "./own-files.ts";

export interface CodexRetry {
  /** Of a request that was not taken, and of a stream that broke off: codex counts them apart, and waits twice as long each time. */
  requests: number;
  streams: number;
}

/** codex's own are 4 and 5, which keep a wrong key waiting for half a minute. */
export const CODEX_RETRY: CodexRetry = { requests: 3, streams: 3 };

const DEFAULT_MODEL = "gpt-5.5";
const DEFAULT_BASE_URL = "https://api.openai.com/v1";
/** Before a request, codex reads a key again that is older than this; with 0 it would read it once and never again. */
const KEY_FRESH_MS = 1;
const PROVIDER = "threadbox";

/** Null: there is no key, or the model is one that codex cannot speak to. Undefined: its own choice, which a login has. */
export function codexModel({
  model,
  env,
  loginFile,
}: Pick<AgentContext, "model" | "env" | "loginFile">): string | undefined | null {
  if ((!env.OPENAI_API_KEY && !loginFile) || model?.startsWith("anthropic/")) return null;
  return model?.replace(/^openai\//, "") || (loginFile ? undefined : DEFAULT_MODEL);
}

/** What a running process was started with; a difference means that it has to be started again. */
export interface CodexLaunch {
  args: string[];
  env: Record<string, string>;
  files: { "config.toml": string };
}

export function codexLaunch(context: AgentContext, model: string | undefined, retry: CodexRetry): CodexLaunch {
  const { OPENAI_API_KEY: _, OPENAI_BASE_URL: __, ...env } = context.env;
  return {
    args: ["app-server"],
    env: { ...env, ...codexMarks(context), NO_COLOR: "1" },
    files: { "config.toml": settings(context, model, retry) },
  };
}

/** Every process of this agent has it in its environment, so that strays can be found after codex died. */
export const codexMarks = (context: AgentContext): Record<string, string> => ({ CODEX_HOME: codexHome(context) });

/** Before every prompt, because keys expire. */
export async function writeCodexFiles(context: AgentContext, launch: CodexLaunch): Promise<void> {
  await using home = await openFolder(context.stateDir, codexHome(context));
  for (const [name, text] of Object.entries(launch.files)) await home.replace(name, text);
  await placeLogin(context, codexHome(context), "auth.json");
  await writeKeys(context);
}

const codexHome = ({ stateDir }: AgentContext): string => join(stateDir, "codex");

/** A provider of our own: codex speaks to the built-in one over a WebSocket, and never asks it for another address. */
function settings(context: AgentContext, model: string | undefined, retry: CodexRetry): string {
  return toToml({
    "": {
      ...(model === undefined ? {} : { model }),
      ...(context.loginFile ? {} : { model_provider: PROVIDER }),
      check_for_update_on_startup: false,
      // A login shell reads the machine's profile, which may put another PATH in place of ours.
      allow_login_shell: false,
    },
    [`model_providers.${PROVIDER}`]: {
      name: "The team's provider",
      // codex appends `/responses`.
      base_url: withVersion(context.env.OPENAI_BASE_URL || DEFAULT_BASE_URL),
      wire_api: "responses",
      request_max_retries: retry.requests,
      stream_max_retries: retry.streams,
    },
    [`model_providers.${PROVIDER}.auth`]: {
      command: "cat",
      args: [keyFile(context, "openai")],
      refresh_interval_ms: KEY_FRESH_MS,
    },
    // What of it would load code or ask hosts that nobody here has chosen.
    features: {
      plugins: false,
      remote_plugin: false,
      apps: false,
      hooks: false,
      skill_mcp_dependency_install: false,
      shell_snapshot: false,
      in_app_updates: false,
      tool_suggest: false,
    },
    analytics: { enabled: false },
    // Tools have what the agent was given; codex's own default leaves out whatever looks like a secret, a team's own variables as well.
    shell_environment_policy: { inherit: "all", ignore_default_excludes: true },
    // The project's own settings could name programs to run.
    [`projects.${JSON.stringify(context.cwd)}`]: { trust_level: "untrusted" },
  });
}

type TomlTable = Record<string, string | number | boolean | string[]>;

/** JSON's strings, numbers and lists of strings are TOML's as well. */
function toToml(tables: Record<string, TomlTable>): string {
  const rows = (table: TomlTable) => Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return Object.entries(tables)
    .flatMap(([name, table]) => [...(name ? [`[${name}]`] : []), ...rows(table), ""])
    .join("\n");
}
