/** Without GitHub: plain git remotes that need no credentials, and no pull requests. */
import { ThreadboxError } from "../errors.ts";
import type { Forge } from "./forge.ts";

export const plainForge: Forge = {
  identity: async () => ({ name: "threadbox[bot]", email: "threadbox@users.noreply.github.com" }),
  credential: async () => null,
  verified: () => null,
  locate: async (repository) => repository,
  openPullRequest: async () => {
    throw new ThreadboxError("github.pull-request-failed", "GitHub is not set up.");
  },
  updatePullRequest: async () => {},
  showCheck: async () => {},
  readLinked: async () => null,
  failedJobs: async () => [],
  cardOf: async () => {
    throw new ThreadboxError("surface.refused", "GitHub is not set up.");
  },
};
