/**
 * Any command that speaks the Agent Client Protocol (stable version 1) over its standard input and output. What the protocol does not
 * have, the adapter says honestly that it cannot: nothing is added to a running prompt, and an agent that keeps no conversations forgets.
 */
import { basename, dirname, isAbsolute } from "node:path";
import { AcpLink } from "./acp-link.ts";
import type { Agent, AgentContext } from "./agent.ts";
import { findCommand } from "./find-command.ts";
import { type Driver, supervise } from "./supervised.ts";

export const createAcp = (context: AgentContext): Agent => supervise(context, acpDriver(context));

function acpDriver(context: AgentContext): Driver {
  const marks = { THREADBOX_AGENT_STATE: context.stateDir };
  return {
    kind: "acp",
    marks,
    async prepare() {
      const [name, ...rest] = context.command ?? [];
      if (!name) return notFound("No command was given for this agent: it needs one under `agents:` in threadbox.yml.");
      const found = isAbsolute(name)
        ? await findCommand(basename(name), dirname(name))
        : await findCommand(name, context.env.PATH);
      if (!found) return notFound(`There is no \`${name}\` on the agent's PATH.`);
      // It reads its keys from where it likes; from the environment, in doubt, so a new key starts it anew.
      const launch = { command: found.command, args: [...found.args, ...rest], env: { ...context.env, ...marks } };
      return { ...launch, version: JSON.stringify(launch) };
    },
    link: (process) => new AcpLink(process, context),
    // The last line of a log seldom says who killed it.
    reasonOf: ({ signal }) => (signal ? { code: "agent.exited", detail: `acp was killed by ${signal}` } : null),
  };
}

const notFound = (detail: string) => ({ failure: { code: "agent.not-found", detail } });
