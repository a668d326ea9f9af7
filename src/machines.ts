/** Sandboxes as the bot and the commands for them use them: a provider, how its daemons are started, and how they are spoken to. */
import { randomBytes } from "node:crypto";
import { readAgentLogins } from "./agent-logins.ts";
import { AT_MODAL, type ConfiguredAgent, installationsOf } from "./agent-packages.ts";
import { systemClock } from "./clock.ts";
import { type Config, tellModalSdk } from "./config.ts";
import type { Log } from "./log.ts";
import type { TeamSettings } from "./repositories.ts";
import { boot } from "./sandboxes/boot.ts";
import { daemonBundle } from "./sandboxes/bundle.ts";
import { type DaemonClient, daemonClient } from "./sandboxes/daemon-client.ts";
import { localProvider } from "./sandboxes/local.ts";
import type { Sandbox, SandboxProvider } from "./sandboxes/provider.ts";
import { createSigner, newSigningKey, type Signer } from "./sandboxes/tokens.ts";
import type { Store } from "./store/store.ts";
import type { AgentLogins } from "./wire/logins.ts";
import type { InitRequest } from "./wire/routes.ts";

export interface Machines {
  provider: SandboxProvider;
  /** What a daemon is told of the models: their keys, or what stands for keys that it is not to hold. */
  models: Config["models"];
  /** The agents' own logins as they are now; undefined where there are none, or no token may be inside. */
  logins: (() => { logins: AgentLogins }) | undefined;
  signer: Signer;
  /** Puts the daemon into a running sandbox, or finds it there; another object when it had to be restarted. `repository`: as it was started with. */
  boot(sandbox: Sandbox, repository?: string): Promise<Sandbox>;
  /** Speaks to the daemon of a sandbox, with tokens of its own. */
  connect(sandbox: { name: string; url: string }): DaemonClient;
}

interface MachinesOptions {
  config: Config;
  team: TeamSettings;
  store: Pick<Store, "setting">;
  log: Log;
}

export async function openMachines(options: MachinesOptions): Promise<Machines> {
  const { store, team } = options;
  const { agents } = team;
  const key = await store.setting("daemon-signing-key", newSigningKey);
  const signer = await createSigner(key.privateJwk);
  const { provider, models } = await providerOf(options);
  return {
    provider,
    models,
    logins: loginsOf(options),
    signer,
    boot: async (sandbox, repository) =>
      boot(sandbox, {
        provider,
        repository,
        bundle: await daemonBundle(),
        publicJwk: key.publicJwk,
        // Tokens are checked by the daemons against real time, whatever clock the engine goes by.
        clock: systemClock,
      }),
    connect: ({ name, url }) => {
      const token = () => signer.control(name);
      const client = daemonClient({ url, token, headers: () => provider.headers(name) });
      return { ...client, init: (request) => client.init(withEnv(request, agents)) };
    },
  };
}

/** What the team says of the environment of an agent is the same for everybody who chooses that one. */
export function withEnv(request: InitRequest, agents: ConfiguredAgent[]): InitRequest {
  const { agent } = request;
  const { env = {} } = agents.find(({ name }) => name === (agent?.name ?? agent?.kind)) ?? {};
  return agent && Object.keys(env).length > 0 ? { ...request, agent: { ...agent, env } } : request;
}

async function providerOf(options: MachinesOptions): Promise<Pick<Machines, "provider" | "models">> {
  const { config, team, store, log } = options;
  const { home, modal, models } = config;
  const instance = await store.setting("instance", async () => randomBytes(8).toString("hex"));
  if (!modal) return { provider: localProvider({ home, log, instance }), models };
  tellModalSdk(config);
  // Only here: Modal's client takes half a second to load.
  const { modalProvider } = await import("./sandboxes/modal.ts");
  const { placeholderModels } = await import("./sandboxes/modal-outside.ts");
  const tokens = { id: modal.tokenId, secret: modal.tokenSecret };
  const agents = installationsOf(team.agents, AT_MODAL);
  const settings = team.sandboxes;
  return {
    provider: modalProvider({ tokens, settings, instance, daemon: daemonBundle, agents, models, log }),
    models: settings.modal.keepTokensOutside ? placeholderModels(models) : models,
  };
}

/** Read once now: what is wrong with them is to be known at the start, and not in somebody's thread. */
function loginsOf({ config: { agentLogins }, team: { sandboxes } }: MachinesOptions): Machines["logins"] {
  if (agentLogins === null || sandboxes.modal.keepTokensOutside) return undefined;
  const read = () => readAgentLogins(agentLogins);
  read();
  return read;
}
