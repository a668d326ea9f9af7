/**
 * How many mentions a second one bot can take in: `inbox.receive` alone, called by 32 callers who each wait for their commit.
 * Beside it, in turns on the same Postgres, what that Postgres gives at most: the same callers, the same text, one INSERT.
 */
import { sql } from "kysely";
import { systemClock } from "../../src/clock.ts";
import type { NewMention } from "../../src/core/types.ts";
import { startJobs } from "../../src/engine/jobs.ts";
import { createIngress, type Ingress } from "../../src/engine/receive.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createStore } from "../../src/store/store.ts";
import { quiet } from "../quiet.ts";
import type { Bench, BenchDatabase, Server } from "./ground.ts";
import { checkEqual, inMs, median, type Row, spreadOf, valueRow } from "./measure.ts";

const CALLERS = 32;
/** As the bot opens it. */
const POOL_SIZE = 16;

export async function receive(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const server of await bench.ground.servers()) rows.push(...(await measure(bench, server)));
  if (bench.ground.noDebian) bench.tell(`not on Debian's Postgres: ${bench.ground.noDebian}`);
  return rows;
}

async function measure({ ground, quick, tell }: Bench, server: Server): Promise<Row[]> {
  const database = await ground.database(server);
  const { db, close } = openDatabase(database.connection, POOL_SIZE, quiet);
  await migrate(db);
  const jobs = await startJobs({ connection: database.connection, log: quiet });
  try {
    const ingress = createIngress({ store: createStore(db), jobs, surfaces: {}, clock: systemClock, log: quiet });
    await db.schema
      .createTable("plain")
      .addColumn("body", "jsonb", (column) => column.notNull())
      .execute();
    const size = quick ? { threads: 200, rounds: 2, roundMs: 400 } : { threads: 1_000, rounds: 5, roundMs: 1_200 };
    return await compare({ db, ingress, database, server: server.name, ...size, tell });
  } finally {
    await jobs.stop();
    await close();
    await database.drop();
  }
}

interface Comparison {
  db: Database;
  ingress: Ingress;
  database: BenchDatabase;
  server: string;
  /** That are known already. */
  threads: number;
  rounds: number;
  roundMs: number;
  tell: Bench["tell"];
}

/** What one kind of call did in all rounds. */
interface Kind {
  call(n: number): Promise<unknown>;
  calls: number;
  perSecond: number[];
  tookMs: number[];
}

async function compare({ db, ingress, database, server, threads, rounds, roundMs, tell }: Comparison): Promise<Row[]> {
  const kind = (call: Kind["call"]): Kind => ({ call, calls: 0, perSecond: [], tookMs: [] });
  const known = kind((n) => ingress.receive(mention(`known-${n % threads}`, n)));
  const fresh = kind((n) => ingress.receive(mention(`new-${n}`, n)));
  const plain = kind((n) =>
    sql`insert into plain (body) values (${JSON.stringify({ mention: mention("plain", n) })})`.execute(db),
  );
  tell(
    `${server}: ${threads} threads first, then ${rounds} rounds of ${roundMs} ms each for known threads, new threads and INSERT`,
  );
  for (const one of [known, fresh, plain]) await round(one, { calls: threads });
  for (const one of [known, fresh, plain]) Object.assign(one, { perSecond: [], tookMs: [] }); // warm now
  for (let done = 0; done < rounds; done++) {
    for (const one of [known, fresh, plain]) {
      await rest(db);
      await round(one, { forMs: roundMs });
    }
    const rates = [known, fresh, plain].map(({ perSecond }) => perSecond.at(-1)?.toFixed(0));
    tell(`round ${done + 1} of ${rounds}: ${rates.join(", ")} a second`);
  }
  await prove(database, { known, fresh, plain }, threads);
  return rowsOf({ known, fresh, plain }, { server, threads, rounds });
}

