/**
 * What pg-boss does for us: one live wake-up per session (claimed by one bot at a time, taken over when that bot dies),
 * timers, and lookups that have to wait for a vendor. What is to be done stands in our own tables; a job only says "look".
 */
import { fromKysely, type JobWithMetadata, PgBoss } from "pg-boss";
import { z } from "zod";
import type { SessionEvent } from "../core/decision.ts";
import type { Scheduled } from "../core/scheduled.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Connection, Tx } from "../store/database.ts";

/** A claim on one session, as long as its heartbeat goes on. */
export interface SessionJob {
  id: string;
  session: string;
  retryCount: number;
}

/** What a session is to be told when its time has come. */
export interface TimerJob {
  session: string;
  event: Extract<SessionEvent, { type: "idle" | "warned" | "overdue" | "ending" | "place" | "look" }>;
}

/** A bot that is silent that long has lost its sessions. pg-boss allows no less than 10. */
const LEASE_SECONDS = 10;
/** pg-boss refuses more than a day; a session that is held that long is handed over. */
const EXPIRE_SECONDS = 86_399;

export type Jobs = Awaited<ReturnType<typeof startJobs>>;

/** Makes its queues where they are missing. */
export async function startJobs(options: { connection: Connection; log: Log }) {
  const { log } = options;
  // Defaults of a minute for both intervals would make the take-over from a dead bot last longer than that.
  const boss = new PgBoss({
    ...options.connection,
    max: 5, // connections, beside those of the store
    monitorIntervalSeconds: 2,
    superviseIntervalSeconds: 2,
    application_name: "threadbox-jobs",
  });
  boss.on("error", (error) => log.warn({ error: error.message }, "jobs.error"));
  await boss.start();
  await makeQueues(boss);

  return {
    /** Inside the transaction that stored something to do. A no-op for a session that has a live wake-up: its holder looks before it lets go. */
    async wake(tx: Tx, sessions: string[]): Promise<void> {
      const jobs = sessions.map((session) => ({ data: { session }, singletonKey: session }));
      await boss.insert("session", jobs, { db: fromKysely(tx) });
    },

    /** Of what stands at those places in the inbox. */
    async lookup(tx: Tx, seqs: number[]): Promise<void> {
      if (seqs.length === 0) return;
      const jobs = seqs.map((seq) => ({ data: { seq } }));
      await boss.insert("lookup", jobs, { db: fromKysely(tx) });
    },

    async timer(job: TimerJob, afterMs: number): Promise<void> {
      await boss.send("timer", job, { startAfter: new Date(Date.now() + afterMs) });
    },

    /** The session that has waited longest, claimed for us; null when nobody waits. */
    async fetch(): Promise<SessionJob | null> {
      const [job]: JobWithMetadata<{ session: string }>[] = await boss.fetch("session", { includeMetadata: true });
      return job ? { id: job.id, session: job.data.session, retryCount: job.retryCount } : null;
    },

    /** Says that we are alive; gives back the jobs that are ours no longer. */
    async touch(jobs: SessionJob[]): Promise<Set<string>> {
      const answer = await boss.touch(
        "session",
        jobs.map(({ id, retryCount }) => ({ id, retryCount })),
      );
      const alive = new Set(Touched.parse(answer).settled);
      return new Set(jobs.map((job) => job.id).filter((id) => !alive.has(id)));
    },

    /** Whether nobody else has fetched it since. */
    async isOurs(tx: Tx, { id, retryCount }: SessionJob): Promise<boolean> {
      const answer = await boss.touch("session", { id, retryCount }, { db: fromKysely(tx) });
      return Touched.parse(answer).settled.length > 0;
    },

    /** Gives the session back, in the transaction that saw that nothing is left to do. */
    async complete(tx: Tx, job: SessionJob): Promise<void> {
      await boss.complete("session", { id: job.id, retryCount: job.retryCount }, undefined, { db: fromKysely(tx) });
    },

    /** Lets another attempt begin at once: this bot cannot go on with it. */
    async giveBack(job: SessionJob): Promise<void> {
      await boss.fail("session", { id: job.id, retryCount: job.retryCount });
    },

    async work(on: { timer(job: TimerJob): Promise<void>; lookup(seq: number): Promise<void> }): Promise<void> {
      await boss.work<TimerJob>("timer", { pollingIntervalSeconds: 0.5, batchSize: 20 }, async (jobs) => {
        for (const job of jobs) await on.timer(job.data);
      });
      await boss.work<{ seq: number }>("lookup", { pollingIntervalSeconds: 0.5 }, async ([job]) => {
        if (job) await on.lookup(job.data.seq);
      });
    },

    /**
     * Once an hour, by one of all bots: each asks for it at its start and then every hour, and the first one who asks in an hour is
     * heard. The returned function ends the asking.
     */
    async hourly(name: string, work: () => Promise<void>): Promise<() => void> {
      if (!(await boss.getQueue(name))) await boss.createQueue(name, HOURLY);
      const ask = async (): Promise<void> => {
        await boss.send(name, {}, { singletonSeconds: HOUR_SECONDS }).catch((error: unknown) => {
          log.warn({ queue: name, error: String(error) }, "jobs.error");
        });
      };
      await ask();
      await boss.work(name, { pollingIntervalSeconds: 60 }, work);
      const asking = setInterval(ask, HOUR_SECONDS * 1_000).unref();
      return () => clearInterval(asking);
    },

    /**
     * Makes the database's schedules those of this bot: what is gone from threadbox.yml fires no more. Each firing is told to one bot, to the
     * minute; after a time without any bot once, however many were missed.
     */
    async schedules(wanted: Scheduled[], fire: (name: string, at: number) => Promise<void>): Promise<void> {
      if (!(await boss.getQueue("schedule"))) await boss.createQueue("schedule", FIRINGS);
      const known = await boss.getSchedules("schedule");
      for (const { key } of known) if (!wanted.some(({ name }) => name === key)) await boss.unschedule("schedule", key);
      for (const { name, cron, timezone: tz = "UTC" } of wanted) await scheduleIn(boss, { name, cron, tz });
      const options = { pollingIntervalSeconds: 5, includeMetadata: true } as const;
      if (wanted.length > 0)
        await boss.work("schedule", options, async ([job]: JobWithMetadata<{ name: string }>[]) => {
          if (job) await fire(job.data.name, job.createdOn.getTime());
        });
    },

    /** After a restart of the same bot: what it held is nobody's now, and need not wait for the lease to run out. */
    async dropClaims(sessions: string[]): Promise<void> {
      for (const session of sessions) {
        const jobs = await boss.findJobs<{ session: string }>("session", { key: session });
        const active = jobs.filter((job) => job.state === "active").map((job) => job.id);
        if (active.length > 0) await boss.fail("session", active);
      }
    },

    stop: () => boss.stop({ graceful: true, timeout: 5_000, close: true }),
  };
}

