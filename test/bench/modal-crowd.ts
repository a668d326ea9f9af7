/** Many sandboxes at Modal started at once: how long each waits, and that every one is another. */
import { text } from "node:stream/consumers";
import type { Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";
import { check, checkEqual, inMs, type Row, timesRow, valueRow } from "./measure.ts";
import type { Cloud } from "./modal-cloud.ts";

/** Called with two clouds: the starts that the bot makes are the same, what they set going is not. */
export async function crowdRows(clouds: { trueOnes: Cloud; still: Cloud }, count: number): Promise<Row[]> {
  const trueOnes = await startCrowd(clouds.trueOnes, count, "at once", namespaceOf);
  const still = await startCrowd(clouds.still, count, "at once");
  const single = await startCrowd(clouds.still, count, "in turn");
  return [
    ...rowsOf(
      `${count} sandboxes at the emulated Modal started at once`,
      count,
      trueOnes,
      "Each has processes, files and a network of its own, of which this machine makes all: bound by bubblewrap. A command in each of them told of another namespace.",
    ),
    ...rowsOf(
      "the same with no machine behind them",
      count,
      still,
      "Our own share, with the SDK's and the emulator's answer. Bound by our one thread.",
    ),
    timesRow(
      {
        what: "one start at the emulated Modal with no machine behind it",
        note: `One after the other. Our own share, with the SDK's and the emulator's answer. ${PROVEN}`,
      },
      single.startMs,
    ),
  ];
}

const PROVEN = "As many ids and addresses as starts, and none ran after all were destroyed.";

function rowsOf(what: string, count: number, crowd: Crowd, bound: string): Row[] {
  const note = `${bound} ${PROVEN} RPCs: ${count} SandboxCreateV2 and no other. Destroyed at once in ${inMs(crowd.destroyedMs)}.`;
  return [
    timesRow({ what: `${what}: each`, note }, crowd.startMs),
    valueRow({ what: `${what}: all`, note }, count, crowd.wholeMs, "ms"),
  ];
}

interface Crowd {
  startMs: number[];
  /** Until the last of them was there. */
  wholeMs: number;
  destroyedMs: number;
}

type Order = "at once" | "in turn";

/** What no two machines have in common. */
type Identify = (sandbox: Sandbox) => Promise<string>;

async function startCrowd(cloud: Cloud, count: number, order: Order, identify?: Identify): Promise<Crowd> {
  const provider = cloud.provider();
  const names = Array.from({ length: count }, (_, n) => `crowd-${n}`);
  // The image is built then, and what is asked once has been.
  await provider.start("first", { from: null });
  await provider.destroy("first");
  await cloud.ask("takeCalls", null);
  const { sandboxes, ...times } = await start(provider, names, order);
  const calls = await cloud.ask("takeCalls", null);
  checkEqual(calls.join(" "), names.map(() => "SandboxCreateV2").join(" "), "RPCs");
  await proveDistinct(cloud, names, sandboxes, identify);
  const beganAt = performance.now();
  await Promise.all(names.map((name) => provider.destroy(name)));
  const destroyedMs = performance.now() - beganAt;
  checkEqual((await cloud.ask("running", null)).length, 0, "sandboxes that run after all were destroyed");
  return { ...times, destroyedMs };
}

async function start(
  provider: SandboxProvider,
  names: string[],
  order: Order,
): Promise<Pick<Crowd, "startMs" | "wholeMs"> & { sandboxes: Sandbox[] }> {
  const startMs: number[] = [];
  const sandboxes: Sandbox[] = [];
  const beganAt = performance.now();
  const one = async (name: string): Promise<void> => {
    const askedAt = performance.now();
    sandboxes.push(await provider.start(name, { from: null }));
    startMs.push(performance.now() - askedAt);
  };
  if (order === "at once") await Promise.all(names.map(one));
  else for (const name of names) await one(name);
  return { startMs, wholeMs: performance.now() - beganAt, sandboxes };
}

async function proveDistinct(cloud: Cloud, names: string[], sandboxes: Sandbox[], identify?: Identify): Promise<void> {
  const running = await cloud.ask("running", null);
  checkEqual(
    running
      .map(({ name }) => name)
      .sort()
      .join(" "),
    names.toSorted().join(" "),
    "sandboxes that run",
  );
  checkEqual(new Set(running.map(({ id }) => id)).size, names.length, "ids of sandboxes");
  checkEqual(new Set(sandboxes.map(({ url }) => url)).size, names.length, "addresses of sandboxes");
  if (!identify) return;
  const machines = new Set(await Promise.all(sandboxes.map(identify)));
  checkEqual(machines.size, names.length, "machines behind the sandboxes");
}

/** The namespace of its processes. */
async function namespaceOf(sandbox: Sandbox): Promise<string> {
  const { stdin, stdout, stderr, exitCode } = await sandbox.exec(["readlink", "/proc/self/ns/pid"], { root: true });
  const [said, complaint] = [text(stdout), text(stderr)];
  await stdin.close().catch(() => undefined); // it may have ended before
  check((await exitCode) === 0, `a machine does not tell which one it is: ${await complaint}`);
  return said;
}
