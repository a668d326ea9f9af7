/** The daemon's stream while an agent talks without taking breath: to one client, to the bot's own, and to fifty of which one is slow. */
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { type Child, startChild } from "./child.ts";
import type { Bench } from "./ground.ts";
import { loadMeter } from "./load.ts";
import { check, checkEqual, inMs, type Row, valueRow } from "./measure.ts";
import type { DaemonTasks } from "./stream-daemon.ts";
import { type Reading, readStream } from "./stream-reader.ts";

/** Beside the agent's own: that the daemon started, that the turn began, that it ended. */
const OTHER_ENTRIES = 3;
const CLIENTS = 50;

export async function stream({ quick, tell }: Bench): Promise<Row[]> {
  const [alone, together] = quick ? [4_000, 1_000] : [40_000, 10_000];
  tell(`${alone} events to one client`);
  const one = await withDaemon(alone, (daemon) => measure(daemon, alone, ["fast"]));
  tell(`${alone} events to the bot's own client`);
  const ours = await withDaemon(alone, (daemon) => readAsBot(daemon, alone));
  tell(`${together} events to ${CLIENTS} clients, one of them slow`);
  const paces = Array.from({ length: CLIENTS }, (_, n) => (n === 0 ? "slow" : "fast"));
  const many = await withDaemon(together, (daemon) => measure(daemon, together, paces));
  return [
    row(
      "daemon's stream to 1 client",
      alone,
      one.perSecond,
      `${PROVEN} ${one.busy}: bound by the daemon, which writes each event to SQLite before it reads it for the client.`,
    ),
    row(
      "daemon's stream to the bot's own client",
      alone,
      ours,
      "The same with the client that the bot follows turns with: every entry parsed and checked. Daemon and client have a processor each.",
    ),
    row(
      `daemon's stream to ${CLIENTS} clients, one slow: events of the agent`,
      together,
      many.perSecond,
      `${PROVEN} Until the last of the ${CLIENTS - 1} brisk ones had all; the slow one, which reads a piece every 20 ms after a second of nothing, had ` +
        `all ${inMs(many.slowAfterMs)} after the start and nobody waited for it. RSS of the daemon then: ${(many.rssBytes / 1024 ** 2).toFixed(0)} MB. ` +
        `${many.busy} (the wait for the slow one counts): bound by the daemon, which reads and writes out every event once for each client.`,
    ),
    row(
      `daemon's stream to ${CLIENTS} clients, one slow: events delivered`,
      together * CLIENTS,
      many.perSecond * CLIENTS,
      "The row above times the clients.",
    ),
  ];
}

const PROVEN = "Every client saw every cursor, without a hole.";

const row = (what: string, n: number, perSecond: number, note: string): Row =>
  valueRow({ what, note }, n, perSecond, "/s");

interface Running {
  at: { url: string; token: string };
  child: Child<DaemonTasks>;
}

async function withDaemon<T>(events: number, work: (daemon: Running) => Promise<T>): Promise<T> {
  const child = startChild<DaemonTasks>("./stream-daemon.ts");
  try {
    return await work({ at: await child.ask("start", { events }), child });
  } finally {
    await child.stop();
  }
}

interface Measured {
  perSecond: number;
  slowAfterMs: number;
  rssBytes: number;
  busy: string;
}

async function measure({ at, child }: Running, events: number, paces: string[]): Promise<Measured> {
  const standing = paces.map(() => Promise.withResolvers<void>());
  const reading = paces.map(async (pace, n): Promise<Reading & { pace: string }> => {
    const read = await readStream(at, pace === "slow" ? "slow" : "fast", () => standing[n]?.resolve());
    return { ...read, pace };
  });
  const all = Promise.all(reading);
  await Promise.race([all, Promise.all(standing.map(({ promise }) => promise))]);
  const measureOwnLoad = loadMeter();
  await child.ask("seen", null);
  const beganAt = performance.now();
  await prompt(at);
  const readings = await all;
  const { rssBytes, loopPercent } = await child.ask("seen", null);
  const own = measureOwnLoad().loopPercent;
  for (const { entries } of readings) checkEqual(entries, events + OTHER_ENTRIES, "entries that a client got");
  const lastOf = (pace: string): number =>
    Math.max(0, ...readings.filter((read) => read.pace === pace).map(({ endedAt }) => endedAt - beganAt));
  return {
    perSecond: (1_000 * events) / lastOf("fast"),
    slowAfterMs: lastOf("slow"),
    rssBytes,
    busy: `The daemon's thread was ${loopPercent.toFixed(0)} % busy, that of the clients ${own.toFixed(0)} %`,
  };
}

async function readAsBot({ at }: Running, events: number): Promise<number> {
  const client = daemonClient({ url: at.url, token: async () => at.token });
  const leave = new AbortController();
  const beganAt = performance.now();
  await prompt(at);
  let last = 0;
  for await (const { cursor, event } of client.stream({ cursor: 0, epoch: null, signal: leave.signal })) {
    check(cursor === last + 1, `after entry ${last} came entry ${cursor}`);
    last = cursor;
    if (event.type === "turn.ended") break;
  }
  const perSecond = (1_000 * events) / (performance.now() - beganAt);
  leave.abort();
  checkEqual(last, events + OTHER_ENTRIES, "entries that the bot's client got");
  return perSecond;
}

async function prompt({ url, token }: Running["at"]): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${url}/prompt`, { method: "POST", headers, body: JSON.stringify({ message: "Go" }) });
  checkEqual(response.status, 202, "the prompt's status");
  await response.json();
}
