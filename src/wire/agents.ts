/**
 * The kinds of coding agents that the daemon can drive, and which credential each of them takes. A team names its own; `acp` is every
 * command that speaks the Agent Client Protocol.
 */
export const AGENT_KINDS = ["pi", "claude", "opencode", "codex", "acp"] as const;
export type AgentKind = (typeof AGENT_KINDS)[number];

/** The two options where an agent asks for leave to use a tool. */
export const ALLOW = "Allow";
export const DENY = "Deny";
/** Whose keys there are. */
export const KEY_OWNERS = ["anthropic", "openai"] as const;
export type KeyOwner = (typeof KEY_OWNERS)[number];

/** In which variables the owners' keys and base URLs stand: of the bot, of the daemon and of the agents. */
export const KEY_VARIABLES = { anthropic: "ANTHROPIC_API_KEY", openai: "OPENAI_API_KEY" } as const satisfies Names;
export const URL_VARIABLES = { anthropic: "ANTHROPIC_BASE_URL", openai: "OPENAI_BASE_URL" } as const satisfies Names;
type Names = Record<KeyOwner, string>;

export interface Takes {
  /** Whose key and base URL it gets; it never sees the others. */
  keys: readonly KeyOwner[];
  /**
   * How a new key reaches one that runs. `file`: it asks a command for the key, again and again, so the file that the command prints is
   * exchanged (`Agent.renew`), also during a prompt. `restart`: it knows what it was started with; it is closed between two prompts and
   * the next one resumes its conversation.
   */
  renewed: "file" | "restart";
  /** May bring its own login file instead of a key (see `logins.ts`). Another one always means `restart`. */
  login: boolean;
}

/**
 *   pi        `"apiKey": "!cat FILE"` in models.json: run for every request
 *   claude    `apiKeyHelper` with CLAUDE_CODE_API_KEY_HELPER_TTL_MS=1: the request that finds it expired still goes out with the old key,
 *             the next one with the new; one that is refused asks at once, and is sent again
 *   codex     `[model_providers.ID.auth]` with `command` and `refresh_interval_ms = 1`: run for every request (0 means once and never again)
 *   opencode  reads `{file:...}` once, when it starts
 *   acp       whatever its command reads from the environment
 */
export const AGENT_TAKES: Readonly<Record<AgentKind, Takes>> = {
  pi: { keys: ["anthropic", "openai"], renewed: "file", login: false },
  claude: { keys: ["anthropic"], renewed: "file", login: true },
  opencode: { keys: ["anthropic", "openai"], renewed: "restart", login: true },
  codex: { keys: ["openai"], renewed: "file", login: true },
  acp: { keys: ["anthropic", "openai"], renewed: "restart", login: false },
};

/** Those of a kind that nobody here knows: everything, and nothing in a running one. */
const OF_OTHERS: Takes = { keys: KEY_OWNERS, renewed: "restart", login: false };

export const takesOf = (kind: string): Takes =>
  AGENT_KINDS.some((known) => known === kind) ? AGENT_TAKES[kind as AgentKind] : OF_OTHERS;
