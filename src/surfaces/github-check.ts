/**
 * A check of our own on a commit that we pushed: how the turn ended, and the long output that no comment has room for. It informs and never
 * blocks, so it is always `neutral`: a turn that failed is no fault of the commit, and one that went well is no leave to merge it. GitHub
 * lets a neutral check pass for a required one, so where a check of our name is required there is none of ours.
 */
import type { Octokit } from "octokit";
import { z } from "zod";
import type { Repository } from "../core/types.ts";
import type { Log } from "../log.ts";
import type { CheckReport } from "./forge.ts";
import type { GitHubAccess, RepositoryPlace } from "./github-access.ts";
import { checkOutput } from "./github-check-text.ts";
import { parseReference, unlessGone } from "./github-comments.ts";
import { githubFailure } from "./github-failure.ts";
import { wherePermitted } from "./github-permitted.ts";

export type ShowCheck = (repository: Repository, place: RepositoryPlace, report: CheckReport) => Promise<void>;

export function checksBy({ access, log }: { access: GitHubAccess; log: Log }): ShowCheck {
  const permitted = wherePermitted({ access, log });
  return async (repository, place, report) => {
    if (access.appId === null) return; // only Apps have checks
    const { appId } = access;
    try {
      const { rest } = await access.client(place);
      const where = { owner: place.owner, repo: place.name };
      const name = (await access.self()).login.replace(/\[bot\]$/, "");
      await permitted(place, "checks: write", async () => {
        const base = repository.base || (await rest.repos.get(where)).data.default_branch;
        const known = { ...where, ref: report.commit, check_name: name, app_id: appId, filter: "all" as const };
        const { check_runs } = Runs.parse((await rest.checks.listForRef({ ...known, per_page: 100 })).data);
        if (check_runs.some(({ external_id }) => external_id === report.id)) return;
        if (await isRequired(rest, where, { base, name })) {
          log.info({ repository: repository.name, branch: base, check: name }, "github.check-is-required");
          return;
        }
        const details = detailsOf(access.url, report);
        await rest.checks.create({
          ...{ ...where, name, head_sha: report.commit, external_id: report.id },
          ...{ status: "completed", conclusion: "neutral", output: checkOutput(report) },
          ...(details === null ? {} : { details_url: details }),
        });
      });
    } catch (thrown) {
      throw githubFailure(thrown, `show a check on ${repository.name}@${report.commit.slice(0, 7)}`, access.clock);
    }
  };
}

const Runs = z.object({ check_runs: z.array(z.object({ external_id: z.string().nullish() })) });

const Contexts = z.array(z.object({ context: z.string() }));
const Branch = z.object({
  protection: z
    .object({ required_status_checks: z.object({ contexts: z.array(z.string()).nullish() }).nullish() })
    .nullish(),
});
const Rules = z.array(
  z.object({ type: z.string(), parameters: z.object({ required_status_checks: Contexts.nullish() }).nullish() }),
);

/** By the protection of the branch, or by a ruleset. */
async function isRequired(
  rest: Octokit["rest"],
  where: { owner: string; repo: string },
  { base, name }: { base: string; name: string },
): Promise<boolean> {
  const branch = await unlessGone(() => rest.repos.getBranch({ ...where, branch: base }));
  const required = Branch.parse(branch?.data ?? {}).protection?.required_status_checks?.contexts ?? [];
  if (required.includes(name)) return true;
  // Older servers of one's own have no rulesets.
  const rules = await unlessGone(() => rest.repos.getBranchRules({ ...where, branch: base, per_page: 100 }));
  return Rules.parse(rules?.data ?? []).some(({ type, parameters }) => {
    const contexts = type === "required_status_checks" ? parameters?.required_status_checks : null;
    return contexts?.some(({ context }) => context === name) ?? false;
  });
}

/** The session's page; else the answer where it stands, if that is on GitHub; else the pull request. */
function detailsOf(url: string, { answer, told }: CheckReport): string | null {
  if (answer.page) return answer.page;
  const comment = told && parseReference(told.ref);
  if (told?.thread.surface !== "github" || !comment) return answer.pullRequest?.url ?? null;
  const { repo, number, is } = told.thread;
  const anchor = comment.kind === "review-comment" ? `discussion_r${comment.id}` : `issuecomment-${comment.id}`;
  return `${url}/${repo.owner}/${repo.name}/${is === "pr" ? "pull" : "issues"}/${number}#${anchor}`;
}
