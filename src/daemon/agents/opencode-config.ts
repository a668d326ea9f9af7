/**
 * How OpenCode is started for us: its settings in one file of ours, its database in our folder, and of the repository's own settings
 * the words of its AGENTS.md. Its MCP servers, commands and tools are not read. Its plugins would be, and would run with the first prompt:
 * 1.18.33 looks for those in a second way, which heeds none of the switches below, and not OPENCODE_PURE. So it is not started where there are some.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY_VARIABLES, type KeyOwner, URL_VARIABLES } from "../../wire/agents.ts";
import type { AgentContext } from "./agent.ts";
import { type ChosenModel, isKnownProvider } from "./model-choice.ts";
import { keyFile, openFolder, placeLogin, writeKeys } from "./own-files.ts";

const SETTINGS = "opencode.json";

/** What every process of this agent has in its environment. */
export const opencodeMarks = ({ stateDir }: Pick<AgentContext, "stateDir">): Record<string, string> => ({
  OPENCODE_DB: join(stateDir, "opencode.db"),
});

export function opencodeEnv(context: AgentContext, password: string): Record<string, string> {
  const secret = new Set<string>([...Object.values(KEY_VARIABLES), ...Object.values(URL_VARIABLES)]);
  return {
    ...Object.fromEntries(Object.entries(context.env).filter(([name]) => !secret.has(name))),
    ...opencodeMarks(context),
    ...(context.loginFile ? { XDG_DATA_HOME: dataDir(context) } : {}),
    OPENCODE_CONFIG: join(context.stateDir, SETTINGS),
    OPENCODE_SERVER_PASSWORD: password,
    OPENCODE_DISABLE_PROJECT_CONFIG: "1",
    OPENCODE_ENABLE_QUESTION_TOOL: "1",
    // Each of these reaches out to somebody otherwise.
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    npm_config_offline: "true",
  };
}

/** Writes keys, login and settings, and gives back the settings. It reads them when it starts, and never again. */
export async function writeOpencodeFiles(context: AgentContext, model: ChosenModel | null): Promise<string> {
  const text = JSON.stringify(settings(context, model));
  {
    await using own = await openFolder(context.stateDir, context.stateDir);
    await own.replace(SETTINGS, text);
  }
  await using _data = await openFolder(context.stateDir, dataDir(context));
  await placeLogin(context, join(dataDir(context), "opencode"), "auth.json");
  await writeKeys(context);
  return text;
}

/** Where it looks for a login; for one alone, because tools look for their own data there as well. */
const dataDir = ({ stateDir }: Pick<AgentContext, "stateDir">): string => join(stateDir, "data");

function settings(context: AgentContext, model: ChosenModel | null) {
  return {
    autoupdate: false,
    share: "disabled",
    ...(model ? modelSettings(context, model) : {}),
    permission: context.asksLeave ? ASKS : "allow",
    instructions: ["AGENTS.md", "CLAUDE.md"]
      .map((name) => join(context.cwd, name))
      .filter(existsSync)
      .slice(0, 1),
  };
}

/** No other provider than that one: some of them need no key, and would be spoken to. */
function modelSettings(context: AgentContext, { provider, model }: ChosenModel) {
  const name = `${provider}/${model}`;
  const options = isKnownProvider(provider) ? optionsOf(context, provider) : {};
  return {
    model: name,
    small_model: name,
    enabled_providers: [provider],
    provider: { [provider]: { options, models: { [model]: {} } } },
  };
}

/** What changes nothing needs no leave. */
const ASKS = {
  "*": "ask",
  read: "allow",
  glob: "allow",
  grep: "allow",
  list: "allow",
  todowrite: "allow",
  todoread: "allow",
  question: "allow",
};

/** Its providers append `/messages` and `/responses`, so both need the version. */
function optionsOf(context: AgentContext, provider: KeyOwner) {
  const url = context.env[URL_VARIABLES[provider]]?.replace(/\/+$/, "");
  return {
    ...(url ? { baseURL: /\/v\d+$/.test(url) ? url : `${url}/v1` } : {}),
    ...(context.env[KEY_VARIABLES[provider]] ? { apiKey: `{file:${keyFile(context, provider)}}` } : {}),
  };
}

/**
 * What a repository would have it run before anything is asked: 1.18.33 loads plugins, whatever its switches say. Null: nothing. A
 * repository that has some is no place for it.
 */
export async function pluginsIn(cwd: string): Promise<string | null> {
  for (const folder of [".opencode/plugin", ".opencode/plugins"])
    if ((await readdir(join(cwd, folder)).catch(() => [])).length > 0) return `the repository's ${folder}`;
  for (const file of ["opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc"]) {
    const text = await readFile(join(cwd, file), "utf8").catch(() => "");
    // Also one that is written with escapes, or stands in a comment: better none too many than one too few.
    if (/plugin|\\u/i.test(text)) return `the plugins of the repository's ${file}`;
  }
  return null;
}
