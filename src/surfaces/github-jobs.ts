/**
 * What failed on a commit, and what it has to say of it: the log of a job of GitHub Actions, what another App wrote into its check, the
 * line of a CI that is no App. Where GitHub refuses a log, the failure is told without one.
 */
import { z } from "zod";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { FailedJob } from "./forge.ts";
import { fetchWithTimeout, type GitHubAccess, type RepositoryPlace } from "./github-access.ts";
import { isForeign, standingOf } from "./github-check-runs.ts";
import { githubFailure } from "./github-failure.ts";
import { type WherePermitted, wherePermitted } from "./github-permitted.ts";
import { visibleText } from "./github-sanitize.ts";
import { failedStep, plainLog } from "./job-log.ts";

type FailedJobs = (place: RepositoryPlace, sha: string) => Promise<FailedJob[]>;

/** GitHub's own limit of a page. */
const PAGE = { per_page: 100 };
/** Each costs two requests, and more of them nobody is shown. */
const MAX_JOBS = 5;
/** Of one check. */
const MAX_ANNOTATIONS = 20;
/** Of each part, before it is shortened to what there is room for. */
const MAX_SAID_CHARS = 16_000;
/** Of a long log the end is kept: it is there that a job says why it stopped. */
const MAX_LOG_CHARS = 1_000_000;
/** A job that writes more than that says nothing that anybody waits for. */
const MAX_LOG_BYTES = 200_000_000;

type Client = Awaited<ReturnType<GitHubAccess["client"]>>;

interface Looking {
  client: Client;
  place: RepositoryPlace;
  where: { owner: string; repo: string };
  permitted: WherePermitted;
}

export function failedJobsFrom({ access, log }: { access: GitHubAccess; log: Log }): FailedJobs {
  const permitted = wherePermitted({ access, log });
  return async (place, sha) => {
    try {
      const client = await access.client(place);
      const looking = { client, place, where: { owner: place.owner, repo: place.name }, permitted };
      const runs = await permitted(place, "checks", () => failedRuns(looking, sha, access));
      const statuses = await permitted(place, "statuses", () => failedStatuses(looking, sha));
      return [...(runs ?? []), ...(statuses ?? [])].slice(0, MAX_JOBS);
    } catch (thrown) {
      throw githubFailure(thrown, `read what failed on ${place.owner}/${place.name}`, access.clock);
    }
  };
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");

const Run = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  details_url: text,
  app: z.object({ id: z.number(), slug: z.string().nullish() }).nullish(),
  output: z.object({ title: text, summary: text, text, annotations_count: z.number().default(0) }),
});
type Run = z.infer<typeof Run>;

async function failedRuns(looking: Looking, ref: string, access: GitHubAccess): Promise<FailedJob[]> {
  const { client, where } = looking;
  const { data } = await client.rest.checks.listForRef({ ...where, ref, filter: "latest", ...PAGE });
  const failed = z
    .array(Run)
    .parse(data.check_runs)
    .filter((run) => isForeign(run, access.appId) && standingOf(run) === "failed");
  const said: FailedJob[] = [];
  for (const run of failed.slice(0, MAX_JOBS)) {
    const isJob = run.app?.slug === "github-actions";
    const log = isJob ? await looking.permitted(looking.place, "actions", () => logOf(looking, run, access)) : null;
    said.push({ name: run.name, said: log || (await outputOf(looking, run)) });
  }
  return said;
}

/** What the App itself wrote: Markdown, of which only what people see counts. */
async function outputOf({ client, where }: Looking, { id, output }: Run): Promise<string> {
  const written = [output.title, output.summary, output.text].map((part) => visibleText(part.slice(0, MAX_SAID_CHARS)));
  const noted = output.annotations_count > 0 ? await annotationsOf({ client, where }, id) : [];
  return plainLog([...written, ...noted].filter(Boolean).join("\n").slice(0, MAX_SAID_CHARS));
}

const Annotation = z.object({ path: z.string(), start_line: z.number(), annotation_level: text, message: text });

async function annotationsOf({ client, where }: Pick<Looking, "client" | "where">, id: number): Promise<string[]> {
  const { data } = await client.rest.checks.listAnnotations({ ...where, check_run_id: id, per_page: MAX_ANNOTATIONS });
  return z
    .array(Annotation)
    .parse(data)
    .map(({ path, start_line, annotation_level, message }) => `${path}:${start_line} ${annotation_level}: ${message}`);
}

/** Null where it is not there (any more): logs are kept as long as the repository's settings say. */
async function logOf({ client, where }: Looking, run: Run, access: GitHubAccess): Promise<string | null> {
  // A job has the number of its check; the address of its page says so as well.
  const job = Number(/\/actions\/runs\/\d+\/job\/(\d+)/.exec(run.details_url)?.[1] ?? run.id);
  try {
    const { headers } = await client.request("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs", {
      ...{ ...where, job_id: job },
      // To another host, for whoever has the link: our token is nothing to it.
      request: { redirect: "manual" },
    });
    return headers.location ? failedStep(plainLog(await download(headers.location))) : null;
  } catch (thrown) {
    const failure = githubFailure(thrown, `read the log of ${run.name}`, access.clock);
    if (failure.code === "surface.thread-gone") return null;
    throw thrown;
  }
}

/** The end of it. */
async function download(location: string): Promise<string> {
  const response = await fetchWithTimeout(location, { redirect: "error" }).catch((cause: unknown) => {
    throw new ThreadboxError("surface.unavailable", "The log of a job could not be fetched.", { cause });
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new ThreadboxError("surface.unavailable", `The log of a job could not be fetched (${response.status}).`);
  }
  const decoder = new TextDecoder();
  let [kept, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_LOG_BYTES) break;
    kept = (kept + decoder.decode(chunk, { stream: true })).slice(-MAX_LOG_CHARS);
  }
  return kept;
}

const Status = z.object({ context: z.string(), state: z.string(), description: text, target_url: text });

async function failedStatuses({ client, where }: Looking, ref: string): Promise<FailedJob[]> {
  const { data } = await client.rest.repos.getCombinedStatusForRef({ ...where, ref, ...PAGE });
  return z
    .array(Status)
    .parse(data.statuses)
    .filter(({ state }) => state === "failure" || state === "error")
    .map(({ context, description, target_url }) => ({
      name: context,
      said: plainLog([description, target_url].filter(Boolean).join("\n").slice(0, MAX_SAID_CHARS)),
    }));
}
