/**
 * Who of those that may write may also ask: people by number, because a login can be given up and taken by somebody else. A repository's
 * own list counts there instead of the list for all; it is written under a name, and goes with the repository when that is renamed.
 */
import { remembered } from "../bounded.ts";
import { isListed } from "../core/listed.ts";
import type { GitHubRepo } from "../core/types.ts";
import type { GitHubAccess, RepositoryPlace } from "./github-access.ts";
import { unlessGone } from "./github-comments.ts";
import { githubFailure } from "./github-failure.ts";

export interface GitHubAllow {
  /** Numeric ids as text: everybody who may write when it is left out, nobody when it is empty. */
  people?: readonly string[] | undefined;
  /** The same for single repositories, by full name. */
  byRepository?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Does the list that counts there have this account? */
export type IsListed = (repo: GitHubRepo, installation: number | null, id: string) => Promise<boolean>;

/** Throws a ThreadboxError when GitHub cannot say which repository a list is for. */
export function githubAllowed(access: GitHubAccess, { people, byRepository = {} }: GitHubAllow): IsListed {
  const lists = new Map(Object.entries(byRepository).map(([name, ids]) => [name.toLowerCase(), ids]));
  const idOnce = remembered(
    { clock: access.clock, forMs: NAME_KNOWN_MS, maxEntries: MAX_NAMES },
    (place: RepositoryPlace) => idOf(access, place),
    ({ owner, name, installation }) => `${installation}/${owner}/${name}`.toLowerCase(),
  );

  return async (repo, installation, id) => {
    const own = lists.get(`${repo.owner}/${repo.name}`.toLowerCase()) ?? (await formerly(repo, installation));
    return isListed(own ?? people, id);
  };

  async function formerly(repo: GitHubRepo, installation: number | null): Promise<readonly string[] | null> {
    for (const [full, ids] of lists) {
      const [owner = "", name = ""] = full.split("/");
      if ((await idOnce({ owner, name, installation })) === repo.id) return ids;
    }
    return null;
  }
}

/** What a name leads to changes only when somebody gives it to another repository. */
const NAME_KNOWN_MS = 10 * 60_000;
const MAX_NAMES = 1_000;

/** GitHub leads from a former name to the repository. Null where this installation sees none under that name. */
async function idOf(access: GitHubAccess, place: RepositoryPlace): Promise<number | null> {
  const { owner, name } = place;
  try {
    const octokit = await access.client(place);
    const found = await unlessGone(() => octokit.rest.repos.get({ owner, repo: name }));
    return found?.data.id ?? null;
  } catch (thrown) {
    throw githubFailure(thrown, `ask which repository ${owner}/${name} is`, access.clock);
  }
}
