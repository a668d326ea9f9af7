/** The emulated Modal in a process of its own: what is measured in front of it shares no event loop with it. */
import { type ModalEmulator, modalEmulator, type OrderedFault } from "../emulators/modal.ts";
import { answerParent } from "./child.ts";
import { stillHost } from "./modal-still-host.ts";

export interface CloudWish {
  /** True machines are process trees of their own; still ones are nothing but an entry in a list. */
  machines: "true" | "still";
  listPageSize: number;
}

export interface CloudAddress {
  environment: ModalEmulator["environment"];
  caFile: string;
}

let modal: ModalEmulator | null = null;
let held: OrderedFault | null = null;

const tasks = {
  async start({ machines, listPageSize }: CloudWish): Promise<CloudAddress> {
    modal = await modalEmulator({ listPageSize, ...(machines === "still" ? { host: stillHost() } : {}) });
    return { environment: modal.environment, caFile: modal.caFile };
  },

  /** RPCs since one last asked, in the order in which they came. */
  takeCalls(_: null): string[] {
    const calls = [...(modal?.calls ?? [])];
    modal?.forgetCalls();
    return calls;
  },

  /** Those that run now. */
  running: (_: null): { id: string; name: string | null }[] =>
    (modal?.sandboxes() ?? []).filter(({ state }) => state.is === "running").map(({ id, name }) => ({ id, name })),

  /** The next sandbox that is asked for is not made before `letGo`. */
  holdNext(_: null): void {
    held = modal?.faults.next("SandboxCreateV2", { kind: "hang" }) ?? null;
  },

  letGo: (_: null): void => held?.release(),

  /** Lets sandboxes reach these loopback ports. */
  async allow(ports: number[]): Promise<void> {
    for (const port of ports) await modal?.allowHostPort(port);
  },
};

export type CloudTasks = typeof tasks;

answerParent(tasks, async () => modal?.close());
