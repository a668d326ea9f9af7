/** The agents of threadbox.yml, a line each: is it there, in the version that is wanted, and has it a key? */
import { toThreadboxError } from "../errors.ts";
import { standardAgent, unknownAgent } from "../team-agents.ts";
import { type AgentLook, kindsWithLogin, lookAtAgents, remedyFor } from "./agents-look.ts";
import { type Finding, fail, ok, skip, tried, warn } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";

export async function checkAgents({ config, team }: Checked): Promise<Finding[]> {
  if (!team) return [skip("agents", "not asked: threadbox.yml cannot be read")];
  const { agents } = team;
  const wrong = standardAgent(config.agent, agents)
    ? []
    : [fail("THREADBOX_AGENT", "Its value is wrong.", unknownAgent(agents))];
  const { logins, finding } = checkLogins(config);
  const looked = await tried("agents", "Try again.", async () => {
    const isWithoutKeys = !config.models.anthropicApiKey && !config.models.openaiApiKey && logins.length === 0;
    return (await lookAtAgents(config, agents, logins)).map((look) => toFinding(look, isWithoutKeys));
  });
  return [...wrong, ...finding, ...looked];
}

function checkLogins(config: Checked["config"]): { logins: string[]; finding: Finding[] } {
  const what = "agent logins";
  try {
    const logins = kindsWithLogin(config);
    return { logins, finding: logins.length > 0 ? [ok(what, logins.join(", "))] : [] };
  } catch (thrown) {
    const remedy = "Put the agents' login files there under their names (docs/local.md), or leave the variable out.";
    return { logins: [], finding: [fail(what, toThreadboxError(thrown).detail, remedy)] };
  }
}

/** That there is no key at all is another line's matter (`doctor-model.ts`). */
function toFinding(look: AgentLook, isWithoutKeys: boolean): Finding {
  const { agent, is, wanted, found, path, hasKey } = look;
  const what = `agent ${agent.name}`;
  const remedy = remedyFor(isWithoutKeys ? { ...look, hasKey: true } : look);
  if (is === "missing") return fail(what, `There is no ${programText(look)} that a sandbox could find.`, remedy ?? "");
  if (is === "silent") return fail(what, `${path} does not say its version.`, remedy ?? "");
  if (is === "outdated")
    return warn(what, `${found ?? "Another version"} at ${path}, and not ${wanted}.`, remedy ?? "");
  const where = { there: `at ${path}`, "in-image": "which the image has", "in-repository": "of the repository" }[is];
  const version = is === "there" ? found : wanted;
  const detail = [version ?? programText(look), where].join(is === "in-image" ? ", " : " ");
  return hasKey !== false || isWithoutKeys ? ok(what, detail) : warn(what, `${detail}; it has no key.`, remedy ?? "");
}

const programText = ({ agent }: AgentLook): string => agent.command?.[0] ?? agent.kind;
