/** Every agent that a daemon can drive, by the name that `agent=` takes. */
import type { AGENT_KINDS } from "../../wire/agents.ts";
import type { AgentFactory } from "./agent.ts";
import { createPi } from "./pi.ts";

export const agentFactories = {
  pi: (context) => createPi(context),
} satisfies Record<(typeof AGENT_KINDS)[number], AgentFactory>;
