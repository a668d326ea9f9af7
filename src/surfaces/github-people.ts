/**
 * Who may ask: whoever may write to that very repository, asked of GitHub each time (an answer counts for a minute).
 * What a payload says of a person (`author_association`, a login) grants nothing. Bots never, unless allowed by their number.
 */
import { z } from "zod";
import { remembered } from "../bounded.ts";
import type { GitHubRepo, Mention, Person } from "../core/types.ts";
import type { GitHubAccess } from "./github-access.ts";
import { type GitHubAllow, githubAllowed } from "./github-allowed.ts";
import { unlessGone } from "./github-comments.ts";
import { githubFailure } from "./github-failure.ts";
import type { Authorization } from "./surface.ts";

export interface GitHubPeopleOptions {
  access: GitHubAccess;
  /** What people call us, without the `@`. */
  name: string;
  /** Numeric ids, as text, of bots that may ask although nobody answers for them. */
  allowedBots: readonly string[];
  /** Who of those that may write may also ask; all of them when it is left out. */
  allow?: GitHubAllow | undefined;
}

export interface RepositoryRole {
  canWrite: boolean;
  /** More than what everybody has on a public repository. */
  isCollaborator: boolean;
  isBot: boolean;
  login: string;
}

export interface GitHubPeople {
  authorize(mention: Mention): Promise<Authorization>;
  /** Null when GitHub knows nobody of that number and login. */
  role(
    repo: GitHubRepo,
    installation: number | null,
    who: { id: string; name: string },
  ): Promise<(RepositoryRole & { mayAsk: boolean }) | null>;
}

export function githubPeople({ access, name, allowedBots, allow = {} }: GitHubPeopleOptions): GitHubPeople {
  const { clock } = access;
  const roleOnce = remembered(
    { clock, forMs: ROLE_KNOWN_MS, maxEntries: MAX_ROLES_KNOWN },
    (question: RoleQuestion) => askRole(access, question),
    ({ repo, who }) => `${repo.id}/${who.id}/${who.name}`,
  );
  const isListed = githubAllowed(access, allow);
  const role: GitHubPeople["role"] = async (repo, installation, who) => {
    const asked = await roleOnce({ repo, installation, who });
    // A list narrows, and never grants: whoever may not write is not looked up in it.
    return asked && { ...asked, mayAsk: asked.canWrite && (await isListed(repo, installation, who.id)) };
  };

  return {
    role,
    async authorize({ author, thread }) {
      if (allowedBots.includes(author.id))
        return { allowed: true, author: { ...withAddress(author, access), bot: true } };
      if (author.name.endsWith("[bot]")) return BOT;
      if (thread.surface !== "github") return notAllowed("this repository", name);
      const asked = await role(thread.repo, thread.installation, author);
      if (asked?.isBot) return BOT;
      if (!asked?.canWrite) return notAllowed(`${thread.repo.owner}/${thread.repo.name}`, name);
      if (!asked.mayAsk) return notListed(`${thread.repo.owner}/${thread.repo.name}`, name);
      return { allowed: true, author: withAddress({ ...author, name: asked.login }, access) };
    },
  };
}

/** Long enough for the questions of one mention, short enough that taking somebody's access away takes effect. */
const ROLE_KNOWN_MS = 60_000;
/** More people than speak anywhere within that minute. */
const MAX_ROLES_KNOWN = 2_000;

const BOT: Authorization = { allowed: false, code: "surface.bot", text: "Bots cannot start turns." };

const notAllowed = (repository: string, name: string): Authorization => ({
  allowed: false,
  code: "surface.not-allowed",
  text: `Only people who may write to ${repository} can ask ${name} here. One of them can ask for you, or a maintainer can give you write access.`,
});

const notListed = (repository: string, name: string): Authorization => ({
  allowed: false,
  code: "surface.not-allowed",
  text: `Not everybody who may write to ${repository} can ask ${name} here. Whoever keeps threadbox.yml can add you (\`people\`).`,
});

function withAddress(author: Person, access: GitHubAccess): Person {
  const email = access.noreply({ id: Number(author.id), login: author.name });
  return { ...author, git: { name: author.name, email } };
}

/** `permission` counts triage as read and maintain as write, and maps the roles that an organisation made up itself. */
const Permission = z.object({
  permission: z.string(),
  role_name: z.string(),
  user: z.object({ id: z.number(), login: z.string(), type: z.string() }).nullable(),
});

interface RoleQuestion {
  repo: GitHubRepo;
  installation: number | null;
  who: { id: string; name: string };
}

/** Asked now, whatever was known before. Null when GitHub knows nobody of that number and login. */
export async function askRole(
  access: GitHubAccess,
  { repo, installation, who }: RoleQuestion,
): Promise<RepositoryRole | null> {
  const place = { owner: repo.owner, name: repo.name, installation };
  const ask = { owner: repo.owner, repo: repo.name, username: who.name };
  try {
    const octokit = await access.client(place);
    const answer = await unlessGone(() => octokit.rest.repos.getCollaboratorPermissionLevel(ask));
    if (answer === null) return null;
    const { permission, role_name, user } = Permission.parse(answer.data);
    // A login can be given up and taken by somebody else; the number cannot.
    if (String(user?.id) !== who.id) return null;
    const canWrite = permission === "write" || permission === "admin";
    const isCollaborator = canWrite || !["read", "none"].includes(role_name);
    return { canWrite, isCollaborator, isBot: user?.type === "Bot", login: user?.login ?? who.name };
  } catch (thrown) {
    throw githubFailure(thrown, `ask what ${who.name} may do on ${repo.owner}/${repo.name}`, access.clock);
  }
}
