/** The only place that reads the daemon's environment. Everything that is wrong is told at once, each with what to do about it. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";
import * as z from "zod";
import type { LlmCredentials } from "./credentials.ts";

export type Environment = Record<string, string | undefined>;

/** Another user of the sandbox, whom the agent runs as. */
export interface AgentUser {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

const PublicKey = z.looseObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() });
export type PublicKey = z.infer<typeof PublicKey>;

/** Whose tokens are believed. `off` exists on loopback only. */
export type AuthConfig = { is: "off" } | { is: "on"; secret: string | null; publicKey: PublicKey | null };

export interface DaemonConfig {
  host: string;
  port: number;
  /** A socket on that port which whoever started us holds for us, so that nobody can take the port between two of our lives. */
  listenFd?: number;
  /** The sandbox's name: the audience of its tokens. */
  name: string;
  workspaceRoot: string;
  /** Journal, keys and the agent's sessions. Outside the workspace, where the agent's own tools would meet it. */
  stateDir: string;
  /** Keys of models. Apart from the rest where they are not to be kept with the sandbox's files: in memory, say. */
  keysDir: string;
  auth: AuthConfig;
  agentKind: string;
  agentUser: AgentUser | null;
  /** What the agent's environment is built from; nothing else of ours reaches it. */
  agentBaseEnv: Record<string, string>;
  llm: LlmCredentials;
  journalMaxBytes: number;
  /** How long a question of the agent waits for a person. */
  questionDeadlineMs: number;
}

