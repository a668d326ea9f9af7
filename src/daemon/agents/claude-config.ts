/**
 * How Claude Code is started for us: which model, which flags and environment, and the files in its own folder.
 * Its key lies in a 0600 file that a helper reads, so that no tool has it in its environment and a new one needs no restart: a key that
 * is refused is read again at once.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { shellQuote } from "../shell.ts";
import type { AgentContext } from "./agent.ts";
import { withoutVersion } from "./base-url.ts";
import { openFolder, placeLogin } from "./own-files.ts";

/** Waits of about 0.5, 1 and 2 seconds; Claude's own ten would take minutes to say that a key is wrong. */
export const CLAUDE_RETRIES = 3;

/** The first that is there is used. As a header Claude sends it both ways, as a key and as a bearer's token. */
const KEYS = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"] as const;
const KEY_FILE = "anthropic.key";
/** After which it looks at the file again, with the next request. */
const KEY_AGE_MS = 1_000;

/**
 * Tools that outlive a prompt would start rounds that belong to no turn and that nobody pays attention to; a plan, a work tree of its
 * own or another session is not what was asked for.
 */
const WITHOUT = [
  ...["CronCreate", "CronDelete", "CronList", "ScheduleWakeup", "Monitor", "Workflow"],
  ...["EnterPlanMode", "ExitPlanMode", "EnterWorktree", "ExitWorktree", "SendMessage", "ListAgents"],
];

export interface ClaudeLaunch {
  args: string[];
  env: Record<string, string>;
}

/** Undefined: Claude's own default. Null: there is no key for it. */
export function chooseClaudeModel({ model: wanted, env, loginFile }: AgentContext): string | undefined | null {
  if (!keyOf(env) && !loginFile) return null;
  const slash = wanted?.indexOf("/") ?? -1;
  if (wanted === undefined || slash < 0) return wanted;
  return wanted.startsWith("anthropic/") ? wanted.slice(slash + 1) : null;
}

/** Where there is none. */
export function whyNoClaudeModel({ model }: Pick<AgentContext, "model">): string {
  if (model?.includes("/") && !model.startsWith("anthropic/"))
    return `Claude Code works with Anthropic's models, and not with ${model}.`;
  return `No key for ${model ?? "any model"}.`;
}

export function claudeLaunch(context: AgentContext, model: string | undefined, maxRetries: number): ClaudeLaunch {
  return {
    args: [
      ...["-p", "--verbose", "--input-format", "stream-json", "--output-format", "stream-json"],
      "--include-partial-messages",
      // A repository's own settings could run hooks, and name servers and helpers to start.
      ...["--setting-sources", "user", "--strict-mcp-config", "--settings", settings(context)],
      // Also where everything is allowed: it is the way by which Claude's own questions come.
      ...["--permission-prompt-tool", "stdio"],
      ...(context.asksLeave ? [] : ["--dangerously-skip-permissions"]),
      ...["--disallowed-tools", WITHOUT.join(",")],
      ...(model === undefined ? [] : ["--model", model]),
    ],
    env: { ...environment(context), CLAUDE_CODE_MAX_RETRIES: String(maxRetries) },
  };
}

/** What every process of this agent has in its environment, so that strays can be found after it died. */
export const claudeMarks = (context: AgentContext): Record<string, string> => ({
  CLAUDE_CONFIG_DIR: configDir(context),
  CLAUDE_AGENT_SESSION: context.sessionId,
});

/** Written before every prompt, because keys expire. */
export async function writeClaudeFiles(context: AgentContext): Promise<void> {
  await using own = await openFolder(context.stateDir, configDir(context));
  await own.replace("CLAUDE.md", memory(context));
  // What an earlier prompt may have written there: leave for everything, or commands to run.
  await own.replace("settings.json", "{}");
  await placeLogin(context, configDir(context), ".credentials.json");
  await writeClaudeKey(context);
}

/** Its helper reads it anew. */
export async function writeClaudeKey(context: AgentContext): Promise<void> {
  await using keys = await openFolder(context.stateDir, context.keysDir);
  const key = keyOf(context.env);
  if (key) await keys.replace(KEY_FILE, key);
  else await keys.remove(KEY_FILE);
}

/** Claude refuses to begin a conversation that exists, and to go on with one that does not. */
export async function conversation(context: AgentContext): Promise<string[]> {
  const exists = (await conversationFile(context)) !== null;
  return [exists ? "--resume" : "--session-id", context.sessionId];
}

/** Null where there is none yet. */
export async function conversationFile({ sessionId, stateDir }: AgentContext): Promise<string | null> {
  const folder = join(stateDir, CONFIG, "projects");
  // A folder for each place that it has worked in. Not `recursive`, which follows links, and two that lead back make it go on for ever.
  const places = await readdir(folder).catch(() => []);
  const files = places.map((place) => join(folder, place, `${sessionId}.jsonl`));
  const found = await Promise.all(files.map(isFile));
  return files.find((_, at) => found[at]) ?? null;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const CONFIG = "config";
const configDir = (context: AgentContext): string => join(context.stateDir, CONFIG);

const keyOf = (env: Record<string, string>): string | undefined => KEYS.map((name) => env[name]).find(Boolean);

const settings = ({ env, keysDir }: AgentContext): string =>
  JSON.stringify(keyOf(env) ? { apiKeyHelper: `cat ${shellQuote(join(keysDir, KEY_FILE))}` } : {});

/** Without the repository's settings Claude does not see what it says to agents either, so it is shown the way. What is not there is skipped. */
function memory({ cwd }: AgentContext): string {
  const files = ["CLAUDE.md", ".claude/CLAUDE.md", "AGENTS.md"];
  return ["What the repository says to agents:", ...files.map((file) => `@${join(cwd, file)}`), ""].join("\n\n");
}

function environment(context: AgentContext): Record<string, string> {
  const { ANTHROPIC_BASE_URL: baseUrl, ...given } = context.env;
  const env = Object.entries(given).filter(([name]) => !KEYS.some((key) => key === name));
  return {
    ...Object.fromEntries(env),
    // Claude appends `/v1/messages`.
    ...(baseUrl ? { ANTHROPIC_BASE_URL: withoutVersion(baseUrl) } : {}),
    ...claudeMarks(context),
    CLAUDE_CODE_API_KEY_HELPER_TTL_MS: String(KEY_AGE_MS),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    // Words of strangers that name a file with an @ would put it before the model unasked.
    CLAUDE_CODE_DISABLE_FILE_MENTIONS: "1",
    // Or it does not run as root without asking for leave.
    ...(process.getuid?.() === 0 ? { IS_SANDBOX: "1" } : {}),
  };
}
