/** Where repositories live, as the bot and the commands for sandboxes use it: GitHub where it is set up, plain git remotes otherwise. */
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { Forge } from "./surfaces/forge.ts";
import { type GitHubAccess, githubAccess, type Kept } from "./surfaces/github-access.ts";
import { githubForge } from "./surfaces/github-forge.ts";
import { plainForge } from "./surfaces/plain-forge.ts";

/** Our way to GitHub's API, or null where it is not set up. */
export function githubOf(options: {
  config: Pick<Config, "github">;
  log: Log;
  clock: Clock;
  /** GitHub asks for a second between writes; off only where it is emulated. */
  paced?: boolean;
  kept?: Kept;
}): GitHubAccess | null {
  const { config, log, clock, paced = true, kept } = options;
  if (!config.github) return null;
  const { auth, apiUrl, url } = config.github;
  return githubAccess({ credentials: auth, apiUrl, url, paced, log, clock, ...(kept ? { kept } : {}) });
}

/** `workflows`: whether what is pushed may change them, by `threadbox.yml`. */
export const forgeOf = (
  github: GitHubAccess | null,
  log: Log,
  { workflows }: { workflows?: boolean | undefined } = {},
): Forge => (github ? githubForge({ access: github, log, workflows }) : plainForge);
