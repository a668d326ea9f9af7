/** Every workspace and organisation that has installed the app, each asked with its own token. */
import { systemClock } from "../clock.ts";
import { catalogEntry, toThreadboxError } from "../errors.ts";
import { INSTALL_PATH, type Installation } from "../installation.ts";
import { installationsOf, type SlackWorkspaces } from "../slack.ts";
import { openStore } from "../store/open.ts";
import { call, slackClients } from "../surfaces/slack-calls.ts";
import { mayInstall } from "../surfaces/slack-installations.ts";
import { type Finding, fail, ok, tried, warn } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";

const WHAT = "Slack";
/** Asked one after the other; the first ones tell whether it works. */
const MAX_ASKED = 50;

export function checkWorkspaces({ config, team, log }: Checked): Promise<Finding[]> {
  return tried(WHAT, "Try again.", async () => {
    const store = await openStore({ ...config, log });
    try {
      const slack = team?.slack ?? {};
      const several = installationsOf({ config, team: { slack }, db: store.db, clock: systemClock, log });
      if (!several) return [];
      const all = await several.book.list();
      const findings = [ofList(slack.install, config.publicUrl, all.length)];
      for (const one of all.slice(0, MAX_ASKED)) {
        const ask = (): Promise<Finding> => asked(several, one, config.slack?.apiUrl, log);
        findings.push(mayInstall(one, slack.install) ? await ask() : unlisted(one));
      }
      return findings;
    } finally {
      await store.close();
    }
  });
}

function ofList(install: string[] | undefined, publicUrl: string | null, count: number): Finding {
  const remedy = "List ids of workspaces (T…) or organisations (E…) under `slack.install` in threadbox.yml.";
  if (!install?.length) return warn(WHAT, "Nobody may install the app.", remedy);
  const installed = count === 0 ? "not installed yet" : `installed ${count} ${count === 1 ? "time" : "times"}`;
  return ok(WHAT, `${installed}; whoever may installs it at ${publicUrl}${INSTALL_PATH}`);
}

const whatOf = ({ name }: Installation): string => `Slack ${name}`;

async function asked(
  { installations }: SlackWorkspaces,
  one: Installation,
  apiUrl: string | undefined,
  log: Checked["log"],
): Promise<Finding> {
  try {
    const { reads } = slackClients({ token: () => installations.tokenOf(one.key), apiUrl }, log);
    const answer = await call(() => reads.auth.test());
    return ok(whatOf(one), `@${answer.user} in ${answer.team} (${one.key})`);
  } catch (thrown) {
    const { code, detail, remedy } = toThreadboxError(thrown);
    const ifSilent = "Check the network, and SLACK_API_URL if you set it.";
    return fail(whatOf(one), `${detail} (${one.key})`, catalogEntry(code).retry === "never" ? remedy : ifSilent);
  }
}

const unlisted = (one: Installation): Finding =>
  warn(whatOf(one), `It is not served: it is not on the list (${one.key}).`, "Add it to `slack.install`, or leave it.");
