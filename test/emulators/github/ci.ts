/** CI as people see it fail: jobs of GitHub Actions with a log, checks of other Apps with what they write, statuses with a line. */
import { addRun, completeSuite, setStatus, suiteFor } from "./actions/checks.ts";
import { createApp } from "./apps.ts";
import { asUser, fullName, type Hub } from "./hub.ts";
import type { Done } from "./people.ts";
import { accountNamed, repositoryNamed } from "./setup.ts";
import type { Annotation, App, CheckRun, CommitStatus, Conclusion } from "./state.ts";
import { viewBranches } from "./views.ts";

export interface FinishedCheck {
  name: string;
  conclusion: Conclusion;
  /** GitHub Actions, when it is left out. */
  app?: string;
  /** Of a job of GitHub Actions; gone already, when it is left out. */
  log?: string;
  output?: Partial<CheckRun["output"]>;
  annotations?: Annotation[];
}

export interface FailingChecks {
  /** These checks end on the tip of a branch, and with them the suite of each App. */
  checksEnd(repository: string, branch: string, checks: FinishedCheck[]): Promise<Done<{ sha: string }>>;
  /** A CI that is no App is done, and has a line to say. */
  statusEnds(
    repository: string,
    branch: string,
    status: Pick<CommitStatus, "context" | "state"> & { description: string; targetUrl: string },
  ): Promise<Done<{ sha: string }>>;
}

const appOf = async (hub: Hub, slug: string): Promise<App> =>
  hub.apps.find((app) => app.slug === slug) ??
  createApp(hub, {
    slug,
    owner: accountNamed(hub, slug === "github-actions" ? "github" : slug, "Organization"),
    events: [],
  });

/** Made when it is first needed, and then the same for all that act in its name. */
export const actionsApp = (hub: Hub): Promise<App> => appOf(hub, "github-actions");

export function failingChecks(hub: Hub): FailingChecks {
  const tip = async (name: string, branch: string) => {
    const sha = (await viewBranches(hub, name))[branch];
    if (!sha) throw new Error(`${name} has no branch ${branch}`);
    return sha;
  };
  return {
    async checksEnd(name, branch, checks) {
      const repository = repositoryNamed(hub, name);
      const sha = await tip(name, branch);
      const { deliveries } = await hub.webhooks.during(async () => {
        for (const slug of new Set(checks.map(({ app = "github-actions" }) => app))) {
          const app = await appOf(hub, slug);
          const suite = suiteFor(hub, repository, app, { sha, branch });
          const own = checks.filter((check) => (check.app ?? "github-actions") === slug);
          for (const check of own) {
            const output = { title: null, summary: null, text: null, ...check.output };
            const done = { name: check.name, status: "completed", conclusion: check.conclusion, output } as const;
            const run = addRun(hub, repository, suite, { ...done, detailsUrl: null });
            const page = `${hub.url}/${fullName(repository)}/actions/runs/${suite.id}/job/${run.id}`;
            if (slug === "github-actions") run.detailsUrl = page;
            if (check.log !== undefined) run.log = check.log;
            if (check.annotations) run.annotations = check.annotations;
          }
          const worst = own.find(({ conclusion }) => conclusion !== "success")?.conclusion ?? "success";
          await completeSuite(hub, repository, suite, worst, asUser(app.bot));
        }
      });
      return { sha, deliveries };
    },
    async statusEnds(name, branch, status) {
      const sha = await tip(name, branch);
      const by = asUser((await actionsApp(hub)).bot);
      const { deliveries } = await hub.webhooks.during(() =>
        setStatus(hub, repositoryNamed(hub, name), { ...status, sha, by }, [branch]),
      );
      return { sha, deliveries };
    },
  };
}
