/** GitHub as the place where repositories live: who commits, what git may use, and pull requests. */
import { z } from "zod";
import type { Repository } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Forge, GitCredential } from "./forge.ts";
import type { GitHubAccess, GitTokenPurpose, RepositoryPlace } from "./github-access.ts";
import { cardsFrom } from "./github-card.ts";
import { checksBy } from "./github-check.ts";
import { githubFailure } from "./github-failure.ts";
import { failedJobsFrom } from "./github-jobs.ts";
import { readLinked } from "./github-linked.ts";
import { openPullRequest, updatePullRequest } from "./github-pull.ts";

export interface GitHubForgeOptions {
  access: GitHubAccess;
  log: Log;
  /** Whether what is pushed may change workflows; no, when it is left out. */
  workflows?: boolean | undefined;
}

export function githubForge({ access, log, workflows = false }: GitHubForgeOptions): Forge {
  const cardOf = cardsFrom({ access, log });
  const failedJobs = failedJobsFrom({ access, log });
  const showCheck = checksBy({ access, log });
  return {
    async identity() {
      const self = await access.self();
      return { name: self.login, email: access.noreply(self) };
    },
    credential: (repository, purpose) =>
      credentialFor(access, repository, purpose === "write" && workflows ? "write workflows" : purpose),
    verified(repository) {
      const place = placeOf(access, repository);
      return place && { repository: `${place.owner}/${place.name}`, ...access.api };
    },
    locate: (repository) => locate(access, repository),
    async openPullRequest(draft) {
      const { name } = draft.repository;
      const place = placeOf(access, draft.repository);
      if (place === null) throw new ThreadboxError("github.pull-request-failed", `${name} is not on ${access.url}`);
      const { number, url } = await openPullRequest({ access, log }, place, draft);
      log.info({ repository: name, branch: draft.head, pullRequest: number }, "github.pull-request-open");
      return { number, url };
    },
    async updatePullRequest(number, draft) {
      const place = placeOf(access, draft.repository);
      if (place) await updatePullRequest({ access, log }, place, { number, draft });
    },
    async showCheck(repository, report) {
      const place = placeOf(access, repository);
      if (place) await showCheck(repository, place, report);
    },
    async readLinked(link) {
      const place = placeOf(access, link.repository);
      return place && readLinked(access, place, link);
    },
    async cardOf(repository, number) {
      const place = placeOf(access, repository);
      if (place) return cardOf(repository, place, number);
      throw new ThreadboxError("surface.refused", `${repository.name} is not on ${access.url}`);
    },
    async failedJobs(repository, sha) {
      const place = placeOf(access, repository);
      return place ? failedJobs(place, sha) : [];
    },
  };
}

/** Nothing is handed out for another host, whatever the repository is called there. */
async function credentialFor(
  access: GitHubAccess,
  repository: Repository,
  purpose: GitTokenPurpose,
): Promise<GitCredential | null> {
  const place = placeOf(access, repository);
  if (place === null) return null;
  try {
    const id = /^\d{1,16}$/.test(repository.id) ? Number(repository.id) : null;
    const { token, expiresAt } = await access.gitToken(place, id, purpose);
    const credential = { origin: new URL(access.url).origin, username: "x-access-token", password: token };
    return expiresAt === undefined ? credential : { ...credential, expiresAt };
  } catch (thrown) {
    const failure = githubFailure(thrown, `get a token for ${repository.name}`, access.clock);
    if (failure.code !== "surface.thread-gone" && failure.code !== "surface.refused") throw failure;
    throw new ThreadboxError("git.unauthorized", failure.detail, { cause: failure });
  }
}

/** Owner and name on this GitHub, from what is configured or else from the URL; null for repositories elsewhere. */
function placeOf(access: GitHubAccess, repository: Repository): RepositoryPlace | null {
  if (!URL.canParse(repository.url)) return null; // git@host:path, which needs a key and not a token
  const url = new URL(repository.url);
  if (url.origin !== new URL(access.url).origin) return null;
  if (repository.github) return repository.github;
  const [, owner, name] = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/?$/.exec(url.pathname) ?? [];
  return owner && name ? { owner, name, installation: null } : null;
}

const Located = z.object({ id: z.number(), full_name: z.string(), default_branch: z.string() });

/** GitHub redirects from former names, so the answer's own name is the one to use. The installation is found when it is needed. */
async function locate(access: GitHubAccess, repository: Repository): Promise<Repository> {
  const place = placeOf(access, repository);
  const isKnown = repository.github !== undefined && /^\d+$/.test(repository.id) && repository.base !== "";
  if (place === null || isKnown) return repository;
  try {
    const octokit = await access.client(place);
    const { id, full_name, default_branch } = Located.parse(
      (await octokit.rest.repos.get({ owner: place.owner, repo: place.name })).data,
    );
    const [owner = place.owner, name = place.name] = full_name.split("/");
    const github = { owner, name, installation: place.installation };
    return { ...repository, id: String(id), base: repository.base || default_branch, github };
  } catch (thrown) {
    const failure = githubFailure(thrown, `look at ${repository.name}`, access.clock);
    if (failure.code !== "surface.thread-gone" && failure.code !== "git.unauthorized") throw failure;
    const detail = `GitHub shows me no repository ${place.owner}/${place.name}`;
    throw new ThreadboxError("repository.unknown", detail, { cause: failure });
  }
}
