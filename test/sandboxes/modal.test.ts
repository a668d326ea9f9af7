/** Sandboxes at an emulated Modal, which the real SDK speaks to: the promises that every provider makes. */
import { test } from "node:test";
import { providerContract } from "../contracts/provider.ts";
import { modalEmulator } from "../emulators/modal.ts";
import { benchOn, noMachines } from "./modal-bench.ts";

if (noMachines) test("a sandbox at Modal", { skip: noMachines }, () => {});
else
  providerContract("a sandbox at Modal", async () => {
    const modal = await modalEmulator();
    const { bot } = benchOn(modal);
    return { provider: bot(), restarted: async () => bot(), close: () => modal.close() };
  });
