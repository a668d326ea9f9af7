/**
 * The two sides of one clone. The agent may write whatever it likes into the clone's `.git/config`: a proxy, another helper for
 * credentials, a program that git runs at every command. So nothing that holds a credential ever reads it:
 *
 *   clone   the folder that the agent works in; used with its owner's rights, never with credentials or over the network
 *   link    a bare repository of the daemon's own beside it, which shares the clone's objects; the only one that talks to the remote
 *
 * `mirror` carries the remote's branches and tags from the link into the clone.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GitLogin } from "../wire/routes.ts";
import { CheckoutError, type CheckoutSpec } from "./checkout.ts";
import { loginFor } from "./credentials.ts";
import { type CommandResult, type Owner, runCommand } from "./git-command.ts";
import { type Login, lendCredentials } from "./git-credentials.ts";
import { type GitFailureCode, gitFailure } from "./git-failure.ts";
import { type Remote, readRemote, withoutSecrets } from "./git-names.ts";

export interface GitOptions {
  credentials: { find(origin: string): Login | null };
  /** Values that must not be pushed, in all their spellings. */
  unpushable?(): string[];
  /** The daemon's own folder, out of the agent's reach. */
  stateDir: string;
  /** The whole environment of git and of the set-up command. */
  env?: Record<string, string>;
  /** Who the clone belongs to, when not the daemon's own user. */
  owner?: Owner;
}

export interface Repository {
  readonly spec: CheckoutSpec;
  readonly remote: Remote;
  /** Where the clone is now: in `spec.dir`, or beside it while it is being made. */
  readonly dir: string;
  /** Files of the daemon about this clone begin with this. */
  readonly linkDir: string;
  readonly owner: Owner | undefined;
  readonly env: Record<string, string>;
  /** A command in the clone. */
  clone(args: string[], options?: RunOptions): Promise<CommandResult>;
  /** A command in the link, offline. */
  link(args: string[], options?: RunOptions): Promise<CommandResult>;
  /** A command in the link that may need the remote; `logins` come before what the daemon has. */
  online(args: string[], logins?: GitLogin[]): Promise<CommandResult>;
  /** Values that must not be pushed, in all their spellings. */
  unpushable(): string[];
  /** Makes the link when it is missing; `anew` when the clone's objects are not those that it knew. */
  openLink(anew: boolean): Promise<void>;
  /** The output of a command that has to work; throws its failure, or `otherwise` when git says nothing that we know. */
  must(result: Promise<CommandResult>, otherwise?: GitFailureCode): Promise<string>;
  failure(code: string, detail: string): CheckoutError;
}

interface RunOptions {
  /** Beside what every command has. */
  env?: Record<string, string>;
  stdin?: string;
  maxChars?: number;
  onBytes?(bytes: Buffer): void;
}

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";
/** For the daemon's own git where the agent is another user: a folder of the agent's PATH may be that user's. */
const ROOT_PATH = `/usr/local/sbin:${DEFAULT_PATH}:/usr/sbin:/sbin`;

/** In front of every command: no program of the clone's is run by the daemon, and nothing is tidied up behind the agent's back. */
const QUIET = [
  ...["core.hooksPath=/dev/null", "core.fsmonitor=false", "core.askPass=", "protocol.ext.allow=never"],
  // A folder of the work tree that looks like a bare repository brings a config of its own; a submodule's address is a stranger's.
  ...["safe.bareRepository=explicit", "submodule.recurse=false", "fetch.recurseSubmodules=no"],
  // The link does not know the agent's commits; its idea of garbage would be their end.
  ...["gc.auto=0", "maintenance.auto=false", "commit.gpgsign=false", "advice.detachedHead=false"],
].flatMap((setting) => ["-c", setting]);

/** The link stands on objects that the agent can write: its index over commits could tell another history than the commits themselves. */
const OWN_EYES = ["core.commitGraph=false", "core.multiPackIndex=false"].flatMap((setting) => ["-c", setting]);

/** A remote that sends less than a byte a second for two minutes is not coming back. */
const NETWORK = [
  ...["http.lowSpeedLimit=1", "http.lowSpeedTime=120"],
  // As packs: single objects would make folders of the daemon's in the agent's store, which it then could not write to.
  ...["transfer.unpackLimit=1", "fetch.unpackLimit=1"],
].flatMap((setting) => ["-c", setting]);

export function openRepository(spec: CheckoutSpec, options: GitOptions, dir: string = spec.dir): Repository {
  const remote = readRemote(spec.source);
  const env = gitEnv(options.env);
  const { owner, stateDir } = options;
  const linkDir = join(stateDir, "git", createHash("sha256").update(spec.dir).digest("hex").slice(0, 16));
  const objects = join(dir, ".git", "objects");
  // Another home: in the agent's own one, a `.netrc` could log us in as somebody else.
  const place = { HOME: stateDir, GIT_DIR: `${linkDir}.git`, GIT_OBJECT_DIRECTORY: objects };
  const linkEnv = { ...env, ...place, ...(owner ? { PATH: ROOT_PATH } : {}) };
  // With a broken `.git` it would take a repository further up for the clone.
  const cloneEnv = { ...env, GIT_CEILING_DIRECTORIES: dirname(dir) };
  const secrets: string[] = remote.embedded ? [remote.embedded.password] : [];

  const find = (origin: string): Login | null => {
    const login = options.credentials.find(origin) ?? remote.embedded;
    if (login) secrets.push(login.password);
    return login;
  };
  const failure = (code: string, detail: string) => new CheckoutError(code, withoutSecrets(detail, secrets));
  const link: Repository["link"] = (args, run) =>
    runCommand("git", [...QUIET, ...OWN_EYES, ...args], { cwd: stateDir, ...run, env: { ...linkEnv, ...run?.env } });
  const trusting = ["-c", `safe.directory=${dir}`];

  return {
    spec,
    remote,
    dir,
    linkDir,
    owner,
    env,
    clone: (args, run) =>
      runCommand("git", [...QUIET, ...trusting, ...args], {
        cwd: dir,
        owner,
        ...run,
        env: { ...cloneEnv, ...run?.env },
      }),
    link,
    unpushable: () => options.unpushable?.() ?? [],
    async online(args, logins = []) {
      const lent = (origin: string): Login | null => loginFor(logins, origin) ?? find(origin);
      secrets.push(...logins.map(({ password }) => password));
      const loan = await lendCredentials(remote.origin, lent, stateDir);
      try {
        return await link([...NETWORK, ...loan.args, ...args]);
      } finally {
        await loan.end();
      }
    },
    async openLink(anew) {
      if (anew) await rm(linkEnv.GIT_DIR, { recursive: true, force: true });
      if (existsSync(join(linkEnv.GIT_DIR, "HEAD"))) return;
      await mkdir(join(stateDir, "git"), { recursive: true, mode: 0o700 });
      await link(["init", "--quiet", "--bare"]);
    },
    async must(running, otherwise = "git.clone-failed") {
      const result = await running;
      if (result.code === 0) return result.stdout;
      const { code, detail } = gitFailure(result, otherwise);
      throw failure(code, detail);
    },
    failure,
  };
}

function gitEnv(env: Record<string, string> | undefined): Record<string, string> {
  const given = Object.entries(env ?? {}).filter(([name]) => !name.startsWith("GIT_"));
  return {
    PATH: DEFAULT_PATH,
    ...Object.fromEntries(given),
    // Its words are read by `git-failure.ts`.
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "",
    SSH_ASKPASS: "",
    GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ALLOW_PROTOCOL: "https:http:ssh:file",
  };
}
