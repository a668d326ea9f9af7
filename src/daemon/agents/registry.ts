/** Every agent that a daemon can drive, by the name that `agent=` takes. */
import type { AgentFactory } from "./agent.ts";
import { createPi } from "./pi.ts";

export const agentFactories: Record<string, AgentFactory> = {
  pi: (context) => createPi(context),
};
