/** Sandboxes as the bot and the commands for them use them: a provider, how its daemons are started, and how they are spoken to. */
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { TeamSettings } from "./repositories.ts";
import { boot } from "./sandboxes/boot.ts";
import { daemonBundle } from "./sandboxes/bundle.ts";
import { type DaemonClient, daemonClient } from "./sandboxes/daemon-client.ts";
import { localProvider } from "./sandboxes/local.ts";
import type { Sandbox, SandboxProvider } from "./sandboxes/provider.ts";
import { createSigner, newSigningKey, type Signer } from "./sandboxes/tokens.ts";
import type { Store } from "./store/store.ts";

export interface Machines {
  provider: SandboxProvider;
  signer: Signer;
  /** Puts the daemon into a running sandbox, or finds it there; another object when it had to be restarted. */
  boot(sandbox: Sandbox): Promise<Sandbox>;
  /** Speaks to the daemon of a sandbox, with tokens of its own. */
  connect(sandbox: { name: string; url: string }): DaemonClient;
}

/** Daemon up, without the clone; a phase of its own, shown as such. */
const BOOT_WITHIN_MS = 60_000;

export async function openMachines(options: {
  config: Config;
  team: TeamSettings;
  store: Pick<Store, "setting">;
  log: Log;
}): Promise<Machines> {
  const { config, store, log } = options;
  const key = await store.setting("daemon-signing-key", newSigningKey);
  const signer = await createSigner(key.privateJwk);
  const provider = localProvider({ home: config.home, log });
  return {
    provider,
    signer,
    boot: async (sandbox) =>
      boot(sandbox, {
        provider,
        bundle: await daemonBundle(),
        publicJwk: key.publicJwk,
        deadlineMs: BOOT_WITHIN_MS,
        // Tokens are checked by the daemons against real time, whatever clock the engine goes by.
        clock: systemClock,
      }),
    connect: ({ name, url }) =>
      daemonClient({ url, token: () => signer.control(name), headers: () => provider.headers(name) }),
  };
}
