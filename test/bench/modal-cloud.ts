/** An emulated Modal beside the benchmark, and bots' providers in front of it. */
import { AT_MODAL, installationsOf } from "../../src/agent-packages.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { tellModalSdk } from "../../src/config.ts";
import { boot } from "../../src/sandboxes/boot.ts";
import { daemonBundle } from "../../src/sandboxes/bundle.ts";
import type { Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";
import { newSigningKey } from "../../src/sandboxes/tokens.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { defaultSandboxes } from "../../src/team-sandboxes.ts";
import { quiet } from "../quiet.ts";
import { type Child, startChild } from "./child.ts";
import type { CloudAddress, CloudTasks, CloudWish } from "./modal-cloud-process.ts";
import { trust } from "./modal-trust.ts";

export interface Cloud extends CloudAddress {
  ask: Child<CloudTasks>["ask"];
  /** As a bot has it that was just started: nothing is asked yet, and nothing known. All of them are the same bot, by its tags. */
  provider(clock?: Clock): SandboxProvider;
  /** Resolves when the daemon answers. */
  boot(provider: SandboxProvider, sandbox: Sandbox): Promise<Sandbox>;
  stop(): Promise<void>;
}

/** Modal does not say how many its pages hold. */
export const LIST_PAGE_SIZE = 100;

export async function openCloud(machines: CloudWish["machines"]): Promise<Cloud> {
  const child = startChild<CloudTasks>("./modal-cloud-process.ts");
  const { environment, caFile } = await child.ask("start", { machines, listPageSize: LIST_PAGE_SIZE });
  // Nobody listens in still ones. And authorities of one name, as all emulators have, would be taken for each other.
  if (machines === "true") trust(caFile);
  const { MODAL_SERVER_URL: serverUrl, MODAL_TOKEN_ID: id, MODAL_TOKEN_SECRET: secret } = environment;
  // Only here: no other benchmark needs Modal's client, which takes half a second to load.
  const { modalProvider } = await import("../../src/sandboxes/modal.ts");
  const { publicJwk } = await newSigningKey();
  const bundle = await daemonBundle();
  return {
    environment,
    caFile,
    ask: child.ask,
    provider(clock = systemClock) {
      tellModalSdk({ modal: { tokenId: id, tokenSecret: secret, serverUrl } });
      return modalProvider({
        tokens: { id, secret },
        settings: defaultSandboxes,
        instance: "bench",
        daemon: daemonBundle,
        agents: installationsOf(PI_ALONE, AT_MODAL),
        models: {},
        log: quiet,
        clock,
      });
    },
    boot: (provider, sandbox) => boot(sandbox, { provider, bundle, publicJwk, clock: systemClock }),
    stop: child.stop,
  };
}
