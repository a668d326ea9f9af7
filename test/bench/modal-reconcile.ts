/**
 * The reconciler over a thousand sandboxes at Modal, of which some are strays: what a bot that was just started has to find out, and
 * what every later look costs.
 */
import { systemClock } from "../../src/clock.ts";
import { newSession } from "../../src/core/decide.ts";
import { sandboxName } from "../../src/core/naming.ts";
import { type Missing, type ReconcileDeps, reconcile } from "../../src/engine/reconcile.ts";
import { openStore } from "../../src/store/open.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { slackThread } from "../core/story.ts";
import { storeSession } from "../database.ts";
import { quiet } from "../quiet.ts";
import type { Bench } from "./ground.ts";
import { checkEqual, inMs, type Row, timesRow, valueRow } from "./measure.ts";
import { callsRow, inWords, sameEveryTime, withoutOnce } from "./modal-calls.ts";
import { type Cloud, LIST_PAGE_SIZE } from "./modal-cloud.ts";

export interface Herd {
  known: number;
  strays: number;
}

/** What is younger than ten minutes is left alone. */
const STARTED_AGO_MS = 3_600_000;
/** Starts that the bot from before makes at once. */
const AT_ONCE = 50;
const LATER_LOOKS = 10;

export async function reconcilerRows(bench: Bench, cloud: Cloud, herd: Herd): Promise<Row[]> {
  const database = await bench.ground.database();
  const { db, close } = await openStore({ home: bench.ground.folder, databaseUrl: database.url, log: quiet });
  try {
    const store = createStore(db);
    const names = await prepare(cloud, store, herd);
    bench.tell(`${herd.known + herd.strays} sandboxes run, ${herd.strays} of them strays`);
    const deps = { store, provider: cloud.provider(), clock: systemClock, log: quiet };
    const missing: Missing = new Map();
    const first = await look(cloud, deps, missing);
    const later: Look[] = [];
    for (let n = 0; n < LATER_LOOKS; n++) later.push(await look(cloud, deps, missing));
    const other = await look(cloud, { ...deps, provider: cloud.provider() }, new Map());
    checkEqual(first.ended.join(" "), names.strays.join(" "), "what the first look ended");
    checkEqual([other, ...later].flatMap(({ ended }) => ended).length, 0, "what the others ended");
    await proveLeft(cloud, names.known);
    return rowsOf(herd, { first, later, other });
  } finally {
    await close();
    await database.drop();
  }
}

interface Names {
  known: string[];
  strays: string[];
}

/** What a bot left an hour ago. Of those that are known a third is in the stock or a person's, and the others are used by sessions. */
async function prepare(cloud: Cloud, store: Store, herd: Herd): Promise<Names> {
  const before = cloud.provider({ ...systemClock, now: () => Date.now() - STARTED_AGO_MS });
  const known = Array.from({ length: herd.known }, (_, n) => sandboxName(`known${n}`));
  const strays = Array.from({ length: herd.strays }, (_, n) => sandboxName(`stray${n}`));
  const waiting = [...known, ...strays].values();
  const work = async (): Promise<void> => {
    for (const name of waiting) await before.start(name, { from: null });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const [n, name] of known.entries()) {
    if (n % 3 === 0) await writeRow(store, name, n % 2 === 0 ? "warm" : "person");
    else await writeSession(store, `known${n}`, name);
  }
  return { known: known.sort(), strays: strays.sort() };
}

async function writeRow(store: Store, name: string, kind: "warm" | "person"): Promise<void> {
  await store.addSandbox({ name, kind, provider: "modal", repository: null, prepared: null });
}

async function writeSession(store: Store, id: string, name: string): Promise<void> {
  const session = newSession(id, slackThread, "Untitled", Date.now());
  const sandbox = {
    is: "ready",
    since: Date.now(),
    from: null,
    name,
    url: "https://127.0.0.1:1",
    endsAt: null,
  } as const;
  await storeSession(store, { ...session, sandbox });
}

interface Look {
  ms: number;
  calls: string[];
  ended: string[];
}

async function look(cloud: Cloud, deps: ReconcileDeps, missing: Missing): Promise<Look> {
  await cloud.ask("takeCalls", null);
  const beganAt = performance.now();
  const { ended, forgotten } = await reconcile(deps, missing);
  const ms = performance.now() - beganAt;
  checkEqual(forgotten.length, 0, "rows that were forgotten");
  return { ms, calls: await cloud.ask("takeCalls", null), ended: ended.sort() };
}

async function proveLeft(cloud: Cloud, known: string[]): Promise<void> {
  const running = (await cloud.ask("running", null)).map(({ name }) => name);
  checkEqual(running.sort().join(" "), known.join(" "), "sandboxes that run afterwards");
}

interface Looks {
  first: Look;
  later: Look[];
  /** By another bot that was just started, with nothing left to end. */
  other: Look;
}

const HOST = "No machine is behind the sandboxes.";

function rowsOf({ known, strays }: Herd, { first, later, other }: Looks): Row[] {
  const all = (known + strays).toLocaleString("en");
  const what = `reconciler's first look over ${all} sandboxes at the emulated Modal, ${strays} strays`;
  const again = `reconciler's later looks over ${known} sandboxes at the emulated Modal`;
  const calls = sameEveryTime(
    later.map((one) => one.calls),
    "a later look",
  );
  const firstNote =
    `By a bot that was just started, on Postgres; exactly the strays were ended, the others run. ${HOST} RPCs: ${inWords(first.calls)}; without ` +
    `AuthTokenGet and AppGetOrCreate: ${withoutOnce(first.calls).length}. Another such bot with nothing to end: ${inMs(other.ms)}, ${inWords(other.calls)}. ` +
    "Bound by our one thread, which ends strays 5 at once.";
  const laterNote = `Names are known by now, and nothing was ended. ${HOST} RPCs: ${inWords(calls)}, pages of ${LIST_PAGE_SIZE} and an empty one. Bound by the emulator's pages, which follow each other.`;
  return [
    valueRow({ what, note: firstNote }, known + strays, first.ms, "ms"),
    callsRow({ what: `RPCs: ${what}`, note: firstNote }, 1, first.calls),
    timesRow(
      { what: again, note: laterNote },
      later.map(({ ms }) => ms),
    ),
    callsRow({ what: `RPCs: ${again}`, note: laterNote }, later.length, calls),
  ];
}
