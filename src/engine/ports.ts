/** What the engine needs of the rest, handed over by `main.ts`. */
import type { Clock } from "../clock.ts";
import type { ChannelAgent } from "../core/agent-choice.ts";
import type { TeamAgent } from "../core/agents.ts";
import type { Identities } from "../core/identity.ts";
import type { Inbox } from "../core/incoming.ts";
import type { Limits } from "../core/limits.ts";
import type { Prices } from "../core/prices.ts";
import type { Repository } from "../core/types.ts";
import type { Log } from "../log.ts";
import type { DaemonClient } from "../sandboxes/daemon-client.ts";
import type { Sandbox, SandboxProvider } from "../sandboxes/provider.ts";
import type { Store } from "../store/store.ts";
import type { Forge } from "../surfaces/forge.ts";
import type { GitHubRights } from "../surfaces/github-rights.ts";
import type { Surfaces } from "../surfaces/surface.ts";
import type { AgentGuard } from "../team-permissions.ts";
import type { CredentialsRequest } from "../wire/routes.ts";
import type { Tell } from "./happenings.ts";
import type { Jobs } from "./jobs.ts";
import type { Reached } from "./steps.ts";
import type { Stock } from "./stock.ts";

/** Keys and endpoints of the models, as the daemon takes them. */
export type ModelAccess = NonNullable<CredentialsRequest["llm"]>;

export interface EngineDeps {
  store: Store;
  /** The same store over connections of its own, for what comes in. */
  inboxStore: Store;
  jobs: Jobs;
  /** The way in, for what is said anew on somebody's behalf. */
  inbox: Pick<Inbox, "receive">;
  surfaces: Surfaces;
  forge: Forge;
  provider: SandboxProvider;
  /** What a new sandbox of a session starts from. */
  stock: Pick<Stock, "take" | "lost">;
  /** Puts the daemon into a running sandbox, or finds it there. Throws `sandbox.boot-timeout`. Another object when it had to be restarted. */
  boot(sandbox: Sandbox, repository?: string): Promise<Sandbox>;
  /** Speaks to the daemon of a sandbox, with tokens of its own. */
  connect(sandbox: { name: string; url: string }): DaemonClient;
  repositories: Repository[];
  /** Who people are on GitHub, and what they may do there. Left out where nobody has to say. */
  identities?: (Identities & GitHubRights) | undefined;
  settings: EngineSettings;
  clock: Clock;
  log: Log;
  /** Hears of everything that a person may ask about later. Must not throw. */
  tell?: Tell | undefined;
  /** See `steps.ts`. */
  reached?: Reached | undefined;
  /** Listens to `threadbox_wake`; the payload is a session's id, null when anything may have been missed. */
  onWake(fn: (session: string | null) => void): () => void;
}

export interface CommitRules {
  /** May what is pushed change `.github/workflows`? */
  workflows: boolean;
  /** Are its commits made through the API, so that GitHub signs them? */
  verified(repository: Repository): boolean;
}

export interface EngineSettings {
  /** What people call the bot. */
  name: string;
  /** Stable and unique for this process: a restarted bot takes its own sessions back at once. */
  owner: string;
  /** Name of the agent that works where nobody says otherwise. */
  agent: string;
  /** Meant for that one. */
  model: string | undefined;
  /** All that are set up. */
  agents: readonly TeamAgent[];
  /** What channels have of their own; nothing, when it is left out. */
  channelAgents?: readonly ChannelAgent[] | undefined;
  models: ModelAccess;
  /** The agents' own logins as they are now, without what could renew them; none, when it is left out. */
  logins?: (() => Pick<CredentialsRequest, "logins">) | undefined;
  /** A ready sandbox that long without a turn goes to sleep. */
  idleAfterMs: number;
  /** Wall time of a turn. */
  turnLimitMs: number;
  limits: Limits;
  /** What models cost by threadbox.yml; by the agent and the list, when it is left out. */
  prices?: Prices | undefined;
  /** Sessions that this bot works on at once. */
  maxSessions: number;
  /** Between two looks at a pull request; half a minute, when it is left out. */
  lookEveryMs?: number | undefined;
  /** Whether a session is woken for what fails on a commit that it pushed; it is, when it is left out. */
  fixChecks?: boolean | undefined;
  /** Whether a pull request leads back to the Slack thread that it was asked in; never, when it is left out. */
  permalinks?: "never" | "public" | undefined;
  /** What may be pushed to GitHub, and how; no workflows and plain pushes, when it is left out. */
  commits?: CommitRules | undefined;
  /** What agents may do, and how long they may be silent; everything and for ever, when it is left out. */
  guard?: AgentGuard | undefined;
  /** Takes the bot's own secrets out of what a sandbox tells. */
  blank?: ((text: string) => string) | undefined;
  /** The page of a session, or null where nobody could open it. */
  page(session: string): string | null;
}
