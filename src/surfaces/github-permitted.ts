/** What an App may do only with a permission that its owner may not have given: left out then, told in the log once, and tried again later. */
import { bounded } from "../bounded.ts";
import type { Log } from "../log.ts";
import type { GitHubAccess, RepositoryPlace } from "./github-access.ts";
import { githubFailure, statusOf } from "./github-failure.ts";

/** Somebody may have given the permission since. */
const REFUSED_FOR_MS = 30 * 60_000;
const MAX_REFUSED = 2_000;

/** Null where it may not be done. */
export type WherePermitted = <T>(
  place: RepositoryPlace,
  permission: "checks" | "statuses" | "actions" | "checks: write",
  ask: () => Promise<T>,
) => Promise<T | null>;

export function wherePermitted({ access, log }: { access: GitHubAccess; log: Log }): WherePermitted {
  const refused = bounded<string, number>(MAX_REFUSED);
  return async ({ owner, name }, permission, ask) => {
    const key = `${permission} ${owner}/${name}`;
    const { clock } = access;
    if (clock.now() < (refused.get(key) ?? 0)) return null;
    try {
      return await ask();
    } catch (thrown) {
      const { code, detail } = githubFailure(thrown, `use the ${permission} of ${owner}/${name}`, clock);
      const isRefusal = code === "surface.thread-gone" || (code === "surface.refused" && statusOf(thrown) !== 422);
      if (!isRefusal) throw thrown;
      if (!refused.get(key))
        log.info({ permission, repository: `${owner}/${name}`, detail }, "github.permission-missing");
      refused.set(key, clock.now() + REFUSED_FOR_MS);
      return null;
    }
  };
}
