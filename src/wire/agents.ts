/** The coding agents that the daemon can drive, by the name that people choose them with. */
export const AGENT_KINDS = ["pi"] as const;
