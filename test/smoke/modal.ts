/**
 * Modal itself, once through a sandbox's life: the one thing that no other test can do. Needs an account, costs some cents, leaves
 * nothing behind. `npm run smoke:modal`; with `-- --idle` it also waits to see what counts as activity, which takes some minutes more.
 */
import { environment, readConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { type Machines, openMachines } from "../../src/machines.ts";
import type { ModalSettings } from "../../src/sandboxes/settings.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { defaultSandboxes } from "../../src/team-sandboxes.ts";
import { activity } from "./activity.ts";
import { life } from "./life.ts";
import { openReport } from "./report.ts";

const APP = "threadbox-smoke";

/** Before anything that costs: a flag that is mistyped would be left out without a word. */
const unknown = process.argv.slice(2).filter((argument) => argument !== "--idle");
if (unknown.length > 0) {
  console.error(`Nothing is called ${unknown.join(" ")} here. There is --idle: npm run smoke:modal -- --idle`);
  process.exit(2);
}

const variables = environment();
if (!variables.MODAL_TOKEN_ID || !variables.MODAL_TOKEN_SECRET) {
  console.log("Skipped: MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are not set. See docs/modal.md.");
} else {
  const report = openReport((line) => console.log(line));
  // Waiting for a daemon keeps no process alive by itself.
  const alive = setInterval(() => {}, 60_000);
  await life({ ...(await bothWays({})), report });
  if (process.argv.includes("--idle")) await activity({ ...(await bothWays({ idleTimeoutMs: 60_000 })), report });
  process.exitCode = report.end() ? 0 : 1;
  clearInterval(alive);
}

/** The same bot twice, by tunnel and by connect token: with one key and one name, each takes the other's sandboxes for its own. */
async function bothWays(modal: Partial<ModalSettings>): Promise<{ tunnel: Machines; connectToken: Machines }> {
  const store = memory();
  const open = (reach: ModalSettings["reach"]): Promise<Machines> =>
    openMachines({
      config: readConfig({ ...variables, THREADBOX_PROVIDER: "modal" }),
      team: {
        ...{
          repositories: [],
          labels: {},
          slack: {},
          github: {},
          idleAfterMs: 600_000,
          turnLimitMs: 600_000,
          agents: PI_ALONE,
          found: true,
        },
        sandboxes: { ...defaultSandboxes, modal: { ...defaultSandboxes.modal, app: APP, reach, ...modal } },
      },
      store,
      log: createLog(variables.LOG_LEVEL || "warn"),
    });
  return { tunnel: await open("tunnel"), connectToken: await open("connect-token") };
}

/** What a database would remember of a bot. */
function memory(): { setting<T>(name: string, make: () => Promise<T>): Promise<T> } {
  const made = new Map<string, Promise<unknown>>();
  return {
    setting<T>(name: string, make: () => Promise<T>) {
      if (!made.has(name)) made.set(name, make());
      return made.get(name) as Promise<T>;
    },
  };
}
