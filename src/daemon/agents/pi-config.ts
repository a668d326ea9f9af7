/**
 * How pi is started for us: which model, which flags and environment, and the files in its own folder.
 * Model keys go into 0600 files that pi reads at every request (`!cat`), so a new key needs no restart, and the agent's tools
 * do not carry it in their environment, where any `env` or crash report would print it into a thread.
 */
import { join } from "node:path";
import { KEY_OWNERS, KEY_VARIABLES, URL_VARIABLES } from "../../wire/agents.ts";
import type { AgentContext } from "./agent.ts";
import { withoutVersion, withVersion } from "./base-url.ts";
import type { ChosenModel } from "./model-choice.ts";
import { keyCommand, openFolder, writeKeys } from "./own-files.ts";
import { ASK_EXTENSION, ASK_FILE } from "./pi-ask.ts";
import { LEAVE_EXTENSION, LEAVE_FILE } from "./pi-leave.ts";

export interface PiRetry {
  maxRetries: number;
  baseDelayMs: number;
}

/** Waits of 2, 4 and 8 seconds: long enough for a hiccup. */
export const PI_RETRY: PiRetry = { maxRetries: 3, baseDelayMs: 2_000 };

/** pi's own default, written down because a provider that accepts and never answers is only noticed by it. */
const HTTP_IDLE_TIMEOUT_MS = 300_000;

/** What a running process was started with; a difference means that it has to be started again. */
export interface PiLaunch {
  args: string[];
  env: Record<string, string>;
  files: { "settings.json": string; "models.json": string; [ASK_FILE]: string; [LEAVE_FILE]: string };
}

export function piLaunch(context: AgentContext, model: ChosenModel, retry: PiRetry): PiLaunch {
  const ours = new Set<string>([...Object.values(KEY_VARIABLES), ...Object.values(URL_VARIABLES)]);
  const env = Object.fromEntries(Object.entries(context.env).filter(([name]) => !ours.has(name)));
  return {
    args: [
      ...["--mode", "rpc", "--no-approve"],
      // Always given: the project's own settings could name another folder before they are known to be untrusted.
      ...["--session-dir", join(context.stateDir, "sessions"), "--session-id", context.sessionId],
      ...["--extension", join(agentDir(context), ASK_FILE)],
      ...(context.asksLeave ? ["--extension", join(agentDir(context), LEAVE_FILE)] : []),
      ...["--provider", model.provider, "--model", model.model],
    ],
    env: {
      ...env,
      ...processMarks(context),
      PI_OFFLINE: "1",
      PI_SKIP_VERSION_CHECK: "1",
      PI_TELEMETRY: "0",
    },
    files: {
      ...{ "settings.json": settings(retry), "models.json": models(context) },
      ...{ [ASK_FILE]: ASK_EXTENSION, [LEAVE_FILE]: LEAVE_EXTENSION },
    },
  };
}

/** What every process of this agent has in its environment, so that strays can be found after it died. */
export const processMarks = (context: AgentContext): Record<string, string> => ({
  PI_CODING_AGENT_DIR: agentDir(context),
  PI_SESSION_ID: context.sessionId,
});

/** Writes keys and settings; before every prompt, because keys expire. */
export async function writePiFiles(context: AgentContext, launch: PiLaunch): Promise<void> {
  await using own = await openFolder(context.stateDir, agentDir(context));
  for (const [name, text] of Object.entries(launch.files)) await own.replace(name, text);
  await writeKeys(context);
}

const agentDir = (context: AgentContext): string => join(context.stateDir, "agent");

function settings(retry: PiRetry): string {
  return JSON.stringify({
    // The default keeps prompt caches warm with paid requests that belong to no turn.
    cacheWarming: "off",
    // Several people may speak during one tool call; the model should hear all of them at the next step.
    steeringMode: "all",
    httpIdleTimeoutMs: HTTP_IDLE_TIMEOUT_MS,
    retry: { enabled: true, ...retry, maxAgentDelayMs: 60_000 },
    enableInstallTelemetry: false,
  });
}

/** Overrides of the built-in providers keep their catalogue; a model that it does not have is taken as it stands by pi. */
function models(context: AgentContext): string {
  const providers: Record<string, { baseUrl?: string; apiKey?: string }> = {};
  for (const provider of KEY_OWNERS) {
    const url = context.env[URL_VARIABLES[provider]];
    // It appends `/v1/messages` for Anthropic, but only `/responses` for OpenAI.
    const entry = {
      ...(url && { baseUrl: provider === "anthropic" ? withoutVersion(url) : withVersion(url) }),
      ...(context.env[KEY_VARIABLES[provider]] && { apiKey: `!${keyCommand(context, provider)}` }),
    };
    if (Object.keys(entry).length > 0) providers[provider] = entry;
  }
  return JSON.stringify({ providers });
}
