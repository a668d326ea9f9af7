/** Every agent that a daemon can drive, by its kind. */
import type { AgentKind } from "../../wire/agents.ts";
import { createAcp } from "./acp.ts";
import type { AgentFactory } from "./agent.ts";
import { createClaude } from "./claude.ts";
import { createCodex } from "./codex.ts";
import { createOpencode } from "./opencode.ts";
import { createPi } from "./pi.ts";

export const agentFactories = {
  pi: (context) => createPi(context),
  claude: (context) => createClaude(context),
  opencode: (context) => createOpencode(context),
  codex: (context) => createCodex(context),
  acp: (context) => createAcp(context),
} satisfies Record<AgentKind, AgentFactory>;
