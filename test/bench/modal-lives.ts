/**
 * What one sandbox at Modal costs the bot: starts from a golden snapshot and from the image, sleep and wake, each until it is over, in
 * RPCs and in time.
 */
import type { Sandbox, SandboxProvider, WakeToken } from "../../src/sandboxes/provider.ts";
import { check, checkEqual } from "./measure.ts";
import type { Cloud } from "./modal-cloud.ts";

/** In the order in which they happen to a sandbox; `cold` is one of its own. */
const STEPS = ["golden", "sleep", "wake", "cold"] as const;
export type Step = (typeof STEPS)[number];

export interface Taken {
  calls: string[];
  ms: number;
  /** Of a start: until the provider had it. The rest is the daemon's own start. */
  providerMs: number;
}

export interface Lives {
  /** Each step by a bot that was just started, and knows nothing. */
  fresh: Record<Step, Taken>;
  /** By one that runs. */
  running: Record<Step, Taken[]>;
}

export async function measureLives(cloud: Cloud, times: number, tell: (text: string) => void): Promise<Lives> {
  const runs = cloud.provider();
  const golden = await makeGolden(cloud, runs);
  tell("the image is built, and a golden snapshot is taken");
  const fresh = await live(cloud, golden, () => cloud.provider());
  const running: Lives["running"] = { golden: [], sleep: [], wake: [], cold: [] };
  for (let n = 0; n < times; n++) {
    const life = await live(cloud, golden, () => runs);
    for (const step of STEPS) running[step].push(life[step]);
  }
  await runs.forget(golden);
  tell(`${times + 1} times: started from a golden snapshot, put to sleep, woken, started cold`);
  return { fresh, running };
}

const GOLDEN_FILE = "/workspace/golden.txt";
const OWN_FILE = "/workspace/own.txt";

/** Of a sandbox whose daemon has run, as the stock takes them. */
async function makeGolden(cloud: Cloud, provider: SandboxProvider): Promise<WakeToken> {
  const sandbox = await cloud.boot(provider, await provider.start("golden", { from: null }));
  await sandbox.put(GOLDEN_FILE, Buffer.from("golden"));
  const token = await provider.snapshot("golden");
  await provider.destroy("golden");
  return token;
}

let lives = 0;

/** Everything that happens to one sandbox, each by the bot that `next` gives. */
async function live(cloud: Cloud, golden: WakeToken, next: () => SandboxProvider): Promise<Record<Step, Taken>> {
  const name = `life-${++lives}`;
  const fromGolden = await start(cloud, next(), name, golden);
  checkEqual(await fromGolden.sandbox.tail(GOLDEN_FILE, 100), "golden", "the file of the golden snapshot");
  await fromGolden.sandbox.put(OWN_FILE, Buffer.from(name));
  const sleep = await putToSleep(cloud, next(), name);
  const last = next();
  const woken = await start(cloud, last, name, sleep.token);
  checkEqual(await woken.sandbox.tail(OWN_FILE, 100), name, "the file from before the sleep");
  await last.destroy(name);
  await last.forget(sleep.token);
  const cold = await start(cloud, next(), name, null);
  checkEqual(await cold.sandbox.tail(OWN_FILE, 100), "", "the file in a sandbox that is new");
  await last.destroy(name);
  return { golden: fromGolden.taken, sleep: sleep.taken, wake: woken.taken, cold: cold.taken };
}

async function start(
  cloud: Cloud,
  provider: SandboxProvider,
  name: string,
  from: WakeToken | null,
): Promise<{ sandbox: Sandbox; taken: Taken }> {
  await cloud.ask("takeCalls", null);
  const beganAt = performance.now();
  const started = await provider.start(name, { from });
  const providerMs = performance.now() - beganAt;
  const sandbox = await cloud.boot(provider, started);
  const ms = performance.now() - beganAt;
  return { sandbox, taken: { calls: await cloud.ask("takeCalls", null), ms, providerMs } };
}

async function putToSleep(
  cloud: Cloud,
  provider: SandboxProvider,
  name: string,
): Promise<{ token: WakeToken; taken: Taken }> {
  await cloud.ask("takeCalls", null);
  const beganAt = performance.now();
  const token = await provider.sleep(name);
  const ms = performance.now() - beganAt;
  const calls = await cloud.ask("takeCalls", null);
  const running = await cloud.ask("running", null);
  check(!running.some((one) => one.name === name), `${name} sleeps and runs all the same`);
  return { token, taken: { calls, ms, providerMs: ms } };
}
