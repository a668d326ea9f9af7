/**
 * What the sandbox was given to get at models and remotes. One call replaces everything.
 * Git's credentials live in memory only; the keys of models and the agents' logins also in 0600 files, so that a prompt that was
 * acknowledged before a crash of the daemon can still be run after it. Nothing of this is ever written to the journal or the log.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEY_VARIABLES, type KeyOwner, takesOf, URL_VARIABLES } from "../wire/agents.ts";
import { AgentLogin, type AgentLogins, KINDS_WITH_LOGIN, secretsOf, withoutRefreshTokens } from "../wire/logins.ts";
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
  /** What tells two states of an agent's credentials apart. */
  state(kind: string): { keys: string; rest: string };
  /** What the agent gets on top of the bare environment. */
  agentEnv(kind: string): Record<string, string>;
  /** Where its login file lies, for the daemon alone; undefined where none was given. */
  loginFile(kind: string): string | undefined;
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
  anthropicApiKey: KEY_VARIABLES.anthropic,
  openaiApiKey: KEY_VARIABLES.openai,
  anthropicBaseUrl: URL_VARIABLES.anthropic,
  openaiBaseUrl: URL_VARIABLES.openai,
} as const satisfies Record<keyof LlmCredentials, string>;
const NAMES = Object.keys(VARIABLES) as (keyof LlmCredentials)[];
const KEYS: Record<KeyOwner, keyof LlmCredentials> = { anthropic: "anthropicApiKey", openai: "openaiApiKey" };
const BASE_URLS: Record<KeyOwner, keyof LlmCredentials> = { anthropic: "anthropicBaseUrl", openai: "openaiBaseUrl" };

const LOOKS_SECRET = /TOKEN|KEY|SECRET|PASSWORD|CREDENTIAL/i;

export function createCredentials(options: CredentialsOptions): Credentials {
  const { dir, redactor, clock } = options;
  let llm: LlmCredentials = { ...readFiles(dir), ...options.initial };
  let logins: AgentLogins = readLogins(dir);
  let git: GitLogin[] = [];
  let extra: Record<string, string> = {};
  learnModels();

  return {
    replace(request) {
      llm = request.llm ?? {};
      logins = loginsOf(request.logins);
      git = [...(request.git ?? []), ...fromGitHub(request.github)];
      extra = withoutOurs(request.extra?.env ?? {});
      writeFiles(dir, { ...toEnv(llm), ...toFiles(logins) });
      learnModels();
      learnLogins(redactor, git);
      for (const [name, value] of Object.entries(extra)) if (LOOKS_SECRET.test(name)) redactor.learn(value);
    },
    state(kind) {
      const { keys } = takesOf(kind);
      const values = keys.map((owner) => llm[KEYS[owner]]);
      // That there is a key at all is something else than which one it is: an agent chooses its provider by it.
      const rest = [values.map(Boolean), keys.map((owner) => llm[BASE_URLS[owner]]), extra, logins[kind]];
      return { keys: digest(values), rest: digest(rest) };
    },
    agentEnv(kind) {
      const { keys } = takesOf(kind);
      // Somebody who has put a login there for just this agent means it to be used.
      const given = [
        ...(logins[kind] ? [] : keys.map((owner) => KEYS[owner])),
        ...keys.map((owner) => BASE_URLS[owner]),
      ];
      return { ...toEnv(llm, given), ...extra };
    },
    loginFile: (kind) => (logins[kind] ? join(dir, loginName(kind)) : undefined),
    extraEnv: () => extra,
    find(origin) {
      const entry = loginFor(git, origin);
      if (!entry || (entry.expiresAt !== undefined && entry.expiresAt <= clock.now())) return null;
      return { username: entry.username, password: entry.password };
    },
  };

  function learnModels(): void {
    redactor.learn(llm.anthropicApiKey);
    redactor.learn(llm.openaiApiKey);
    for (const secret of Object.values(logins).flatMap(secretsOf)) redactor.learn(secret);
  }
}

/** Not the values themselves: they are kept for as long as an agent runs. */
const digest = (values: unknown[]): string => createHash("sha256").update(JSON.stringify(values)).digest("hex");

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

function toEnv(llm: LlmCredentials, names = NAMES): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (llm[name] ? [[VARIABLES[name], llm[name]]] : [])));
}

/** Of agents that know what to do with one. Whoever hands them over should have blanked them; here nothing is left to chance. */
function loginsOf(given: AgentLogins = {}): AgentLogins {
  return Object.fromEntries(
    KINDS_WITH_LOGIN.flatMap((kind) => (given[kind] ? [[kind, withoutRefreshTokens(given[kind])]] : [])),
  );
}

const loginName = (kind: string): string => `login-${kind}.json`;
const toFiles = (logins: AgentLogins): Record<string, string> =>
  Object.fromEntries(Object.entries(logins).map(([kind, login]) => [loginName(kind), JSON.stringify(login)]));

/** Whoever sets our own variables for the agent, by mistake or not, must not steer a daemon that the agent starts. */
function withoutOurs(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("SANDBOX_DAEMON_")));
}

function readFiles(dir: string): LlmCredentials {
  const found: LlmCredentials = {};
  for (const name of NAMES) {
    const value = read(dir, VARIABLES[name]);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function readLogins(dir: string): AgentLogins {
  return Object.fromEntries(
    KINDS_WITH_LOGIN.flatMap((kind) => {
      const login = parsed(read(dir, loginName(kind)));
      return login === null ? [] : [[kind, login]];
    }),
  );
}

/** Null where there is none, or a disk that was full has only its beginning: a daemon that did not come up for it could never be given another. */
function parsed(text = ""): AgentLogin | null {
  try {
    return AgentLogin.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Undefined where it was not given: the usual case. */
function read(dir: string, name: string): string | undefined {
  try {
    return readFileSync(join(dir, name), "utf8");
  } catch {
    return undefined;
  }
}

function writeFiles(dir: string, values: Record<string, string>): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of [...Object.values(VARIABLES), ...KINDS_WITH_LOGIN.map(loginName)]) {
    const file = join(dir, name);
    const value = values[name];
    if (!value) {
      rmSync(file, { force: true });
      continue;
    }
    // A daemon that is killed meanwhile leaves the file of before, or the whole new one.
    const draft = `${file}.draft`;
    // Removed first: `mode` counts only for a file that is new.
    rmSync(draft, { force: true });
    writeFileSync(draft, value, { mode: 0o600, flag: "wx" });
    renameSync(draft, file);
  }
}
