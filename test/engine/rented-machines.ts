/** A provider of sandboxes that only has names: for what has to be tried with more of them than a machine can run. */
import { ThreadboxError } from "../../src/errors.ts";
import type { Listed, SandboxProvider } from "../../src/sandboxes/provider.ts";

export interface RentedMachines extends SandboxProvider {
  machines: Map<string, Listed>;
  /** Names of all that were asked for by name. */
  found: string[];
  /** Most that were being ended at the same time. */
  mostAtOnce: number;
  /** Called before one is ended. */
  beforeEnd(name: string): Promise<void>;
}

export function rentedMachines(): RentedMachines {
  const notHere = async (): Promise<never> => {
    throw new ThreadboxError("sandbox.unavailable", "These machines have no inside");
  };
  let ending = 0;
  const rented: RentedMachines = {
    kind: "modal",
    keepsFilesMs: null,
    askEveryMs: 1_000,
    machines: new Map(),
    found: [],
    mostAtOnce: 0,
    beforeEnd: async () => {},
    list: async () => [...rented.machines.values()],
    async find(name) {
      rented.found.push(name);
      return rented.machines.has(name) ? notHere() : null;
    },
    async destroy(name) {
      ending += 1;
      rented.mostAtOnce = Math.max(rented.mostAtOnce, ending);
      await rented.beforeEnd(name).finally(() => {
        ending -= 1;
      });
      rented.machines.delete(name);
    },
    headers: async () => ({}),
    forget: async () => {},
    warning: async () => null,
    start: notHere,
    sleep: notHere,
    snapshot: notHere,
  };
  return rented;
}
