/** The variables and threadbox.yml, problem by problem; and what is left of them to check the rest with. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { type Config, type ConfigProblem, configProblems, environment, readConfig, type Variables } from "../config.ts";
import { toThreadboxError } from "../errors.ts";
import { createLog, type Log } from "../log.ts";
import { isForTrial, readTeamSettings, type TeamSettings } from "../repositories.ts";
import { teamFile } from "../team-file.ts";
import { type Finding, fail, ok, warn } from "./doctor-finding.ts";

/** Settings with their problems left out, so that one wrong variable does not hide everything else. */
export interface Checked {
  config: Config;
  /** Null when threadbox.yml cannot be read. */
  team: TeamSettings | null;
  log: Log;
}

export interface CheckedSettings {
  settings: Checked;
  /** Variables that are wrong, or of no use because another one is: what they are for cannot be looked at. */
  lost: string[];
  findings: Finding[];
}

export function checkSettings(): CheckedSettings {
  const variables = environment();
  const problems = configProblems(variables);
  const left = usable(variables, problems);
  const config = readConfig(left);
  const { team, finding } = checkTeam(config);
  const dropped = Object.keys(variables).filter((name) => !Object.hasOwn(left, name));
  return {
    settings: { config, team, log: createLog("silent") },
    lost: [...dropped, ...problems.map(({ variable }) => variable)],
    findings: [...ofVariables(variables, problems), finding],
  };
}

function ofVariables(variables: Variables, problems: ConfigProblem[]): Finding[] {
  if (problems.length > 0)
    return problems.map(({ variable, remedy }) =>
      fail(variable, variables[variable] ? "Its value is wrong." : "It is missing.", remedy),
    );
  return [ok("variables", existsSync(".env") ? "fine, with those of .env" : "fine; there is no .env")];
}

/** Without the wrong ones. Variables that need each other go together: Slack's, GitHub's, and Modal's with a provider that is Modal. */
function usable(variables: Variables, problems: ConfigProblem[]): Variables {
  const wrong = problems.flatMap(({ variable }) => {
    const group = /^(?:SLACK|GITHUB|MODAL)_/.exec(variable)?.[0];
    const isAtModal = variables.THREADBOX_PROVIDER === "modal";
    // An app that several workspaces install cannot be without these two.
    if (/^(?:PUBLIC_URL|THREADBOX_SECRET_KEYS)$/.test(variable) && variables.SLACK_CLIENT_ID)
      return [variable, "SLACK_"];
    return group === "MODAL_" && isAtModal ? [group, "THREADBOX_PROVIDER"] : [group ?? variable];
  });
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !wrong.some((one) => name.startsWith(one))));
}

const LIST = "List yours under `repositories`: name, and url where it is not on GitHub.";

function checkTeam(config: Config): { team: TeamSettings | null; finding: Finding } {
  const path = teamFile();
  const what = basename(path);
  try {
    const team = readTeamSettings(path, config.github?.url);
    const count = team.repositories.length;
    if (!team.found) return { team, finding: warn(what, "There is none; the bot works on the demo repository.", LIST) };
    if (count === 0) {
      const so = isForTrial(team, config) ? "; the bot works on the demo repository" : "";
      return { team, finding: warn(what, `It names no repository${so}.`, LIST) };
    }
    return { team, finding: ok(what, `${count} ${count === 1 ? "repository" : "repositories"}`) };
  } catch (thrown) {
    const { detail } = toThreadboxError(thrown);
    return { team: null, finding: fail(what, detail, "Fix these lines.") };
  }
}
