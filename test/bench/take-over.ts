/** How long a session stands still when the bot that works on it is killed, and another one runs beside it. */
import { setTimeout as pause } from "node:timers/promises";
import { type CrowdBot, crowdStage, inFlight, proveTold, type Share } from "./crowd-stage.ts";
import type { Bench } from "./ground.ts";
import { check, type Row, timesRow } from "./measure.ts";

/** At each kill. */
const SESSIONS = 10;
const TELL_EVERY_MS = 1_000;
/** Side by side, because a lease is mostly waiting. */
const PAIRS = 5;
/** The kills of one round are not all in the same phase of anything. */
const APART_MS = 700;

export async function takeOver(bench: Bench): Promise<Row[]> {
  const rounds = bench.quick ? 1 : 4;
  bench.tell(`${PAIRS * rounds} kills, ${PAIRS} side by side, of bots with ${SESSIONS} turns in flight`);
  const wish = { sessions: SESSIONS * PAIRS, shares: PAIRS, tellEveryMs: TELL_EVERY_MS };
  const stage = await crowdStage(bench, wish);
  try {
    const taken: Taken[] = [];
    const pairs = stage.shares.map((share, n) => liveThrough(share, rounds, n * APART_MS, (one) => taken.push(one)));
    await Promise.all(pairs);
    await stage.daemons.ask("finish", null);
    for (const { database } of stage.shares) {
      await database.settled();
      await proveTold(database, SESSIONS);
    }
    return rowsOf(taken);
  } finally {
    await stage.close();
  }
}

interface Taken {
  /** Until the other bot had claimed the last of them. */
  claimedMs: number;
  /** Until it had stored something new of each stream. */
  wentOnMs: number;
}

async function liveThrough(share: Share, rounds: number, laterMs: number, tell: (taken: Taken) => void): Promise<void> {
  let holder = await share.startBot();
  await holder.ask("receive", share.mentions);
  await inFlight(share.database, SESSIONS);
  for (let round = 0; round < rounds; round++) {
    const heir = await share.startBot();
    await pause(laterMs);
    tell(await killed(share, holder, heir));
    holder = heir;
  }
}

interface Held {
  id: string;
  owner: string | null;
  cursor: number;
}

const LOOK_EVERY_MS = 20;
const GIVE_UP_AFTER_MS = 60_000;

async function killed({ database }: Share, holder: CrowdBot, heir: CrowdBot): Promise<Taken> {
  const look = () => database.query<Held>("select id, owner, stream_cursor as cursor from sessions");
  const killedAt = performance.now();
  await holder.kill();
  const before = new Map((await look()).map(({ id, cursor }) => [id, cursor]));
  let claimedMs: number | null = null;
  for (;;) {
    const held = await look();
    const sinceMs = performance.now() - killedAt;
    check(sinceMs < GIVE_UP_AFTER_MS, `nobody has taken over: ${JSON.stringify(held)}`);
    const mine = held.filter(({ owner }) => owner === heir.owner);
    if (mine.length === before.size) claimedMs ??= sinceMs;
    const goesOn = mine.filter(({ id, cursor }) => cursor > (before.get(id) ?? 0));
    if (claimedMs !== null && goesOn.length === before.size) return { claimedMs, wentOnMs: sinceMs };
    await pause(LOOK_EVERY_MS);
  }
}

function rowsOf(taken: Taken[]): Row[] {
  const note =
    `From SIGKILL until it holds for the last of ${SESSIONS} sessions with a turn in flight; an agent tells something every second. No event was lost or stored twice. ` +
    "Bound by the lease of 10 s (pg-boss allows no less), of which up to 3 s are over at the kill, and by how often it looks for leases that have run out (every 2 s).";
  const row = (what: string, of: keyof Taken): Row =>
    timesRow(
      { what, note, aim: { says: "< 15 s", below: 15_000 } },
      taken.map((one) => one[of]),
    );
  return [
    row("take-over after a kill: claimed by the other bot", "claimedMs"),
    row("take-over after a kill: the streams are read on", "wentOnMs"),
  ];
}
