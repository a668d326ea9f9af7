/**
 * What an account may do on a repository, for people whom we know by their number: the login is looked up first, because it may have been
 * given up since and taken by somebody else. Asked each time, with the App's own token; nothing is remembered.
 */
import { z } from "zod";
import type { GitHubAccount } from "../core/identity.ts";
import type { Repository } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { GitHubAccess } from "./github-access.ts";
import { unlessGone } from "./github-comments.ts";
import { githubFailure } from "./github-failure.ts";
import { askRole } from "./github-people.ts";

export interface GitHubRights {
  /** Null when there is no such account any more. Throws a ThreadboxError when it cannot know. */
  rights(account: GitHubAccount, repository: Repository): Promise<{ login: string; mayWrite: boolean } | null>;
  /** The address that GitHub shows as this account without telling a private one. */
  noreply(account: GitHubAccount): string;
}

const Account = z.object({ id: z.number(), login: z.string() });

export function githubRights(access: GitHubAccess): GitHubRights {
  return {
    noreply: (account) => access.noreply(account),
    async rights({ id, login: formerly }, { id: repositoryId, name: called, github }) {
      if (!github) throw new ThreadboxError("internal", `${called} is not on GitHub`);
      const { owner, name, installation } = github;
      const login = await loginOf(access, { owner, name, installation }, { id, login: formerly });
      if (login === null) return null;
      const who = { id: String(id), name: login };
      const role = await askRole(access, { repo: { id: Number(repositoryId), owner, name }, installation, who });
      return { login, mayWrite: role?.canWrite === true && !role.isBot };
    },
  };
}

async function loginOf(
  access: GitHubAccess,
  place: Parameters<GitHubAccess["client"]>[0],
  { id, login }: GitHubAccount,
): Promise<string | null> {
  try {
    const octokit = await access.client(place);
    const found = await unlessGone(() => octokit.request("GET /user/{account_id}", { account_id: id }));
    return found && Account.parse(found.data).login;
  } catch (thrown) {
    throw githubFailure(thrown, `ask who ${login} is`, access.clock);
  }
}
