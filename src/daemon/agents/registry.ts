/** Every agent that a daemon can drive, by its kind. */
import type { AgentKind } from "../../wire/agents.ts";
import type { AgentFactory } from "./agent.ts";
import { createClaude } from "./claude.ts";
import { createOpencode } from "./opencode.ts";
import { createPi } from "./pi.ts";

export const agentFactories = {
  pi: (context) => createPi(context),
  claude: (context) => createClaude(context),
  opencode: (context) => createOpencode(context),
} satisfies Partial<Record<AgentKind, AgentFactory>>;
