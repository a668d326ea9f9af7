/**
 * What the sandbox was given to get at models and remotes. One call replaces everything.
 * Git's credentials live in memory only; the keys of models also in 0600 files, so that a prompt that was acknowledged before a
 * crash of the daemon can still be run after it. Nothing of this is ever written to the journal or the log.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CredentialsRequest, GitLogin } from "../wire/routes.ts";
import type { DaemonClock } from "./clock.ts";
import type { Redactor } from "./redactor.ts";

/** What git's credential helper asks. `origin` is scheme and host: "https://github.com". */
export interface GitCredentials {
  find(origin: string): { username: string; password: string } | null;
}

export type LlmCredentials = NonNullable<CredentialsRequest["llm"]>;

export interface Credentials extends GitCredentials {
  replace(request: CredentialsRequest): void;
  /** Changes whenever the environment of the agent does: an agent that was started with another one has to be started anew. */
  revision(): number;
  /** What the agent gets on top of the bare environment. */
  agentEnv(): Record<string, string>;
  /** The part of it that is no key of a model: what a repository's set-up command gets as well. */
  extraEnv(): Record<string, string>;
}

export interface CredentialsOptions {
  /** Folder of the key files. */
  dir: string;
  /** From the environment of a daemon that was started by hand; wins over the files of an earlier run. */
  initial: LlmCredentials;
  redactor: Redactor;
  clock: DaemonClock;
}

/** Which variable carries which credential into the agent; the daemon's files have the same names. */
const VARIABLES = {
  anthropicApiKey: "ANTHROPIC_API_KEY",
  openaiApiKey: "OPENAI_API_KEY",
  anthropicBaseUrl: "ANTHROPIC_BASE_URL",
  openaiBaseUrl: "OPENAI_BASE_URL",
} as const satisfies Record<keyof LlmCredentials, string>;
const NAMES = Object.keys(VARIABLES) as (keyof LlmCredentials)[];

const LOOKS_SECRET = /TOKEN|KEY|SECRET|PASSWORD|CREDENTIAL/i;

export function createCredentials(options: CredentialsOptions): Credentials {
  const { dir, redactor, clock } = options;
  let llm: LlmCredentials = { ...readFiles(dir), ...options.initial };
  let git: GitLogin[] = [];
  let extra: Record<string, string> = {};
  let revision = 0;
  learnLlm();

  return {
    replace(request) {
      const before = JSON.stringify([llm, extra]);
      llm = request.llm ?? {};
      git = [...(request.git ?? []), ...fromGitHub(request.github)];
      extra = withoutOurs(request.extra?.env ?? {});
      writeFiles(dir, llm);
      learnLlm();
      learnLogins(redactor, git);
      for (const [name, value] of Object.entries(extra)) if (LOOKS_SECRET.test(name)) redactor.learn(value);
      if (JSON.stringify([llm, extra]) !== before) revision += 1;
    },
    revision: () => revision,
    agentEnv: () => ({ ...toEnv(llm), ...extra }),
    extraEnv: () => extra,
    find(origin) {
      const entry = loginFor(git, origin);
      if (!entry || (entry.expiresAt !== undefined && entry.expiresAt <= clock.now())) return null;
      return { username: entry.username, password: entry.password };
    },
  };

  function learnLlm(): void {
    redactor.learn(llm.anthropicApiKey);
    redactor.learn(llm.openaiApiKey);
  }
}

/** So that they are blanked wherever they turn up, also as a header has them. */
export function learnLogins(redactor: Pick<Redactor, "learn">, logins: GitLogin[] = []): void {
  for (const { username, password } of logins) {
    redactor.learn(password);
    redactor.learn(Buffer.from(`${username}:${password}`).toString("base64"));
  }
}

/** The one for that place, if there is one. */
export function loginFor(logins: GitLogin[], origin: string): GitLogin | undefined {
  const wanted = canonicalOrigin(origin);
  return logins.find((candidate) => canonicalOrigin(candidate.origin) === wanted);
}

function fromGitHub(github: CredentialsRequest["github"]): GitLogin[] {
  // GitHub takes any user name beside a token; this one works for tokens of apps, too.
  return github ? [{ origin: "https://github.com", username: "x-access-token", password: github.token }] : [];
}

/** "https://GitHub.com:443/acme" and "https://github.com" are one place. */
function canonicalOrigin(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).origin : origin;
}

function toEnv(llm: LlmCredentials): Record<string, string> {
  return Object.fromEntries(NAMES.flatMap((name) => (llm[name] ? [[VARIABLES[name], llm[name]]] : [])));
}

/** Whoever sets our own variables for the agent, by mistake or not, must not steer a daemon that the agent starts. */
function withoutOurs(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("SANDBOX_DAEMON_")));
}

function readFiles(dir: string): LlmCredentials {
  const found: LlmCredentials = {};
  for (const name of NAMES) {
    try {
      found[name] = readFileSync(join(dir, VARIABLES[name]), "utf8");
    } catch {
      // Not given: the usual case.
    }
  }
  return found;
}

function writeFiles(dir: string, llm: LlmCredentials): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of NAMES) {
    const file = join(dir, VARIABLES[name]);
    // Removed first: `mode` counts only for a file that is new.
    rmSync(file, { force: true });
    const value = llm[name];
    if (value) writeFileSync(file, value, { mode: 0o600, flag: "wx" });
  }
}
