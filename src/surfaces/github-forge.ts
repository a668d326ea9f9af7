/** GitHub as the place where repositories live: who commits, what git may use, and pull requests. */
import { z } from "zod";
import type { PullRequest, Repository } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Forge, GitCredential, PullRequestDraft } from "./forge.ts";
import type { GitHubAccess, RepositoryPlace } from "./github-access.ts";
import { cardsFrom } from "./github-card.ts";
import { withMarkers } from "./github-comments.ts";
import { githubFailure, statusOf } from "./github-failure.ts";
import { failedJobsFrom } from "./github-jobs.ts";
import { readLinked } from "./github-linked.ts";
import { neutralise, neutraliseLine } from "./github-neutral.ts";
import { MAX_BODY_CHARS } from "./github-render.ts";

export interface GitHubForgeOptions {
  access: GitHubAccess;
  log: Log;
}

export function githubForge({ access, log }: GitHubForgeOptions): Forge {
  const cardOf = cardsFrom({ access, log });
  const failedJobs = failedJobsFrom({ access, log });
  return {
    async identity() {
      const self = await access.self();
      return { name: self.login, email: access.noreply(self) };
    },
    credential: (repository) => credentialFor(access, repository),
    locate: (repository) => locate(access, repository),
    async openPullRequest(draft) {
      const { number, url } = await openPullRequest(access, draft);
      log.info(
        { repository: draft.repository.name, branch: draft.head, pullRequest: number },
        "github.pull-request-open",
      );
      return { number, url };
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
async function credentialFor(access: GitHubAccess, repository: Repository): Promise<GitCredential | null> {
  const place = placeOf(access, repository);
  if (place === null) return null;
  try {
    const id = /^\d{1,16}$/.test(repository.id) ? Number(repository.id) : null;
    const { token, expiresAt } = await access.gitToken(place, id);
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

const Opened = z.object({ number: z.number(), html_url: z.string() });

async function openPullRequest(access: GitHubAccess, draft: PullRequestDraft): Promise<PullRequest> {
  const { repository, head } = draft;
  const place = placeOf(access, repository);
  if (place === null) {
    throw new ThreadboxError("github.pull-request-failed", `${repository.name} is not on ${access.url}`);
  }
  const where = { owner: place.owner, repo: place.name };
  try {
    const { rest } = await access.client(place);
    const base = repository.base || (await rest.repos.get(where)).data.default_branch;
    const find = async () =>
      (await rest.pulls.list({ ...where, head: `${place.owner}:${head}`, base, state: "open" })).data[0];
    const made = await rest.pulls
      .create({ ...where, head, base, title: titleFor(draft), body: bodyFor(draft) })
      .then(({ data }) => data)
      .catch(async (thrown: unknown) => {
        // 422 means "there is one already" as well as "there is nothing to merge": looking tells which.
        const open = statusOf(thrown) === 422 ? await find() : undefined;
        if (!open) throw thrown;
        return open;
      });
    const { number, html_url } = Opened.parse(made);
    return { number, url: html_url };
  } catch (thrown) {
    throw pullRequestFailure(access, thrown, draft);
  }
}

/** GitHub takes 256 characters. */
const titleFor = ({ title }: PullRequestDraft): string => neutraliseLine(title).slice(0, 250) || "Work of a session";

function bodyFor({ body, head, closes }: PullRequestDraft): string {
  const text = neutralise(body).slice(0, MAX_BODY_CHARS);
  return withMarkers(closes === undefined ? text : `${text}\n\nCloses #${closes}`, `pull-request:${head}`);
}

/** What may pass by itself keeps its own code, so that it is tried again; the rest needs a person. */
function pullRequestFailure(
  access: GitHubAccess,
  thrown: unknown,
  { repository, head }: PullRequestDraft,
): ThreadboxError {
  const failure = githubFailure(thrown, `open a pull request for ${head} on ${repository.name}`, access.clock);
  if (failure.code === "surface.unavailable" || failure.code === "surface.rate-limited") return failure;
  return new ThreadboxError("github.pull-request-failed", failure.detail, { cause: failure });
}
