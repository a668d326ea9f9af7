/** The daemon's stream while an agent talks without taking breath: to one client, to the bot's own, and to fifty of which one is slow. */
import { type Child, startChild } from "./child.ts";
import type { Bench } from "./ground.ts";
import { loadMeter } from "./load.ts";
import { checkEqual, inMs, median, type Row, valueRow } from "./measure.ts";
import type { DaemonTasks } from "./stream-daemon.ts";
import { type At, PAUSE_MS, type Reader, readAsBot, readFast, readSlowly, SLEEPS_FIRST_MS } from "./stream-reader.ts";

/** Beside the agent's own: that the daemon started, that the turn began, that it ended. */
const OTHER_ENTRIES = 3;
const BRISK = 49;

export async function stream({ quick, tell }: Bench): Promise<Row[]> {
  const rounds = quick ? 1 : 3;
  const [alone, together] = quick ? [4_000, 1_000] : [20_000, 10_000];
  const one: Measured[] = [];
  const bots: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    one.push(await measure(alone, [readFast], null));
    bots.push(await measure(alone, [readAsBot], null));
    tell(`${alone} events to one client: ${perSecond(one)}/s; to the bot's own: ${perSecond(bots)}/s`);
  }
  tell(`${together} events to ${BRISK + 1} clients, one of them slow`);
  const many = await measure(together, Array<Reader>(BRISK).fill(readFast), readSlowly);
  return [
    valueRow(
      { what: "daemon's stream to 1 client", note: `${PROVEN} ${lastOf(one).busy}: ${BOUND}. ${ofRounds(rounds)}` },
      alone * rounds,
      perSecond(one),
      "/s",
    ),
    valueRow(
      {
        what: "daemon's stream to the bot's own client",
        note: `The client that the bot follows turns with, which parses and checks every entry. ${lastOf(bots).busy}. ${ofRounds(rounds)}`,
      },
      alone * rounds,
      perSecond(bots),
      "/s",
    ),
    ...rowsOfMany(many, together),
  ];
}

const PROVEN = "Every client saw every cursor, without a hole.";
const BOUND =
  "bound by the daemon, which parses each event, writes it to SQLite, and reads it from there for the client";

function rowsOfMany(many: Measured, events: number): Row[] {
  const what = `daemon's stream to ${BRISK + 1} clients, one slow`;
  const note =
    `${PROVEN} Counted until the last of the ${BRISK} brisk ones had all. The slow one, which first reads nothing for ${SLEEPS_FIRST_MS} ms and then a ` +
    `piece every ${PAUSE_MS} ms, had all ${inMs(many.slowAfterMs)} after the start, and nobody waited for it. The daemon's RSS when the brisk ones had all: ` +
    `${(many.rssBytes / 1024 ** 2).toFixed(0)} MB. ${many.busy}: bound by the daemon, which reads and writes out every event once for each client.`;
  return [
    valueRow({ what: `${what}: the agent's events`, note }, events, many.perSecond, "/s"),
    valueRow({ what: `${what}: delivered`, note }, events * (BRISK + 1), many.perSecond * (BRISK + 1), "/s"),
  ];
}

const perSecond = (rounds: Measured[]): number => Math.round(median(rounds.map((round) => round.perSecond)));
const ofRounds = (rounds: number): string => `Median of ${rounds} round${rounds === 1 ? "" : "s"}.`;

function lastOf(rounds: Measured[]): Measured {
  const last = rounds.at(-1);
  if (!last) throw new Error("there was no round");
  return last;
}

interface Measured {
  perSecond: number;
  slowAfterMs: number;
  /** When the brisk ones had all. */
  rssBytes: number;
  busy: string;
}

/** A fresh daemon, all clients connected, then one prompt. */
async function measure(events: number, brisk: Reader[], slow: Reader | null): Promise<Measured> {
  const daemon = startChild<DaemonTasks>("./stream-daemon.ts");
  try {
    const at = await daemon.ask("start", { events });
    return await race(daemon, at, { events, brisk, slow });
  } finally {
    await daemon.stop();
  }
}

interface Race {
  events: number;
  brisk: Reader[];
  slow: Reader | null;
}

async function race(daemon: Child<DaemonTasks>, at: At, { events, brisk, slow }: Race): Promise<Measured> {
  const connected: Promise<void>[] = [];
  const begin = async (reader: Reader): Promise<number> => {
    const standing = Promise.withResolvers<void>();
    connected.push(standing.promise);
    const { entries, endedAt } = await reader(at, standing.resolve);
    checkEqual(entries, events + OTHER_ENTRIES, "entries that a client got");
    return endedAt;
  };
  const all = Promise.all(brisk.map(begin));
  const last = slow ? begin(slow) : null;
  await Promise.race([Promise.all(connected), all, last ?? all]);
  await daemon.ask("seen", null);
  const measureOwnLoad = loadMeter();
  const beganAt = performance.now();
  await prompt(at);
  const briskMs = Math.max(...(await all)) - beganAt;
  const own = measureOwnLoad();
  const { rssBytes, loopPercent } = await daemon.ask("seen", null);
  return {
    perSecond: (1_000 * events) / briskMs,
    slowAfterMs: last ? (await last) - beganAt : 0,
    rssBytes,
    busy: `The daemon's thread was ${loopPercent.toFixed(0)} % busy, that of the clients ${own.loopPercent.toFixed(0)} %`,
  };
}

async function prompt({ url, token }: At): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${url}/prompt`, { method: "POST", headers, body: JSON.stringify({ message: "Go" }) });
  checkEqual(response.status, 202, "the prompt's status");
  await response.json();
}
