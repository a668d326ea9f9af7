/** What every command over sandboxes begins with: the store and the provider, without a bot. */
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { type Machines, openMachines } from "../machines.ts";
import { readTeamSettings, type TeamSettings } from "../repositories.ts";
import { type OpenStore, openStore } from "../store/open.ts";
import { createStore, type Store } from "../store/store.ts";
import { teamFile } from "../team-file.ts";
import { readSettings } from "./settings.ts";

export interface OpenSandboxes extends Machines {
  config: Config;
  team: TeamSettings;
  log: Log;
  store: Store;
  /** The connection itself, for what is read of sessions. */
  open: OpenStore;
  /** The database is not needed any more: whoever works in a sandbox for hours holds no connection. */
  close(): Promise<void>;
}

export async function openSandboxes(): Promise<OpenSandboxes> {
  const { config, log } = readSettings();
  const team = readTeamSettings(teamFile(), config.github?.url);
  const open = await openStore({ ...config, log });
  try {
    const store = createStore(open.db);
    const machines = await openMachines({ config, team, store, log });
    let closed: Promise<void> | null = null;
    const close = (): Promise<void> => {
      closed ??= open.close();
      return closed;
    };
    return { ...machines, config, team, log, store, open, close };
  } catch (thrown) {
    await open.close();
    throw thrown;
  }
}
