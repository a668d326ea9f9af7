/** Local sandboxes for tests: in a folder of their own, with walls and without. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/log.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import type { ProviderUnderTest } from "../contracts/provider.ts";

export type Walls = "auto" | "off";

export interface LocalBot extends ProviderUnderTest {
  home: string;
  /** Where the sandbox lies, seen from outside. */
  folderOf(name: string): string;
}

export async function localBot(bubblewrap: Walls): Promise<LocalBot> {
  const home = await mkdtemp(join(tmpdir(), "threadbox-test-"));
  const make = () => localProvider({ home, log: createLog("silent"), bubblewrap });
  const provider = make();
  return {
    home,
    provider,
    folderOf: (name) => join(home, "sandboxes", name),
    restarted: async () => make(),
    async close() {
      for (const name of await readdir(join(home, "sandboxes"))) await provider.destroy(name);
      await rm(home, { recursive: true });
    },
  };
}

/** Why walls cannot be tested here; null when they can. */
export async function whyNoWalls(): Promise<string | null> {
  const { provider, close } = await localBot("auto");
  const warning = await provider.warning();
  await close();
  return warning;
}

/** What can be tested here, and what it is called. */
export async function walls(): Promise<{ bubblewrap: Walls; named: string }[]> {
  const without = { bubblewrap: "off", named: "without walls" } as const;
  return (await whyNoWalls()) ? [without] : [{ bubblewrap: "auto", named: "behind bubblewrap" }, without];
}

export async function isServed(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