export class ConfigProblems extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(`The daemon cannot start, fix these variables:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "ConfigProblems";
    this.problems = problems;
  }
}

const LOOPBACK = ["127.0.0.1", "::1", "localhost"];
const MEBIBYTE = 1024 * 1024;
const MINUTE_MS = 60_000;

/** `agentKinds`: the names that SANDBOX_DAEMON_AGENT_MODE may have. */
export function readDaemonConfig(agentKinds: string[], env: Environment = process.env): DaemonConfig {
  const problems: string[] = [];
  const host = env.SANDBOX_DAEMON_HOST || "127.0.0.1";
  const workspaceRoot = expand(env.SANDBOX_DAEMON_WORKSPACE_ROOT || "./workspace");
  const stateDir = readStateDir(env, workspaceRoot, problems);
  const config: DaemonConfig = {
    host,
    port: readNumber(env, "SANDBOX_DAEMON_PORT", { otherwise: 8787, from: 0, to: 65_535 }, problems),
    ...(env.SANDBOX_DAEMON_LISTEN_FD ? { listenFd: readListenFd(env, problems) } : {}),
    name: env.SANDBOX_DAEMON_ID || "sandbox",
    workspaceRoot,
    stateDir,
    keysDir: env.SANDBOX_DAEMON_KEYS_DIR ? expand(env.SANDBOX_DAEMON_KEYS_DIR) : join(stateDir, "keys"),
    auth: readAuth(env, LOOPBACK.includes(host), problems),
    agentKind: readAgentKind(env, agentKinds, problems),
    agentUser: readAgentUser(env, problems),
    agentBaseEnv: readAgentBaseEnv(env),
    llm: readLlm(env),
    journalMaxBytes:
      readNumber(env, "SANDBOX_DAEMON_JOURNAL_MAX_MB", { otherwise: 64, from: 1, to: 10_000 }, problems) * MEBIBYTE,
    questionDeadlineMs:
      readNumber(env, "SANDBOX_DAEMON_QUESTION_MINUTES", { otherwise: 30, from: 1, to: 10_000 }, problems) * MINUTE_MS,
  };
  if (problems.length > 0) throw new ConfigProblems(problems);
  return config;
}

function readNumber(
  env: Environment,
  name: string,
  { otherwise, from, to }: { otherwise: number; from: number; to: number },
  problems: string[],
): number {
  const text = env[name];
  if (!text) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || value > to) {
    problems.push(`${name}: give a whole number from ${from} to ${to}; it is "${text}"`);
    return otherwise;
  }
  return value;
}

/** The first three are everybody's streams. */
const readListenFd = (env: Environment, problems: string[]): number =>
  readNumber(env, "SANDBOX_DAEMON_LISTEN_FD", { otherwise: 3, from: 3, to: 1_023 }, problems);

/** "~/work" and relative paths, as a shell would read them. */
function expand(path: string): string {
  return resolve(path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path);
}

function readStateDir(env: Environment, workspaceRoot: string, problems: string[]): string {
  const stateDir = expand(env.SANDBOX_DAEMON_STATE_DIR || join(workspaceRoot, "..", ".sandbox-daemon"));
  const fromRoot = relative(workspaceRoot, stateDir);
  if (!fromRoot.startsWith("..") && !isAbsolute(fromRoot)) {
    problems.push(`SANDBOX_DAEMON_STATE_DIR: choose a folder outside the workspace ${workspaceRoot}`);
  }
  return stateDir;
}

function readAuth(env: Environment, loopback: boolean, problems: string[]): AuthConfig {
  const secret = env.SANDBOX_DAEMON_JWT_SECRET || null;
  const publicKey = readPublicKey(env, problems);
  const wanted = env.SANDBOX_DAEMON_JWT_ENABLED || "";
  if (!["", "true", "false", "1", "0"].includes(wanted)) {
    problems.push(`SANDBOX_DAEMON_JWT_ENABLED: give "true" or "false"; it is "${wanted}"`);
  }
  const disabled = wanted === "false" || wanted === "0";
  const hasKey = secret !== null || publicKey !== null;
  if (!loopback && disabled) {
    problems.push("SANDBOX_DAEMON_JWT_ENABLED: without tokens listen on 127.0.0.1 only, or remove this variable");
  } else if (!hasKey && !disabled && (!loopback || wanted !== "")) {
    problems.push(
      "SANDBOX_DAEMON_JWT_SECRET: set it (or SANDBOX_DAEMON_JWT_PUBLIC_KEY), or listen on 127.0.0.1 without tokens",
    );
  }
  return hasKey && !disabled ? { is: "on", secret, publicKey } : { is: "off" };
}

function readPublicKey(env: Environment, problems: string[]): PublicKey | null {
  const text = env.SANDBOX_DAEMON_JWT_PUBLIC_KEY;
  if (!text) return null;
  try {
    return PublicKey.parse(JSON.parse(text));
  } catch {
    problems.push("SANDBOX_DAEMON_JWT_PUBLIC_KEY: give the JWK of an Ed25519 public key as JSON");
    return null;
  }
}

/** `pi-rpc` is what people know from driving a daemon by hand; it is the agent `pi`, which is spoken to by RPC anyway. */
function readAgentKind(env: Environment, kinds: string[], problems: string[]): string {
  const mode = env.SANDBOX_DAEMON_AGENT_MODE || "pi-rpc";
  const kind = mode === "pi-rpc" ? "pi" : mode;
  if (!kinds.includes(kind)) {
    problems.push(`SANDBOX_DAEMON_AGENT_MODE: choose one of ${kinds.join(", ")}; it is "${mode}"`);
  }
  return kind;
}

function readAgentUser(env: Environment, problems: string[]): AgentUser | null {
  const name = env.SANDBOX_DAEMON_AGENT_USER;
  if (!name) return null;
  const line = passwd().find((entry) => entry.split(":")[0] === name);
  const [, , uid, gid, , home] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    problems.push(`SANDBOX_DAEMON_AGENT_USER: there is no user "${name}" here; make one with: useradd -m ${name}`);
    return null;
  }
  return { name, uid: Number(uid), gid: Number(gid), home: home || "/" };
}

function passwd(): string[] {
  try {
    return readFileSync("/etc/passwd", "utf8").split("\n");
  } catch {
    return [];
  }
}

/**
 * Where the machine is the agent's own, what its image and its owner put into the environment is meant for the agent: only what is ours
 * and the provider's is kept back. On a person's machine nothing is passed on but the few that every program needs.
 */
function readAgentBaseEnv(env: Environment): Record<string, string> {
  return {
    ...(env.SANDBOX_DAEMON_AGENT_ENV === "inherit" ? machineEnv(env) : {}),
    HOME: env.HOME || homedir(),
    // The daemon's own has the system's folders first, as it may be root.
    PATH: env.SANDBOX_DAEMON_AGENT_PATH || env.PATH || "/usr/local/bin:/usr/bin:/bin",
    LANG: env.LANG || "C.UTF-8",
    TERM: env.TERM || "dumb",
  };
}

function machineEnv(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !/^(SANDBOX_DAEMON_|MODAL_)/.test(name));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** A daemon that is started by hand finds the keys where people keep them. */
function readLlm(env: Environment): LlmCredentials {
  return {
    ...(env.ANTHROPIC_API_KEY ? { anthropicApiKey: env.ANTHROPIC_API_KEY } : {}),
    ...(env.OPENAI_API_KEY ? { openaiApiKey: env.OPENAI_API_KEY } : {}),
    ...(env.ANTHROPIC_BASE_URL ? { anthropicBaseUrl: env.ANTHROPIC_BASE_URL } : {}),
    ...(env.OPENAI_BASE_URL ? { openaiBaseUrl: env.OPENAI_BASE_URL } : {}),
  };
}
