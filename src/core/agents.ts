/** The coding agents that a team has, as far as a session's choice of one goes. How each gets onto a machine: `src/agent-packages.ts`. */
import type { AgentKind } from "../wire/agents.ts";

export interface TeamAgent {
  /** What people say: `agent=NAME`. It remembers for itself what it did, under this name. */
  name: string;
  kind: AgentKind;
  /** Which model it uses, where nobody says otherwise. */
  model?: string;
  /** The command line of an `acp` agent. */
  command?: string[];
}

/** What people can say in one word: no blanks, nothing that a shell or a path would read as more than a name. */
export const AGENT_NAME = /^[A-Za-z\d][A-Za-z\d._-]{0,39}$/;
