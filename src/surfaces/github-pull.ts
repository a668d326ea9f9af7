/**
 * Pull requests of our own: opened once, with the repository's template filled in, and told on by later turns. What people write into one
 * is theirs: of its text only our own parts are rewritten (`github-pull-parts.ts`), its title never.
 */
import type { Octokit } from "octokit";
import { z } from "zod";
import type { PullRequest } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { PullRequestDraft } from "./forge.ts";
import type { GitHubAccess, RepositoryPlace } from "./github-access.ts";
import { withMarkers } from "./github-comments.ts";
import { githubFailure, statusOf } from "./github-failure.ts";
import { neutraliseLine } from "./github-neutral.ts";
import { bodyOf, partsOf } from "./github-pull-body.ts";
import { withParts } from "./github-pull-parts.ts";

interface Pulls {
  access: GitHubAccess;
  log: Log;
}

type Rest = Octokit["rest"];
interface Where {
  owner: string;
  repo: string;
}

const Opened = z.object({ number: z.number(), html_url: z.string() });

/** Or gives back the one that is open for that head already. */
export async function openPullRequest(
  { access, log }: Pulls,
  place: RepositoryPlace,
  draft: PullRequestDraft,
): Promise<PullRequest> {
  const { repository, head } = draft;
  const where = { owner: place.owner, repo: place.name };
  try {
    const { rest } = await access.client(place);
    const base = repository.base || (await rest.repos.get(where)).data.default_branch;
    const find = async () =>
      (await rest.pulls.list({ ...where, head: `${place.owner}:${head}`, base, state: "open" })).data[0];
    const template = await templateIn(rest, { ...where, ref: base }, draft).catch((thrown: unknown) => {
      // The work waits for people to see it, and not for a template.
      const { code, detail } = githubFailure(thrown, `read the template of ${repository.name}`, access.clock);
      log.info({ repository: repository.name, code, detail }, "github.template-unread");
      return null;
    });
    const wish = { ...where, head, base, title: titleFor(draft), body: textOf(draft, template, access.url) };
    const create = async (isDraft: boolean) => {
      const made = await rest.pulls.create(isDraft ? { ...wish, draft: true } : wish);
      return made.data;
    };
    const made = await create(repository.pullRequests?.draft ?? false).catch(async (thrown: unknown) => {
      // 422 means "there is one already" as well as "there is nothing to merge" and "no drafts here": looking tells which.
      if (statusOf(thrown) !== 422) throw thrown;
      const open = await find();
      if (open || !repository.pullRequests?.draft) return open ?? Promise.reject(thrown);
      const opened = await create(false);
      log.info({ repository: repository.name, pullRequest: opened.number }, "github.draft-refused");
      return opened;
    });
    const { number, html_url } = Opened.parse(made);
    return { number, url: html_url };
  } catch (thrown) {
    throw pullRequestFailure(access, thrown, draft);
  }
}

const Open = z.object({
  state: z.string(),
  body: z
    .string()
    .nullish()
    .transform((body) => body ?? ""),
  user: z.object({ id: z.number() }).nullish(),
});

/** As it stands at this moment, and only where something differs. */
export async function updatePullRequest(
  { access }: Pulls,
  place: RepositoryPlace,
  { number, draft }: { number: number; draft: PullRequestDraft },
): Promise<void> {
  const where = { owner: place.owner, repo: place.name, pull_number: number };
  try {
    const { rest } = await access.client(place);
    const { state, body, user } = Open.parse((await rest.pulls.get(where)).data);
    // Anybody can write a marker into a pull request of theirs.
    if (state !== "open" || user?.id !== (await access.self()).id) return;
    const text = withParts(body, partsOf(draft, access.url));
    if (text !== null) await rest.pulls.update({ ...where, body: text });
  } catch (thrown) {
    throw githubFailure(thrown, `update ${draft.repository.name}#${number}`, access.clock);
  }
}

/** GitHub takes 256 characters. */
const titleFor = ({ title }: PullRequestDraft): string => neutraliseLine(title).slice(0, 250) || "Work of a session";

const textOf = (draft: PullRequestDraft, template: string | null, url: string): string =>
  withMarkers(bodyOf(draft, template, url), `pull-request:${draft.head}`);

const Entries = z.array(z.object({ name: z.string(), path: z.string(), type: z.string() }));
const File = z.object({ content: z.string(), encoding: z.literal("base64") });
const TEMPLATE = /^pull_request_template(?:\.md|\.txt)?$/i;
/** Where GitHub looks for it, in its order. */
const FOLDERS = [".github", "", "docs"];

/** Of the base branch: what stands on the head may be anybody's. Null where there is none. */
async function templateIn(
  { repos }: Rest,
  at: Where & { ref: string },
  { repository }: PullRequestDraft,
): Promise<string | null> {
  if (repository.pullRequests?.template === false) return null;
  const list = async (path: string) => {
    const { data } = await repos.getContent({ ...at, path });
    return Entries.safeParse(data).data ?? [];
  };
  const root = await list("");
  for (const folder of FOLDERS) {
    const isThere = folder === "" || root.some(({ name, type }) => name === folder && type === "dir");
    const entries = folder === "" ? root : isThere ? await list(folder) : [];
    const found = entries.find(({ name, type }) => type === "file" && TEMPLATE.test(name));
    if (!found) continue;
    const { content } = File.parse((await repos.getContent({ ...at, path: found.path })).data);
    return Buffer.from(content, "base64").toString("utf8");
  }
  return null;
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