/** The queue's own words say what is wrong with it; nobody else reads it as the queue does. */
async function scheduleIn(boss: PgBoss, { name, cron, tz }: { name: string; cron: string; tz: string }): Promise<void> {
  try {
    await boss.schedule("schedule", cron, { name }, { tz, key: name, missed: "once" });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new ThreadboxError("config.invalid", `schedules, ${name}: \`${cron}\`: ${why}`, { cause });
  }
}

/** One that cannot be stored now (the database is away) is tried for an hour. */
const FIRINGS = {
  policy: "standard",
  heartbeatSeconds: LEASE_SECONDS,
  retryLimit: 60,
  retryDelay: 60,
  deleteAfterSeconds: 86_400,
} as const;

const HOUR_SECONDS = 3_600;
/** That it was done in this hour is known by its row. What fails is done an hour later. */
const HOURLY = {
  policy: "standard",
  retryLimit: 0,
  expireInSeconds: HOUR_SECONDS,
  deleteAfterSeconds: 2 * HOUR_SECONDS,
} as const;

/** What `touch` answers; the published type of 12.35.0 leaves the fields out. */
const Touched = z.object({
  settled: z
    .array(z.string())
    .nullish()
    .transform((ids) => ids ?? []),
});

/** pg-boss forgets after two weeks what nobody has fetched. What was acknowledged waits for a bot however long there is none: ten years. */
const KEPT_SECONDS = 10 * 365 * 24 * HOUR_SECONDS;

async function makeQueues(boss: PgBoss): Promise<void> {
  // A failed job would free the key but leave the work undone: try for ever, our own tables know what was given up.
  const session = {
    policy: "exclusive",
    heartbeatSeconds: LEASE_SECONDS,
    retryLimit: 1_000_000,
    expireInSeconds: EXPIRE_SECONDS,
    retentionSeconds: KEPT_SECONDS,
    deleteAfterSeconds: 600,
  } as const;
  const retried = {
    policy: "standard",
    // Without it another bot would wait a quarter of an hour for what one has died with.
    heartbeatSeconds: LEASE_SECONDS,
    // A vendor may be away for hours, and what waits for its word was acknowledged.
    retryLimit: 1_000_000,
    retryBackoff: true,
    retryDelay: 1,
    retryDelayMax: 60,
    retentionSeconds: KEPT_SECONDS,
    deleteAfterSeconds: 600,
  } as const;
  for (const [name, options] of [
    ["session", session],
    ["timer", retried],
    ["lookup", retried],
  ] as const) {
    const queue = await boss.getQueue(name);
    const { heartbeatSeconds, retentionSeconds } = options;
    const isOlder = queue?.retentionSeconds !== retentionSeconds || queue?.heartbeatSeconds !== heartbeatSeconds;
    if (!queue) await boss.createQueue(name, options);
    else if (isOlder) await boss.updateQueue(name, { heartbeatSeconds, retentionSeconds });
    // A cold queue cache would make the first send inside a transaction read outside of it, and wait for itself.
    await boss.touch(name, { id: "00000000-0000-0000-0000-000000000000", retryCount: 0 });
  }
}
