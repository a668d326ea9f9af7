/** Can every repository be read, with the credential that a sandbox would get? */
import { execFile } from "node:child_process";
import { devNull } from "node:os";
import { promisify } from "node:util";
import { systemClock } from "../clock.ts";
import type { Repository } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Forge, GitCredential } from "../surfaces/forge.ts";
import { githubAccess } from "../surfaces/github-access.ts";
import { githubForge } from "../surfaces/github-forge.ts";
import { plainForge } from "../surfaces/plain-forge.ts";
import { type Finding, fail, ok, tried } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";

const ANSWER_WITHIN_MS = 20_000;

export async function checkRepositories(settings: Checked): Promise<Finding[]> {
  const repositories = settings.team?.repositories ?? [];
  return tried("repositories", "Check the network.", async () => {
    const forge = forgeOf(settings);
    return Promise.all(repositories.map((repository) => checkRepository(forge, repository)));
  });
}

function forgeOf({ config: { github }, log }: Checked): Forge {
  if (!github) return plainForge;
  const { auth, apiUrl, url } = github;
  return githubForge({ access: githubAccess({ credentials: auth, apiUrl, url, log, clock: systemClock }), log });
}

async function checkRepository(forge: Forge, listed: Repository): Promise<Finding> {
  try {
    const repository = await forge.locate(listed);
    const heads = await lsRemote(repository.url, await forge.credential(repository, "read"));
    if (!repository.base || heads.includes(`refs/heads/${repository.base}`))
      return ok(listed.name, `readable, ${heads.length} ${heads.length === 1 ? "branch" : "branches"}`);
    return fail(listed.name, `It has no branch ${repository.base}.`, "Fix `base` in threadbox.yml.");
  } catch (thrown) {
    const { detail, remedy } = toThreadboxError(thrown, "git.clone-failed");
    return fail(listed.name, wordsOfGit(thrown) ?? detail, remedy);
  }
}

const execute = promisify(execFile);

/** Hands the credential over in the environment: everybody on this machine may read command lines. */
const HELPER = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$GIT_USER" "$GIT_SECRET"; }; f';

async function lsRemote(url: string, credential: GitCredential | null): Promise<string[]> {
  const helper = credential ? ["-c", `credential.${credential.origin}.helper=${HELPER}`] : [];
  const { stdout } = await execute("git", ["-c", "credential.helper=", ...helper, "ls-remote", "--heads", "--", url], {
    timeout: ANSWER_WITHIN_MS,
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: devNull,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_USER: credential?.username ?? "",
      GIT_SECRET: credential?.password ?? "",
    },
  });
  return stdout
    .split("\n")
    .map((line) => line.split("\t")[1] ?? "")
    .filter(Boolean);
}

/** What git itself complains of; the error of the child process holds nothing but its command line. */
function wordsOfGit(thrown: unknown): string | null {
  if (!(thrown instanceof Error && "stderr" in thrown)) return null;
  const words = /^(?:fatal|remote|error): (.+)$/m.exec(String(thrown.stderr))?.[1] ?? null;
  // Somebody may have written a password into the URL.
  return words?.replace(/:\/\/[^/@\s]*@/g, "://") ?? null;
}
