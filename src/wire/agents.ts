/** The kinds of coding agents that the daemon can drive. A team names its own; `acp` is every command that speaks the Agent Client Protocol. */
export const AGENT_KINDS = ["pi", "claude", "opencode", "codex", "acp"] as const;
export type AgentKind = (typeof AGENT_KINDS)[number];

/** The two options where an agent asks for leave to use a tool. */
export const ALLOW = "Allow";
export const DENY = "Deny";
