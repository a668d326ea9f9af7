/**
 * Login files of agents, for teams that have a subscription and no key: `claude.json`, `codex.json`, `opencode.json` in one folder, each as
 * the agent itself writes it. Read again for every turn, so what somebody has renewed there is what the next turn works with.
 */
import { join } from "node:path";
import { ThreadboxError } from "./errors.ts";
import { readOptionalFile } from "./optional-file.ts";
import { AgentLogin, type AgentLogins, KINDS_WITH_LOGIN, withoutRefreshTokens } from "./wire/logins.ts";

/** Nothing in a sandbox can renew them. Throws `config.invalid` for a file that is no login, and for a folder without any. */
export function readAgentLogins(folder: string): { logins: AgentLogins } {
  const found = KINDS_WITH_LOGIN.flatMap((kind) => {
    const file = join(folder, `${kind}.json`);
    const text = readOptionalFile(file);
    return text === null ? [] : [[kind, withoutRefreshTokens(parsed(file, text))]];
  });
  if (found.length > 0) return { logins: Object.fromEntries(found) };
  const names = KINDS_WITH_LOGIN.map((kind) => `${kind}.json`).join(", ");
  throw new ThreadboxError("config.invalid", `THREADBOX_AGENT_LOGINS: ${folder} has none of ${names}.`);
}

/** The text itself is in no message: it is all secret. */
function parsed(file: string, text: string): AgentLogin {
  try {
    return AgentLogin.parse(JSON.parse(text));
  } catch {
    throw new ThreadboxError(
      "config.invalid",
      `${file} is not the login file of an agent: it has to be one JSON object.`,
    );
  }
}