async function round(kind: Kind, until: { calls: number } | { forMs: number }): Promise<void> {
  const beganAt = performance.now();
  const first = kind.calls;
  const goesOn = (): boolean =>
    "calls" in until ? kind.calls - first < until.calls : performance.now() - beganAt < until.forMs;
  const caller = async (): Promise<void> => {
    while (goesOn()) {
      const calledAt = performance.now();
      await kind.call(kind.calls++);
      kind.tookMs.push(performance.now() - calledAt);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  kind.perSecond.push((1_000 * (kind.calls - first)) / (performance.now() - beganAt));
}

/** As if the engine had done its work meanwhile: nothing to check any more, nobody to wake. */
async function rest(db: Database): Promise<void> {
  await sql`update sessions set state = jsonb_set(state, '{checking}', '[]') where state->'checking' <> '[]'`.execute(
    db,
  );
  await sql`update effects set done_at = now() where done_at is null`.execute(db);
  await sql`delete from pgboss.job where name = 'session'`.execute(db);
}

function mention(thread: string, n: number): NewMention {
  const threadTs = `1700000000.${String(n).padStart(6, "0")}`;
  return {
    dedupe: `slack:T0ACME/C0WEB/${thread}/${n}`,
    keys: [`slack:thread:T0ACME/C0WEB/${thread}`],
    thread: { surface: "slack", team: "T0ACME", channel: "C0WEB", threadTs },
    author: { surface: "slack", id: "U0ADA", name: "ada" },
    text: "the login test fails since this morning, please have a look and fix it",
    addressed: true,
    at: 1_700_000_000_000 + n,
    message: threadTs,
    link: `https://acme.slack.com/archives/C0WEB/p${threadTs.replace(".", "")}`,
  };
}

type Kinds = Record<"known" | "fresh" | "plain", Kind>;

async function prove({ count }: BenchDatabase, { known, fresh, plain }: Kinds, threads: number): Promise<void> {
  const received = known.calls + fresh.calls;
  checkEqual(await count("select count(*) from inbox where session_id is not null"), received, "mentions in the inbox");
  checkEqual(await count("select count(*) from effects"), received, "checks to do, one for each mention");
  checkEqual(await count("select count(*) from sessions"), threads + fresh.calls, "sessions, one for each thread");
  checkEqual(await count("select count(*) from plain"), plain.calls, "rows of the plain table");
}

type Size = Pick<Comparison, "server" | "threads" | "rounds">;

function rowsOf({ known, fresh, plain }: Kinds, { server, threads, rounds }: Size): Row[] {
  const [knownRate, freshRate, plainRate] = [known, fresh, plain].map(({ perSecond }) => median(perSecond)) as [
    number,
    number,
    number,
  ];
  const times = ({ tookMs }: Kind): string => {
    const { p50, p99, max } = spreadOf(tookMs);
    return `one took ${inMs(p50)} at the median, ${inMs(p99 ?? max)} at p99`;
  };
  const row = (what: string, kind: Kind, rate: number, note: string): Row =>
    valueRow(
      { what: `${what}, ${server}`, note: `${note}; ${times(kind)}. Median of ${rounds} rounds.` },
      kind.tookMs.length,
      rate,
      "/s",
    );
  const share = `Closed loop of ${CALLERS} callers in one process. Those that wait while one transaction is under way share the next: bound by what the seven statements of each cost Postgres, and by one thread that makes them`;
  return [
    row(`mentions through receive, ${threads.toLocaleString("en")} known threads`, known, knownRate, share),
    row(
      "mentions through receive, each in a new thread",
      fresh,
      freshRate,
      `${share}; four more rows than in a known thread`,
    ),
    row(
      "plain INSERT of the same text",
      plain,
      plainRate,
      "What this Postgres and its disk give at most, one commit for each row",
    ),
    valueRow(
      {
        what: `receive (known thread) against that INSERT, ${server}`,
        aim: { says: ">= 0.5 x", atLeast: 0.5 },
        note: "The ratio of the two rates above, taken in turns in the same run. The INSERT writes one row in one table without an index; a mention five rows in five tables with two dozen indexes.",
      },
      rounds,
      knownRate / plainRate,
      "x",
    ),
  ];
}
